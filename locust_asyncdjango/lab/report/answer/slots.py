"""How many requests each arm can work on at once, and what follows where arms differ in that."""

from collections.abc import Sequence

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.metrics.plural import counted

MIN_RATIO = 2
"""Arms whose slots differ by less are compared as they are."""
USED_SHARE = 0.9
"""The share of the permitted connections from which these count as the limit of an arm without slots."""
THREADS = "gunicorn-100-threads"
"""The server that is recommended for comparison where no other sync server has about as many slots."""


def slots_of(findings: Findings, runs: ArmRuns) -> int | None:
    """Return how many requests an arm can work on at once; None for any number."""
    slots = findings.experiment.server_of(runs.trial).slots
    return slots * runs.trial.workers if slots else None


def slots_text(findings: Findings, runs: ArmRuns) -> str:
    """Return how many requests an arm can work on at once, in words."""
    slots = slots_of(findings, runs)
    return counted(slots, "slot") if slots else "any number of slots"


def is_async(findings: Findings, runs: ArmRuns) -> bool:
    """Return whether the server of an arm runs Django on ASGI."""
    return findings.experiment.server_of(runs.trial).interface == "asgi"


def slots_sentence(findings: Findings, ranked: Sequence[ArmRuns]) -> str:
    """Return what the slots of the arms say about the result, without a full stop; "" where they are about equal.

    ranked: the measured arms of a subject, best first.
    """
    if len(ranked) < 2:
        return ""
    by_limit = sorted(ranked, key=lambda runs: _limit(findings, runs))
    fewest, most = by_limit[0], by_limit[-1]
    if _limit(findings, most) < MIN_RATIO * _limit(findings, fewest):
        return ""
    text = f"{_at_once(findings, fewest)} against {_at_once(findings, most)}"
    best = ranked[0]
    others = [runs for runs in ranked if is_async(findings, runs) != is_async(findings, best)]
    if not others or _limit(findings, best) < MIN_RATIO * _limit(findings, others[0]):
        return ""
    equal = [runs for runs in others if _limit(findings, best) < MIN_RATIO * _limit(findings, runs)]
    if equal:
        return f"{text}: compare {best.trial.arm} with {equal[0].trial.arm}, which works on about as many requests"
    kind = "async" if is_async(findings, best) else "sync"
    if kind == "async":
        return f"{text}: most of this is concurrency, not async; {THREADS} would show the rest"
    return f"{text}: most of this is concurrency, not sync"


def _at_once(findings: Findings, runs: ArmRuns) -> str:
    slots = slots_of(findings, runs)
    if slots:
        return counted(slots, "slot")
    limit = _connection_limit(runs)
    return counted(limit, "connection") if limit else "any number"


def _limit(findings: Findings, runs: ArmRuns) -> float:
    return slots_of(findings, runs) or _connection_limit(runs) or float("inf")


def _connection_limit(runs: ArmRuns) -> int | None:
    """Return the permitted connections of an arm that used them up; None for others."""
    usages = [result.peak_usage for result in runs.results if result.peak_usage]
    used = max((usage.connections for usage in usages if usage.connections is not None), default=0)
    return runs.trial.max_connections if used >= USED_SHARE * runs.trial.max_connections else None
