"""Which users and which shape a run has."""

import logging
from typing import Any

import pytest
from locust import LoadTestShape

from locust_asyncdjango.load.arrivals import ArrivalWaitError
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.setup import SetupError, prepare_environment
from locust_asyncdjango.users.route_users import CpuUser, IoReadUser
from tests.support.locust_environments import Impatient, Waiting, make_environment


class Own(IoReadUser):
    """A user class of a locustfile that extends one of ours."""

    abstract = True


class Plain(LoadTestShape):
    """A shape that ignores Locust's options."""

    def tick(self) -> tuple[int, float]:
        return 7, 7.0


def test_a_class_that_is_extended_does_not_run(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    environment = make_environment([IoReadUser, CpuUser, Own])
    prepare_environment(environment, Options())
    assert environment.user_classes == [CpuUser, Own]
    assert caplog.messages == [
        "Running CpuUser, Own. The classes that they extend are left out; name them to run them too"
    ]


def test_a_class_that_is_extended_runs_if_the_user_names_it() -> None:
    environment = make_environment([IoReadUser, Own], user_classes=["IoReadUser", "Own"])
    prepare_environment(environment, Options())
    assert environment.user_classes == [IoReadUser, Own]


def test_a_shape_gives_locust_its_peak_and_its_rate() -> None:
    environment = make_environment([Own])
    prepare_environment(environment, Options(shape="Ramp:peak=70,rate=5"))
    assert environment.shape_class is not None
    assert environment.shape_class.runner is environment.runner
    parsed: Any = environment.parsed_options
    assert (parsed.num_users, parsed.spawn_rate) == (70, 5.0)


def test_the_users_own_numbers_stay() -> None:
    environment = make_environment([Own], num_users=3, spawn_rate=1.5)
    prepare_environment(environment, Options(shape="Ramp"))
    parsed: Any = environment.parsed_options
    assert (parsed.num_users, parsed.spawn_rate) == (3, 1.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_users": 0}, "-u must be more than 0 with a shape"),
        ({"run_time": 0}, "-t must be more than 0 with a shape"),
    ],
)
def test_a_load_of_nothing_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SetupError) as raised:
        prepare_environment(make_environment([Own], **options), Options(shape="Ramp"))
    assert str(raised.value) == message


def test_an_open_shape_needs_users_that_wait() -> None:
    prepare_environment(make_environment([Waiting]), Options(shape="ArrivalRate"))
    with pytest.raises(ArrivalWaitError) as raised:
        prepare_environment(make_environment([Waiting, Impatient]), Options(shape="ArrivalRate"))
    assert str(raised.value) == (
        "Impatient does not wait until a request of ArrivalRate is due; give it wait_time = locust_asyncdjango.arrival"
    )


def test_the_class_picker_offers_the_catalogue_below_shapes_of_the_locustfile() -> None:
    environment = make_environment([Own], class_picker=True)
    own_ramp = Plain()  # type: ignore[no-untyped-call]
    environment.available_shape_classes = {"Ramp": own_ramp}
    prepare_environment(environment, Options())
    assert environment.available_shape_classes["Ramp"] is own_ramp
    assert {"Spike", "Breakpoint"} <= set(environment.available_shape_classes)


def test_a_shape_that_ignores_the_options_ends_in_time(caplog: pytest.LogCaptureFixture) -> None:
    environment = make_environment([Own], run_time=30, num_users=5)
    shape: Any = Plain()  # type: ignore[no-untyped-call]
    environment.shape_class = shape
    prepare_environment(environment, Options())
    assert caplog.messages == ["Plain decides on users and rate by itself: -u and -r have no effect"]
    ticks = []
    for elapsed in (0.0, 29.9, 30.0):
        shape.get_run_time = lambda elapsed=elapsed: elapsed
        ticks.append(shape.tick())
    assert ticks == [(7, 7.0), (7, 7.0), None]


class Elsewhere(IoReadUser):
    """A user class that has a host of its own."""

    abstract = True
    host = "https://example.org"


class LateHost(IoReadUser):
    """A user class that sets its host when a user is made."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        self.host = "http://127.0.0.1:8000"
        super().__init__(environment)


def test_a_class_of_ours_without_a_host_is_refused() -> None:
    environment = make_environment([Impatient, Elsewhere, LateHost, Own], headless=True)
    environment.host = None
    with pytest.raises(SetupError) as raised:
        prepare_environment(environment, Options())
    assert str(raised.value) == "Own has no host; name the server, as in -H http://127.0.0.1:8000"
    environment.user_classes.pop()
    prepare_environment(environment, Options())


def test_the_web_ui_asks_for_a_missing_host() -> None:
    environment = make_environment([Own])
    environment.host = None
    prepare_environment(environment, Options())


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("127.0.0.1:8000", "write http://127.0.0.1:8000"),
        ("localhost:8000", "write http://localhost:8000"),
        ("example.org", "write http://example.org"),
        ("ftp://example.org", "write it as http://127.0.0.1:8000"),
        ("http://", "write it as http://127.0.0.1:8000"),
        ("http://127.0.0.1:80000", "write it as http://127.0.0.1:8000"),
        ("http://[::1", "write it as http://127.0.0.1:8000"),
    ],
)
def test_a_host_that_is_no_address_is_refused(host: str, advice: str) -> None:
    environment = make_environment([Own])
    environment.host = host
    with pytest.raises(SetupError) as raised:
        prepare_environment(environment, Options())
    assert str(raised.value) == f"the host {host} is not the address of a web server; {advice}"
    environment.user_classes = [Impatient]  # of another protocol, perhaps
    prepare_environment(environment, Options())


def test_options_that_no_user_takes_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    prepare_environment(make_environment([Impatient, Waiting]), Options(path="/x/", variant="sync"))
    assert caplog.messages == [
        "--path and --variant: no effect on Impatient, Waiting, because only RouteUser and its subclasses take it"
    ]
    prepare_environment(make_environment([Impatient, Own]), Options(path="/x/"))
    prepare_environment(make_environment([Impatient]), Options())
    assert len(caplog.messages) == 1


def test_a_shape_that_the_class_picker_leaves_out_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    environment = make_environment([Own], class_picker=True)
    prepare_environment(environment, Options(shape="Ramp"))
    environment.events.test_start.fire(environment=environment)
    assert caplog.messages == []
    environment.shape_class = None
    environment.events.test_start.fire(environment=environment)
    assert caplog.messages == [
        "The shape Ramp does not run, because Default is chosen in the class picker; choose Ramp"
    ]
