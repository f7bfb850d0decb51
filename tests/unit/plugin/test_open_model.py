"""Who makes the requests that are due: this process, or its workers, each a share of them."""

from types import SimpleNamespace
from typing import Any

import pytest
from locust.env import Environment
from locust_asyncdjango.shapes import ArrivalRate

from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.load.shape_registry import create_shape
from locust_asyncdjango.plugin.open_model import ARRIVALS_MESSAGE, OpenModel, accept_shares, request_share
from tests.support.locust_environments import Impatient, Waiting, make_environment

STAGES = ((30.0, 50.0), (60.0, 50.0))
PLAN = ArrivalPlan(STAGES)


def message(elapsed: float, *workers: str) -> dict[str, Any]:
    return {"stages": [*STAGES], "arrivals": "poisson", "elapsed": elapsed, "workers": [*workers]}


class RecordedQueue(ArrivalQueue):
    """A queue that notes each call of begin."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[tuple[Any, ...]] = []

    def begin(self, plan: ArrivalPlan | None, elapsed: float = 0.0) -> None:
        self.begun.append((plan, elapsed))


class FakeLink:
    """A link to workers that come and go."""

    def __init__(self) -> None:
        self.ids: frozenset[str] = frozenset()
        self.sent: list[tuple[str, Any]] = []

    def workers(self) -> frozenset[str]:
        return self.ids

    def send_to_all(self, message: str, content: Any) -> None:
        self.sent.append((message, content))


def begun(environment: Environment, user_class: Any, shape: str = "") -> list[tuple[Any, ...]]:
    """Return the calls of begin in a process without workers."""
    environment.user_classes = [user_class]
    environment.shape_class = create_shape(shape) if shape else None
    queue = RecordedQueue()
    OpenModel(environment, queue, None).begin()
    return queue.begun


def test_a_process_without_workers_makes_all_requests() -> None:
    assert begun(make_environment(), Waiting, "ArrivalRate") == [(PLAN, 0.0)]


def test_with_a_shape_of_users_nothing_is_due() -> None:
    assert begun(make_environment(), Impatient, "Ramp") == [(None, 0.0)]
    assert begun(make_environment(), Impatient) == [(None, 0.0)]


def test_users_that_do_not_wait_end_a_run_of_the_web_ui(caplog: pytest.LogCaptureFixture) -> None:
    assert begun(make_environment(), Impatient, "ArrivalRate") == [(None, 0.0)]
    (message,) = caplog.messages
    assert message.startswith("Impatient does not wait until a request of ArrivalRate is due")


def test_each_worker_has_a_share_which_changes_when_a_worker_comes() -> None:
    environment, link, queue = make_environment([Waiting]), FakeLink(), RecordedQueue()
    shape: Any = create_shape("ArrivalRate")
    shape.get_run_time = lambda: 7.0
    environment.shape_class = shape
    model = OpenModel(environment, queue, link)  # type: ignore[arg-type]
    link.ids = frozenset("ab")
    model.begin()
    model.share()  # nobody came
    link.ids = frozenset("abcd")
    model.share()
    assert link.sent == [
        (ARRIVALS_MESSAGE, message(7.0, "a", "b")),
        (ARRIVALS_MESSAGE, message(7.0, "a", "b", "c", "d")),
    ]
    assert queue.begun == []


def test_the_shares_are_sent_again_when_the_time_of_the_shape_begins_anew() -> None:
    environment, link = make_environment([Waiting]), FakeLink()
    shape: Any = create_shape("ArrivalRate")
    environment.shape_class, link.ids = shape, frozenset("a")
    model = OpenModel(environment, RecordedQueue(), link)  # type: ignore[arg-type]
    model.begin()
    model.share()
    assert len(link.sent) == 1
    shape.start_time += 8.0
    model.share()
    assert [content["stages"] for _, content in link.sent] == [[*STAGES], [*STAGES]]
    assert link.sent[1][1]["elapsed"] < link.sent[0][1]["elapsed"]


def test_a_worker_that_does_not_know_its_share_gets_it() -> None:
    environment, link = make_environment([Waiting]), FakeLink()
    runner: Any = environment.runner
    link.ids = frozenset("a")
    OpenModel(environment, RecordedQueue(), link).begin()  # type: ignore[arg-type]
    assert len(link.sent) == 1
    request_share(runner)  # a local runner sends messages to itself
    assert len(link.sent) == 2
    assert link.sent[0] == link.sent[1]


@pytest.mark.parametrize(
    ("worker", "content", "plan"),
    [
        ("a", message(3.0, "a", "b"), ArrivalPlan([*STAGES], "poisson", 0, 2)),
        ("b", {**message(3.0, "a", "b"), "arrivals": "uniform"}, ArrivalPlan([*STAGES], "uniform", 1, 2)),
        ("c", message(3.0, "a", "b"), ArrivalPlan((), "poisson")),
        ("a", {**message(3.0, "a"), "stages": None, "arrivals": ""}, None),
    ],
    ids=["a half", "the other half", "a worker that its master takes for lost", "a closed model"],
)
def test_a_worker_follows_its_master(worker: str, content: dict[str, Any], plan: ArrivalPlan | None) -> None:
    listeners: dict[str, Any] = {}
    runner: Any = SimpleNamespace(register_message=listeners.__setitem__, client_id=worker)
    queue = RecordedQueue()
    accept_shares(runner, queue)
    listeners[ARRIVALS_MESSAGE](msg=SimpleNamespace(data=content), environment=None)
    assert queue.begun == [(plan, 3.0)]


def test_a_wrong_kind_of_arrivals_ends_a_run_of_the_web_ui(caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(ArrivalRate):
        arrivals = "bursty"  # type: ignore[assignment]

    environment, queue = make_environment([Waiting]), RecordedQueue()
    environment.shape_class = Wrong()
    OpenModel(environment, queue, None).begin()
    assert queue.begun == [(None, 0.0)]
    assert caplog.messages == ["Wrong.arrivals is 'bursty'; it can be one of poisson, uniform"]
