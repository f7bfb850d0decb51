"""The figures of each arm of a subject, best first, as the first screen shows them. Start reading at ``ArmSummary``."""

from dataclasses import dataclass

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer.load_levels import FullLoad, full_load, levels_of
from locust_asyncdjango.lab.report.answer.slots import slots_text
from locust_asyncdjango.metrics.load_curve import LoadLevel

COLOURS = 8
"""How many arms have a colour of their own."""


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """An arm and its figures.

    colour: the number of its colour, the same in all charts of a report. slots: its slots in words.
    levels: what each load brought. full: None where nothing was answered.
    capacity: the highest load at which the objective holds; None where the runs do not show it.
    memory_mb: None where it is unknown. connections: to the database, at most; None where they are unknown.
    """

    runs: ArmRuns
    colour: int
    slots: str
    levels: tuple[LoadLevel, ...]
    full: FullLoad | None
    capacity: Capacity | None
    memory_mb: float | None
    connections: int | None

    @property
    def name(self) -> str:
        """Return the name of the arm."""
        return self.runs.trial.arm

    @property
    def error(self) -> str:
        """Return why there are no figures; "" for an arm that was measured."""
        return "" if self.runs.figures else self.runs.results[-1].error


def arm_summaries(findings: Findings, subject: str) -> tuple[ArmSummary, ...]:
    """Return the arms of a subject, best first; those without figures come last."""
    colours = arm_colours(findings)
    return tuple(_summary(findings, runs, colours[runs.trial.arm]) for runs in findings.ranked(subject))


def arm_colours(findings: Findings) -> dict[str, int]:
    """Return the number of each arm's colour, in the order in which the arms were first run."""
    names = dict.fromkeys(runs.trial.arm for runs in findings.runs)
    return {name: min(n, COLOURS) for n, name in enumerate(names)}


def _summary(findings: Findings, runs: ArmRuns, colour: int) -> ArmSummary:
    levels = tuple(levels_of(findings, runs))
    usages = [result.peak_usage for result in runs.comparable.values() if result.peak_usage]
    connections = [usage.connections for usage in usages if usage.connections is not None]
    return ArmSummary(
        runs,
        colour,
        slots_text(findings, runs),
        levels,
        full_load(runs, levels),
        runs.figures.capacity if runs.figures else None,
        max((usage.memory_mb for usage in usages), default=None) or None,
        max(connections, default=None),
    )
