"""Texts -> objectives."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from locust_asyncdjango.analysis.conditions.objective import (
    DEFAULT_OBJECTIVE,
    DEFAULT_TEXT,
    Clause,
    Objective,
    ObjectiveError,
    parse_objective,
)
from locust_asyncdjango.analysis.conditions.parser import Condition

P95 = Clause("p95 <= 300ms", Condition("p95", "<=", 300.0, "ms"))
FAILURES = Clause("failures <= 0.1%", Condition("failures", "<=", 0.001, "%"))


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        pytest.param("p95<=300ms, failures<=0.1%", (P95, FAILURES), id="commas"),
        pytest.param("p95 <= 300 ms and failures<=0.1%", (P95, FAILURES), id="and"),
        pytest.param("p95\t<= 300ms,\nratio<=0.1 %", (P95, FAILURES), id="white space, and another word for failures"),
        pytest.param(
            "db_too_many_clients<=0",
            (Clause("db_too_many_clients <= 0", Condition("db_too_many_clients", "<=", 0.0, "%")),),
            id="none of a kind",
        ),
        pytest.param(
            "p99.9<2s,mean<0.5s",
            (
                Clause("p99.9 < 2s", Condition("p99.9", "<", 2000.0, "ms")),
                Clause("mean < 0.5s", Condition("mean", "<", 500.0, "ms")),
            ),
            id="latencies in seconds",
        ),
    ],
)
def test_an_objective_is_parsed(text: str, clauses: tuple[Clause, ...]) -> None:
    assert parse_objective(text) == Objective(clauses)


def test_the_default() -> None:
    assert str(DEFAULT_OBJECTIVE) == DEFAULT_TEXT
    assert [clause.metric for clause in DEFAULT_OBJECTIVE.clauses] == ["failures", "p95"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", f"'': name what must hold, separated by commas or by and, such as {DEFAULT_TEXT}", id="empty"),
        pytest.param(
            "p95<=1s,", f"'': name what must hold, separated by commas or by and, such as {DEFAULT_TEXT}", id="a comma"
        ),
        pytest.param("p95", "'p95': say what it is compared with, as in p95<=1s", id="no comparison"),
        pytest.param(
            "p95>1s", "'p95>1s': an objective says what must hold; write p95<=..., as in p95<=1s", id="a threshold"
        ),
        pytest.param(
            "failures<=10",
            "'failures<=10': a number of failures means nothing at a load; give their share, as in failures<=1%",
            id="a count",
        ),
        pytest.param(
            "rps<=50",
            "'rps<=50': rps depends on how many users there are, so that it cannot break at a load; limit latencies and"
            f" failures, as in {DEFAULT_TEXT}",
            id="a rate",
        ),
        pytest.param(
            "p95{GET /}<=1s",
            "'p95{GET /}<=1s': an objective is about all requests of a load; limit those of one name with --fail-on",
            id="a name",
        ),
        pytest.param("mean<0", "'mean<0': nothing is below 0; write mean<=0", id="below nothing"),
        pytest.param(
            "p95<=1s for 10s",
            "'p95<=1s for 10s': '1s for 10s' is not a number; write p95>1 or p95>1ms or p95>1s",
            id="a duration",
        ),
        pytest.param(
            "p95<=1s and p95<2s", "'p95<=1s and p95<2s': it limits p95 twice; keep one of the two", id="a metric twice"
        ),
    ],
)
def test_what_is_refused_and_what_to_do(text: str, message: str) -> None:
    with pytest.raises(ObjectiveError) as raised:
        parse_objective(text)
    assert str(raised.value) == message


def test_a_clause_knows_what_it_is_about() -> None:
    percentile, mean, failures = parse_objective("p99.9<2s, mean<=1s, failures<=1%").clauses
    assert [clause.is_latency for clause in (percentile, mean, failures)] == [True, True, False]
    assert [clause.percent for clause in (percentile, mean, failures)] == [Fraction(999, 10), None, None]
    assert not percentile.holds_for(2000.0)
    assert mean.holds_for(1000.0)


fragments = st.sampled_from(
    ["p95", "mean", "rps", "failures", "timeout", "<", "<=", ">", "0", "99.9", "%", "ms", "s", " ", ",", "and", "\n"]
)


@given(st.text() | st.lists(fragments).map("".join))
@example("p95<=1s" + " and p95<=1s" * 500)
def test_any_text_is_an_objective_or_refused_in_one_line(text: str) -> None:
    try:
        objective = parse_objective(text)
    except ObjectiveError as error:
        message = str(error)
    else:
        message = objective.text
        assert parse_objective(objective.text) == objective
    assert message.isprintable()
