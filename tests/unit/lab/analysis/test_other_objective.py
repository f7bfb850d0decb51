"""The findings of an experiment for another objective than that of the run."""

from collections import Counter
from dataclasses import replace

from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.other_objective import for_objective
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report.verdict import verdict_sentences
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import OBJECTIVE, SERVERS, capacity, experiment, measured

DECISION = Decision("io_read", "capacity", *SERVERS, 2.0, 1.8, 2.2, is_different=True, repeats=2)


def climb(ms_per_user: float) -> Series:
    """Return a run whose users climb by 2 a second up to 100, and whose latency is so much for each of them."""
    rows = [Row(t, 2 * t, 40, ok_ms=Counter({max(2 * t * ms_per_user, 1.0): 40})) for t in range(51)]
    return Series.from_rows({}, rows)


def two_arms() -> Findings:
    wanted = experiment(servers=SERVERS, until_decided=True, repeats=2)
    results = []
    for trial in trials(wanted):
        if not trial.a_a:
            result = measured(trial, 40.0)
            assert result.figures
            results.append(replace(result, figures=replace(result.figures, capacity=capacity(90))))
    series = {each.trial.id: climb(8.0 if each.trial.server == SERVERS[0] else 4.0) for each in results}
    return Findings(
        wanted, tuple(results), series, decisions=(DECISION,), confirmations={results[0].trial: results[:1]}
    )


def capacities(findings: Findings) -> list[int | None]:
    figures = [result.figures for result in findings.results]
    return [each.capacity.users if each and each.capacity else None for each in figures]


def test_capacities_are_computed_again_from_the_series() -> None:
    other = for_objective(two_arms(), "p95<=200ms")
    assert (other.experiment.load.objective, other.recorded_objective) == ("p95 <= 200ms", OBJECTIVE)
    servers = [result.trial.server for result in other.results]
    assert set(zip(servers, capacities(other), strict=True)) == {(SERVERS[0], 24), (SERVERS[1], 50)}
    assert verdict_sentences(other)[0].startswith(
        "io_read: gunicorn-uvicorn carries 50 users within the objective (p95 <= 200ms), gunicorn-sync 24 users; 2.08"
    )
    assert f"objective: capacity is within p95 <= 200ms; the run had {OBJECTIVE}" in verdict_sentences(other)


def test_what_was_decided_and_confirmed_for_the_objective_of_the_run_does_not_count() -> None:
    recorded = two_arms()
    other = for_objective(recorded, "p95<=200ms")
    assert recorded.comparisons["io_read"][0].is_stored
    assert not other.comparisons["io_read"][0].is_stored
    assert (other.valid_decisions, other.decisions) == ((), (DECISION,))
    plateau = f"{recorded.results[0].trial.subject}: {recorded.results[0].trial.arm}: not confirmed: on plateaus"
    assert [any(each.startswith(plateau) for each in verdict_sentences(of)) for of in (recorded, other)] == [
        True,
        False,
    ]


def test_the_objective_of_the_run_changes_nothing() -> None:
    recorded = two_arms()
    assert for_objective(recorded, "failures<=1%, p95<=1s") is recorded


def test_a_run_without_a_series_has_no_capacity_and_is_named() -> None:
    recorded = two_arms()
    lacking = recorded.results[0].trial
    series = {trial: each for trial, each in recorded.series.items() if trial != lacking.id}
    other = for_objective(replace(recorded, series=series), "p95<=200ms")
    assert capacities(other)[0] is None
    assert (
        f"objective: capacity is within p95 <= 200ms; the run had {OBJECTIVE}; these trials have no series to compute"
        f" it from, so that it is unknown: {lacking.title}"
    ) in verdict_sentences(other)
    without_any = for_objective(replace(recorded, series={}), "p95<=200ms")
    assert without_any.criterion("io_read") is Criterion.GOODPUT
