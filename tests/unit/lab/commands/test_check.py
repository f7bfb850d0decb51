"""What `check` prints of an arm."""

from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.commands.check import check_lines
from locust_asyncdjango.lab.measure.sites.project_check import ArmCheck, ViewCheck
from locust_asyncdjango.lab.project.twins import TwinResponse
from locust_asyncdjango.routes import View

GOOD = ViewCheck(View("hello", "/hello/"), "", TwinResponse("", "/hello/", 200), 1.94)
FAILED = ViewCheck(
    View("home", "/"), "", TwinResponse("", "/", 500), 12.0, "HTTP 500: ValueError: no such author (app/views.py:31)"
)
LOGGED = replace(FAILED, log=Path("/logs/gunicorn-sync.log"))
MOVED = ViewCheck(View("cart", "/c/"), "", TwinResponse("", "/c/", 302), 3.0, "HTTP 302 to /login/: it needs a login")
LOGIN = ViewCheck(
    View("mine", "/m/"), "", TwinResponse("", "/m/", 0), 0.0, "the login failed", Path("/logs/uvicorn.log")
)
SILENT = ViewCheck(View("slow", "/s/"), "", TwinResponse("", "/s/", 0), 0.0, "GET /s/: no response: timed out")


def test_a_view_that_fails_has_a_sentence() -> None:
    assert check_lines(ArmCheck("threads", (GOOD, FAILED, LOGGED, MOVED, LOGIN, SILENT), ("one worker",))) == [
        "threads",
        "  hello  200      1.9 ms",
        "  home   500     12.0 ms",
        '  view "home" on arm "threads" answered 500: ValueError: no such author (app/views.py:31)',
        "  home   500     12.0 ms",
        '  view "home" on arm "threads" answered 500: ValueError: no such author (app/views.py:31);'
        " its server's log says more: /logs/gunicorn-sync.log",
        "  cart   302      3.0 ms  HTTP 302 to /login/: it needs a login",
        "  mine     -      0.0 ms  the login failed; its server's log says more: /logs/uvicorn.log",
        "  slow     -      0.0 ms  GET /s/: no response: timed out",
        "  note: one worker",
    ]


def test_an_arm_that_does_not_start() -> None:
    assert check_lines(ArmCheck("threads", error="it did not start")) == ["threads: NOT USABLE: it did not start"]
