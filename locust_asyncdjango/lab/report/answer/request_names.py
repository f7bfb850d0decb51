"""The requests by name of a subject's arms, side by side: the p95 of each name, and how many of its requests fail.

Start reading at ``request_names``. It has the worst names of the best arms; the table in the details has many more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.request_names import RequestFigures
from locust_asyncdjango.analysis.saturation.onsets.always_failing import find_always_failing
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer.arm_summaries import ArmSummary
from locust_asyncdjango.lab.report.answer.texts import NONE, duration_text, share_text
from locust_asyncdjango.metrics.plural import counted

MOST_NAMES = 5
"""How many names are shown: the worst ones, by their share of failures in whole per cent and then by their p95."""
NOTICED_SHARE = 0.01
"""From which share of failures on a cell is coloured."""
MOST_ARMS = 4
"""How many arms are shown: the best ones."""


@dataclass(frozen=True, slots=True)
class NameOnArm:
    """The requests with one name on one arm, in all its comparable runs. figures: None if there were none.

    fails_always: whether they failed at every load, so that load did not break them.
    """

    figures: RequestFigures | None
    fails_always: bool = False

    @property
    def p95(self) -> str:
        """Return the p95 of the successful requests; "-" without one."""
        p95_ms = self.figures.p95_ms if self.figures else None
        return NONE if p95_ms is None else duration_text(p95_ms)

    @property
    def failed(self) -> str:
        """Return the share that failed; "-" without a request."""
        if self.figures is None:
            return NONE
        return f"{share_text(self.figures.failed_share)}{', at every load' if self.fails_always else ''}"

    @property
    def text(self) -> str:
        """Return both in one cell: "515 ms" or "515 ms, 2.0 % fail"."""
        if self.figures is None or not self.figures.failures:
            return self.p95
        load = " at every load" if self.fails_always else ""
        failed = f"{share_text(self.figures.failed_share)} fail{load}"
        return f"{self.p95}, {failed}" if self.figures.p95_ms is not None else failed

    @property
    def fails(self) -> bool:
        """Return whether so many requests fail that it has to be noticed."""
        return bool(self.figures and self.figures.failed_share > NOTICED_SHARE)


@dataclass(frozen=True, slots=True)
class RequestNames:
    """The worst names of a subject, worst first. arms: the best arms. cells: for each name, one for each of these arms.

    left_out: how many other names there are.
    """

    arms: tuple[str, ...]
    cells: dict[str, tuple[NameOnArm, ...]]
    left_out: int

    @property
    def title(self) -> str:
        """Return what the table shows."""
        more = f"; {counted(self.left_out, 'more name')} in the table Requests by name" if self.left_out else ""
        return f"p95 of the requests by name, over whole runs{more}"

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the headers of the table with a column for each arm."""
        return ("request", *self.arms)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Return the rows of that table."""
        return [(name, *(cell.text for cell in cells)) for name, cells in self.cells.items()]


def request_names(findings: Findings, arms: Sequence[ArmSummary]) -> RequestNames | None:
    """Return the requests by name of a subject's arms, which come best first; None for less than two names."""
    shown = [arm for arm in arms if arm.runs.figures][:MOST_ARMS]
    figures = [{each.name: each for each in findings.requests_by_name(arm.runs)} for arm in shown]
    failing = [{each.name for each in find_always_failing(arm.levels)} for arm in shown]
    cells = {
        name: tuple(
            NameOnArm(of_arm.get(name), name in always) for of_arm, always in zip(figures, failing, strict=True)
        )
        for name in sorted(set().union(*figures))
    }
    if len(cells) < 2:
        return None
    worst = sorted(cells, key=lambda name: max(map(_badness, cells[name])), reverse=True)
    return RequestNames(
        tuple(arm.name for arm in shown),
        {name: cells[name] for name in worst[:MOST_NAMES]},
        max(len(worst) - MOST_NAMES, 0),
    )


def _badness(cell: NameOnArm) -> tuple[int, float]:
    figures = cell.figures
    return (round(100 * figures.failed_share), figures.p95_ms or 0.0) if figures else (0, 0.0)
