"""The header of a series, and what Locust itself has counted."""

import pytest
from locust import LoadTestShape, User

from locust_asyncdjango.analysis.outcome import RequestStats
from locust_asyncdjango.load.shape_registry import create_shape
from locust_asyncdjango.plugin.run_info import describe_run, request_stats, run_header
from tests.support.locust_environments import make_environment


class Reader(User):
    """A user of a locustfile."""

    abstract = True


class OwnShape(LoadTestShape):
    """A shape of a locustfile, whose run_time is none of ours."""

    run_time = "10m"

    def tick(self) -> None:
        """End the run."""


def test_a_header_says_what_runs() -> None:
    environment = make_environment([Reader], num_users=20, spawn_rate=2.0, path="/posts/", variant="sync", run_time=60)
    environment.host = "http://user:secret@127.0.0.1:8000"
    header = run_header(environment)
    described = {
        name: header[name] for name in ("user_classes", "variant", "path", "shape", "users", "run_time", "workers")
    }
    assert described == {
        "user_classes": ["Reader"],
        "variant": "sync",
        "path": "/posts/",
        "shape": "",
        "users": 20,
        "run_time": 60,
        "workers": 0,
    }
    assert "secret" not in header["host"]


def test_the_run_time_of_a_shape_that_means_something_else_by_it_is_not_known() -> None:
    environment = make_environment([Reader], run_time=60)
    environment.shape_class = OwnShape()  # type: ignore[no-untyped-call]
    assert run_header(environment)["run_time"] is None


@pytest.mark.parametrize(
    ("running", "option", "text"),
    [
        ("Ramp:peak=9", "Ramp:peak=9", "Ramp:peak=9"),
        ("Spike", "Ramp:peak=9", "Spike"),
        ("Spike", "", "Spike"),
    ],
    ids=["as it was chosen", "another one was picked in the web UI", "from the locustfile"],
)
def test_a_header_names_the_shape(running: str, option: str, text: str) -> None:
    environment = make_environment([Reader], shape=option)
    environment.shape_class = create_shape(running)
    assert run_header(environment)["shape"] == text


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({}, "Reader on http://x, 20 users, 2.5 more each second"),
        ({"users": None, "spawn_rate": None}, "Reader on http://x, 1 user, 1 more each second"),
        ({"shape": "Ramp", "workers": 2}, "Reader on http://x, Ramp, 2 workers"),
        ({"host": "", "shape": "Ramp"}, "Reader on its own hosts, Ramp"),
    ],
    ids=["users", "nothing was set", "a shape and workers", "each user class has a host"],
)
def test_a_run_in_one_line(changed: dict[str, object], line: str) -> None:
    header = {"user_classes": ["Reader"], "host": "http://x", "shape": "", "users": 20, "spawn_rate": 2.5, "workers": 0}
    assert describe_run({**header, **changed}) == line


def test_what_locust_has_counted() -> None:
    environment = make_environment([Reader])
    for path in ("/b/", "/a/", "/a/"):
        environment.stats.log_request("GET", path, 20, 100)
    environment.stats.log_error("GET", "/a/", ValueError("no"))
    assert request_stats(environment) == [
        RequestStats("GET /a/", 2, 1, ((1, "ValueError('no')"),)),
        RequestStats("GET /b/", 1, 0, ()),
    ]


def test_names_that_differ_in_a_secret_only_are_one_entry() -> None:
    environment = make_environment([Reader])
    for token in ("a1", "b2"):
        environment.stats.log_request("GET", f"/x?token={token}", 20, 100)
        environment.stats.log_error("GET", f"/x?token={token}", f"no \x1b[2J for token={token}")
    assert request_stats(environment) == [
        RequestStats("GET /x?token=***", 2, 2, ((2, r"no \x1b[2J for token=***"),)),
    ]


def test_no_text_of_a_header_holds_a_secret_or_a_control_character() -> None:
    environment = make_environment(
        [Reader], path="/x?token=planted", locustfile="a\nb.py", shape="m:S:password=planted"
    )
    environment.host = "http://me:planted@h\x1b[2J"
    header = run_header(environment)
    assert (header["path"], header["locustfile"], header["host"]) == (
        "/x?token=***",
        r"a\nb.py",
        r"http://***@h\x1b[2J",
    )
    assert "planted" not in repr(header)
