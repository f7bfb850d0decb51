"""How many users each worker gets, and whether Locust or we send the message."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from locust import User
from locust.dispatch import UsersDispatcher
from locust.exception import RPCSendError
from locust.runners import (
    STATE_INIT,
    STATE_MISSING,
    STATE_RUNNING,
    STATE_SPAWNING,
    MasterRunner,
    WorkerNode,
    WorkerRunner,
)

from locust_asyncdjango.load.dispatcher import USERS_MESSAGE, WAIT_LIMIT_S, SparingDispatcher, install_dispatcher


class Reader(User):
    """A user of a locustfile."""

    abstract = True


class OwnDispatcher(UsersDispatcher):
    """A dispatcher of a locustfile's own."""


class FakeMaster:
    """A master that notes what it sends. It has no shape."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.unreachable: set[str] = set()
        self.environment = SimpleNamespace(shape_class=None)
        self.shape_greenlet = None
        self.spawning_completed = True
        self.shape_last_tick = None
        self._users_dispatcher: Any = None

    def send_message(self, name: str, counts: dict[str, int], worker: str) -> None:
        assert name == USERS_MESSAGE
        if worker in self.unreachable:
            raise RPCSendError("gone")
        self.sent.append((worker, counts["Reader"]))


@pytest.fixture
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes Locust's dispatcher climb at once, and leaves out what a greenlet would correct later."""
    monkeypatch.setattr("locust.dispatch.gevent.sleep", lambda _: None)


def make_dispatcher(workers: tuple[str, ...]) -> tuple[FakeMaster, SparingDispatcher]:
    master = FakeMaster()
    dispatcher_class: Callable[..., SparingDispatcher] = type("Test", (SparingDispatcher,), {"runner": master})
    return master, dispatcher_class([WorkerNode(id=name) for name in workers], [Reader])


def total(users: dict[str, dict[str, int]]) -> dict[str, int]:
    return {worker: counts["Reader"] for worker, counts in users.items()}


@pytest.mark.usefixtures("without_waiting")
def test_locust_sends_the_first_and_the_last_of_a_climb_and_we_send_the_rest() -> None:
    master, dispatcher = make_dispatcher(("a", "b"))
    dispatcher.new_dispatch(target_user_count=8, spawn_rate=2)
    assert [total(users) for users in dispatcher] == [{"a": 1, "b": 1}, {"a": 4, "b": 4}]
    assert master.sent == [(worker, count) for count in (2, 3, 4) for worker in ("a", "b")]


@pytest.mark.usefixtures("without_waiting")
def test_locust_sends_to_a_worker_that_our_messages_do_not_reach() -> None:
    master, dispatcher = make_dispatcher(("a", "b"))
    master.unreachable.add("b")
    dispatcher.new_dispatch(target_user_count=8, spawn_rate=2)
    assert [total(users) for users in dispatcher][:2] == [{"a": 1, "b": 1}, {"a": 3, "b": 3}]


def test_a_climb_and_the_time_of_the_shape_begin_when_the_workers_have_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    master, dispatcher = make_dispatcher(("a", "b", "c"))
    states = {"a": [STATE_INIT, STATE_SPAWNING, STATE_RUNNING], "b": [STATE_RUNNING], "c": [STATE_MISSING]}
    clients: dict[str, Any] = {name: SimpleNamespace(id=name, state=state[0]) for name, state in states.items()}
    resets: list[str] = []
    master.clients, master._users_dispatcher = clients, dispatcher  # type: ignore[attr-defined]
    master.environment.shape_class = SimpleNamespace(reset_time=lambda: resets.append(clients["a"].state))

    def sleep(_: float) -> None:
        clients["a"].state = states["a"].pop(0) if states["a"] else STATE_RUNNING

    monkeypatch.setattr("locust.dispatch.gevent.sleep", sleep)
    dispatcher.new_dispatch(target_user_count=6, spawn_rate=3)
    next(dispatcher)
    assert resets == []
    assert total(next(dispatcher)) == {"a": 2, "b": 2, "c": 2}
    assert resets == [STATE_INIT, STATE_SPAWNING, STATE_RUNNING]


@pytest.mark.usefixtures("without_waiting")
def test_the_time_of_the_shape_goes_on_when_locust_makes_another_dispatcher_within_a_run() -> None:
    master = FakeMaster()
    nodes = [WorkerNode(id="a", state=STATE_RUNNING), WorkerNode(id="b")]
    dispatcher: SparingDispatcher = type("Test", (SparingDispatcher,), {"runner": master})(nodes, [Reader])
    master.clients, master._users_dispatcher = {node.id: node for node in nodes}, dispatcher  # type: ignore[attr-defined]
    dispatcher.new_dispatch(target_user_count=4, spawn_rate=2)
    assert [total(users) for users in dispatcher] == [{"a": 1, "b": 1}, {"a": 2, "b": 2}]


@pytest.mark.parametrize(("stopped_after_s", "says"), [(60, 1), (10 * WAIT_LIMIT_S, 2)], ids=["stopped", "stuck"])
def test_a_master_that_waits_for_its_workers_says_so_and_goes_on_at_last(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, stopped_after_s: float, says: int
) -> None:
    caplog.set_level("INFO")
    master, dispatcher = make_dispatcher(("a",))
    master.clients = {"a": SimpleNamespace(id="a", state=STATE_INIT)}  # type: ignore[attr-defined]
    master._users_dispatcher = dispatcher
    slept_s: list[float] = []

    def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        if sum(slept_s) > stopped_after_s:
            master._users_dispatcher = None  # the run is stopped

    monkeypatch.setattr("locust.dispatch.gevent.sleep", sleep)
    dispatcher.new_dispatch(target_user_count=2, spawn_rate=1)
    next(dispatcher)
    assert total(next(dispatcher)) == {"a": 2}
    assert (
        caplog.messages
        == [
            "Waiting for the listeners to test_start on a",
            "The listeners to test_start on a have not returned for 600 s. The run goes on without waiting for them",
        ][:says]
    )


class UnconnectedMaster(MasterRunner):
    """A master without a socket."""

    def __init__(self) -> None:
        pass

    def __del__(self) -> None:
        pass


class UnconnectedWorker(WorkerRunner):
    """A worker without a socket, which notes the messages that it listens to."""

    def __init__(self) -> None:
        self.messages: set[str] = set()

    def __del__(self) -> None:
        pass

    def register_message(self, msg_type: str, listener: Any, concurrent: bool = False) -> None:  # noqa: ARG002
        self.messages.add(msg_type)


@pytest.mark.parametrize(("own", "expected"), [(UsersDispatcher, SparingDispatcher), (OwnDispatcher, OwnDispatcher)])
def test_a_master_gets_our_dispatcher_unless_it_has_one_of_its_own(own: type, expected: type) -> None:
    environment: Any = SimpleNamespace(runner=UnconnectedMaster(), dispatcher_class=own)
    install_dispatcher(environment)
    assert issubclass(environment.dispatcher_class, expected)


def test_a_worker_follows_our_messages() -> None:
    runner = UnconnectedWorker()
    install_dispatcher(SimpleNamespace(runner=runner))  # type: ignore[arg-type]
    assert runner.messages == {USERS_MESSAGE}
