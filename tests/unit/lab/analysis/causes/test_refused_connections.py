"""Failures that hide that the database refused connections."""

from collections import Counter
from typing import Any

import pytest

from locust_asyncdjango.lab.analysis.causes.refused_connections import find_refused
from locust_asyncdjango.lab.experiment.result import RefusedConnections, ResourceSample
from locust_asyncdjango.metrics.interval import Interval

STARTED_S = 1_700_000_000
REFUSALS = {STARTED_S + 3: 20, STARTED_S + 4: 24}


def seconds(*failed: dict[str, int]) -> list[Interval]:
    """Return the seconds of a run in which these failures ended."""
    return [Interval(t, users=10, ok=5, failed=Counter(each)) for t, each in enumerate(failed)]


def row(kind: str, count: int, message: str = "HTTP 500") -> dict[str, Any]:
    """Return a row of the failures file."""
    return {"kind": kind, "message": message, "count": count}


def refused(
    failed: dict[int, dict[str, int]], *rows: dict[str, Any], refusals: dict[int, int] = REFUSALS
) -> RefusedConnections | None:
    """Return what is found in a run of ten seconds. failed: by second."""
    return find_refused(seconds(*(failed.get(t, {}) for t in range(10))), rows, refusals, (), STARTED_S)


def test_opaque_failures_in_the_seconds_of_refusals_are_explained() -> None:
    failed = {3: {"app_error": 19}, 4: {"app_error": 12, "server_error_opaque": 10}}
    rows = (row("app_error", 31), row("server_error_opaque", 10, "HTTP 500, Server Error (500)"))
    assert refused(failed, *rows) == RefusedConnections({"app_error": 31, "server_error_opaque": 10}, 44)


def test_the_most_connections_of_these_seconds_are_told() -> None:
    def sample(at_s: float, **states: int) -> ResourceSample:
        return ResourceSample(at_s - STARTED_S, 50.0, 80.0, 2, 3, connections=states, at_s=at_s)

    samples = [sample(STARTED_S + 3.2, active=7, idle=2, starting=5), sample(STARTED_S + 8.0, active=99)]
    intervals = seconds({}, {}, {}, {"app_error": 20}, {"app_error": 24})
    found = find_refused(intervals, [row("app_error", 44)], REFUSALS, samples, STARTED_S)
    assert found == RefusedConnections({"app_error": 44}, 44, 9)


@pytest.mark.parametrize(
    ("failed", "rows", "why"),
    [
        ({6: {"app_error": 41}}, [row("app_error", 41)], "other seconds"),
        ({3: {"app_error": 20}, 4: {"app_error": 400}}, [row("app_error", 420)], "few refusals against many failures"),
        ({3: {"app_error": 20}, 4: {"app_error": 20}, 7: {"app_error": 20}}, [row("app_error", 60)], "partly"),
        ({3: {"app_error": 4}}, [row("app_error", 4)], "too few"),
        ({4: {"app_error": 8}}, [row("app_error", 8)], "most refusals without a failure in their second"),
        (
            {t: {"app_error": 20, "db_too_many_clients": 22} for t in (3, 4)},
            [row("app_error", 40), row("db_too_many_clients", 44)],
            "failures that name the database account for the refusals",
        ),
        (
            {3: {"app_error": 20}, 4: {"app_error": 20}, 5: {"db_too_many_clients": 44}},
            [row("app_error", 40), row("db_too_many_clients", 44)],
            "also where these end a second later",
        ),
        (
            {3: {"app_error": 20}, 4: {"app_error": 24}},
            [row("app_error", 44, "HTTP 500, ValueError: no")],
            "another exception is named",
        ),
        (
            {3: {"app_error": 40}, 4: {"app_error": 48}},
            [row("app_error", 44), row("app_error", 44, "HTTP 500, shop.middleware.Busy")],
            "half of the failures name another exception",
        ),
        ({3: {"app_error": 20}, 4: {"app_error": 24}}, [row("app_error", 44, "other")], "the messages are unknown"),
        ({3: {"timeout": 20}, 4: {"timeout": 24}}, [row("timeout", 44, "timed out")], "the cause is known"),
        ({}, [], "no failures"),
    ],
)
def test_nothing_is_said_of(failed: dict[int, dict[str, int]], rows: list[dict[str, Any]], why: str) -> None:
    assert refused(failed, *rows) is None, why


def test_a_few_failures_that_name_another_exception_do_not_matter() -> None:
    failed = {3: {"app_error": 20}, 4: {"app_error": 22}}
    rows = (row("app_error", 39), row("app_error", 3, "HTTP 500, KeyError: 'x'"))
    assert refused(failed, *rows) == RefusedConnections({"app_error": 39}, 44)


def test_refusals_beyond_those_of_named_failures_explain_the_rest() -> None:
    failed = {t: {"app_error": 20, "db_too_many_clients": 30} for t in (3, 4)}
    rows = (row("app_error", 40), row("db_too_many_clients", 60))
    refusals = {STARTED_S + t: 50 for t in (3, 4)}
    assert refused(failed, *rows, refusals=refusals) == RefusedConnections({"app_error": 40}, 40)
    assert refused(failed, *rows, refusals={}) is None
