"""What is made of the responses of a project's views."""

from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.measure.sites.project import variant_of
from locust_asyncdjango.lab.measure.sites.project_check import (
    ArmCheck,
    ViewCheck,
    require_measurable,
    twin_differences,
)
from locust_asyncdjango.lab.project.twins import TwinResponse
from locust_asyncdjango.routes import View

TWINS = View("cart", "/cart/", async_path="/acart/")
PLAIN = View("home", "/")
NAMED = View("list", "/list/{variant}/", variants=("psycopg", "asyncpg"))


@pytest.mark.parametrize(
    ("view", "variant", "server", "requested"),
    [
        (TWINS, "", "gunicorn-sync", "sync"),
        (TWINS, "", "uvicorn", "async"),
        (TWINS, "sync", "uvicorn", "sync"),
        (PLAIN, "", "uvicorn", ""),
        (PLAIN, "async", "uvicorn", ""),
        (NAMED, "", "uvicorn", ""),
        (NAMED, "asyncpg", "gunicorn-sync", "asyncpg"),
    ],
)
def test_the_variant_suits_the_interface_unless_the_arm_names_one(
    view: View, variant: str, server: str, requested: str
) -> None:
    assert variant_of(view, variant, SERVERS[server]) == requested


def check(view: View, variant: str, body: bytes, status: int = 200) -> ViewCheck:
    """Return what a view answered."""
    response = TwinResponse(variant, view.path_of(variant), status, "text/plain", body)
    return ViewCheck(view, variant, response, 1.0, "" if status < 400 else f"HTTP {status}")


def test_twins_are_compared_across_the_arms() -> None:
    sync = ArmCheck("sync", (check(TWINS, "sync", b"1 item"), check(PLAIN, "", b"hello")))
    same = ArmCheck("async", (check(TWINS, "async", b"1 item"), check(PLAIN, "", b"hello")))
    other = ArmCheck("async", (check(TWINS, "async", b"2 items"),))
    failed = ArmCheck("async", (check(TWINS, "async", b"no", 500),))
    assert twin_differences([sync, same]) == []
    assert twin_differences([sync, failed]) == []
    assert twin_differences([sync, other]) == [
        "cart: the bodies first differ in line 1, without blank lines",
        "cart:   sync: 1 item",
        "cart:   async: 2 items",
    ]


def test_an_arm_is_usable_if_all_its_views_are() -> None:
    assert ArmCheck("sync", (check(TWINS, "sync", b"1 item"),)).is_usable
    assert not ArmCheck("sync", (check(TWINS, "sync", b"no", 500),)).is_usable
    assert not ArmCheck("sync", error="it did not start").is_usable


HOME, CART, NO_CART = check(PLAIN, "", b"hello"), check(TWINS, "sync", b"1 item"), check(TWINS, "sync", b"", 500)
ADVICE = "`locust-asyncdjango check` shows what each arm answers: mend the view, or leave it out with --routes"


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        pytest.param(
            [ArmCheck("sync", (HOME, NO_CART)), ArmCheck("threads", (HOME, NO_CART)), ArmCheck("async", error="no")],
            f"cart is no success on any arm: HTTP 500; {ADVICE}",
            id="a view that is a success nowhere",
        ),
        pytest.param(
            [ArmCheck("sync", (replace(NO_CART, log=Path("/logs/a.log")),)), ArmCheck("threads", (NO_CART,))],
            f"cart is no success on any arm: HTTP 500; its server's log says more: /logs/a.log; {ADVICE}",
            id="with the log that says more",
        ),
        pytest.param(
            [ArmCheck("sync", (NO_CART,)), ArmCheck("async", (check(TWINS, "async", b"", 404),))],
            f"cart is no success on any arm: HTTP 500, HTTP 404; {ADVICE}",
            id="for another reason on each arm",
        ),
        pytest.param(
            [ArmCheck("sync", error="it did not start"), ArmCheck("async", error="no port")],
            "no arm can be measured: sync: it did not start; async: no port",
            id="no arm starts",
        ),
        pytest.param(
            [ArmCheck("sync", (CART,)), ArmCheck("async", (check(TWINS, "async", b"2 items"),))],
            "twins differ: cart: the bodies first differ in line 1, without blank lines; cart: sync: 1 item; cart:"
            " async: 2 items; let them answer the same, or name what may differ with the key ignore of the view",
            id="twins differ",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_before_the_first_trial(checks: list[ArmCheck], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        require_measurable(checks)
    assert str(refused.value) == message


def test_what_fails_on_one_arm_only_is_said_and_not_refused() -> None:
    checks = [ArmCheck("sync", (HOME, CART)), ArmCheck("threads", (HOME, NO_CART)), ArmCheck("async", error="no port")]
    assert require_measurable(checks) == [
        "async: no port; its trials will say so",
        "cart/sync is no success on threads, so that it is not measured there: HTTP 500",
    ]
    assert require_measurable(checks[:1]) == []
