"""The question that an experiment answers, from what its arms differ in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.verdicts import Comparison
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer.slots import is_async
from locust_asyncdjango.lab.report.sentences.ramps import ramp_users_text
from locust_asyncdjango.routes import ROUTES

ROUTES_NAMED = 3
"""The most routes that a question names."""


def question_of(findings: Findings) -> str:
    """Return the question of an experiment, such as "Should io_read be sync or async?"."""
    trials = [runs.trial for runs in findings.runs]
    subject = _subject_text(findings)
    servers = {trial.server for trial in trials}
    if len({kind_of(findings, runs) for runs in findings.runs}) > 1:
        return f"Should {subject} be sync or async?"
    if len(servers) > 1:
        return f"Which server carries {subject} best?"
    if len({trial.variant for trial in trials}) > 1:
        return f"Which variant of {subject} is best?"
    if len({(trial.workers, trial.threads) for trial in trials}) > 1:
        return f"How many workers does {subject} need?"
    if len({trial.max_connections for trial in trials}) > 1:
        return f"How many connections does {subject} need?"
    return f"How much does {subject} carry on {trials[0].server_title}?" if servers else "What was measured?"


def answering_comparison(findings: Findings, subject: str) -> Comparison | None:
    """Return the comparison that answers the question on a subject; None where there is none.

    Where both sync and async were measured, it is that of the best arm with the best one of the other kind. The
    second-best arm may be of the same kind. Otherwise it is that of the two best arms.
    """
    comparisons = findings.comparisons[subject]
    of_kinds = (each for each in comparisons if is_between_kinds(findings, each))
    return next(of_kinds, next(iter(comparisons), None))


def is_between_kinds(findings: Findings, comparison: Comparison) -> bool:
    """Return whether a comparison is one of sync with async."""
    return kind_of(findings, comparison.best) != kind_of(findings, comparison.other)


def context_text(findings: Findings, provenance: Mapping[str, Any]) -> str:
    """Return what was measured and how, in a line of short texts."""
    experiment, load = findings.experiment, findings.experiment.load
    parts: tuple[tuple[str, str, str], ...]
    parts = (("up to", load.users, "users"), ("at", load.spawn_rate, "users a second"), ("for", load.run_time, ""))
    if experiment.ramp_users:
        parts = (("up to", ramp_users_text(experiment), ""), parts[-1])
    details = [" ".join((before, value, after)).strip() for before, value, after in parts if value]
    texts = (
        ", ".join(dict.fromkeys(runs.trial.route for runs in findings.runs)),
        _latencies_text(findings),
        ", ".join(
            dict.fromkeys(
                shared for runs in findings.runs if (shared := replace(runs.trial, latency_ms=0).shared_conditions)
            )
        ),
        f"project {experiment.project.name}" if experiment.project else f"{experiment.posts:,} posts",
        " ".join((load.shape, *details)),
        f"{experiment.repeats} runs of each arm" if experiment.repeats > 1 else "",
        f"objective: {load.objective}{f' (run with {recorded})' if (recorded := findings.recorded_objective) else ''}",
        str(provenance.get("started", ""))[:16].replace("T", " "),
    )
    return " \u00b7 ".join(filter(None, texts))


def _latencies_text(findings: Findings) -> str:
    """Return the latencies that were added: "100 ms latency", or "0, 100 and 200 ms latency"; "" for none."""
    latencies = sorted({runs.trial.latency_ms for runs in findings.runs})
    return f"{_enumeration(list(map(str, latencies)))} ms latency" if any(latencies) else ""


def kind_of(findings: Findings, runs: ArmRuns) -> str:
    """Return whether the view of an arm is sync or async: by its variant, or else by the server's interface."""
    trial = runs.trial
    route = ROUTES.get(trial.route)
    if route and trial.variant in (*route.sync_variants, *route.async_variants):
        return "async" if trial.variant in route.async_variants else "sync"
    return trial.variant or ("async" if is_async(findings, runs) else "sync")


def _subject_text(findings: Findings) -> str:
    """Return what was measured: the routes, or the project whose locustfile requests what it does."""
    project = findings.experiment.project
    if project and project.has_locustfile:
        return project.name
    routes = list(dict.fromkeys(runs.trial.route for runs in findings.runs))
    return _enumeration(routes) if 1 <= len(routes) <= ROUTES_NAMED else "these views"


def _enumeration(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
