"""A route that was measured at several latencies: peaks and successes of its arms at each, as table and chart."""

from collections.abc import Iterator
from dataclasses import dataclass

from locust_asyncdjango.analysis.charts import Chart, chart, line
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings


@dataclass(frozen=True, slots=True)
class LatencyGrid:
    """The arms of a route at several latencies.

    rows: for each latency in milliseconds, the runs of each arm in the order of ``arms``, None if not run.
    """

    route: str
    arms: tuple[str, ...]
    rows: tuple[tuple[int, tuple[ArmRuns | None, ...]], ...]

    @property
    def title(self) -> str:
        """Return the title of the table."""
        return f"{self.route}: peak and successes by latency"

    @property
    def headers(self) -> tuple[str, ...]:
        """Return the headers of the table."""
        return ("latency", *self.arms)

    def text_rows(self) -> Iterator[tuple[str, ...]]:
        """Yield each latency with the texts of its cells."""
        for latency_ms, cells in self.rows:
            yield (f"{latency_ms} ms", *map(_cell_text, cells))

    def shaded_rows(self) -> Iterator[tuple[str, list[tuple[str, float]]]]:
        """Yield each latency with its cells: their texts, and their share of the highest peak at that latency."""
        for latency_ms, cells in self.rows:
            peaks = [_valid_peak_per_s(runs) or 0.0 for runs in cells]
            shares = [peak / max(*peaks, 1e-9) for peak in peaks]
            yield f"{latency_ms} ms", list(zip(map(_cell_text, cells), shares, strict=True))

    def chart(self) -> Chart:
        """Return a chart of peaks over latency, with a line for each arm."""
        lines = [
            line(arm, f"kind-{n % 8}", "line", "left", [_valid_peak_per_s(cells[n]) for _, cells in self.rows])
            for n, arm in enumerate(self.arms)
        ]
        note = "Where lines are not parallel, it depends on the latency which arm is better."
        x = ("latency in ms", [latency_ms for latency_ms, _ in self.rows])
        return chart(f"interaction-{self.route}", "Peak over latency", note, x, "req/s", lines, [])


def latency_grids(findings: Findings) -> list[LatencyGrid]:
    """Return a grid for each route that was measured at several latencies."""
    by_route: dict[str, dict[int, dict[str, ArmRuns]]] = {}
    for runs in findings.runs:
        by_route.setdefault(runs.trial.route, {}).setdefault(runs.trial.latency_ms, {})[runs.trial.arm] = runs
    return [
        LatencyGrid(
            route,
            names := tuple(dict.fromkeys(name for arms in by_latency.values() for name in arms)),
            tuple((latency_ms, tuple(map(arms.get, names))) for latency_ms, arms in by_latency.items()),
        )
        for route, by_latency in by_route.items()
        if len(by_latency) > 1
    ]


def peak_text(runs: ArmRuns) -> str:
    """Return the peak of an arm, with "(!)" if it cannot be right; "-" if it was not measured."""
    return f"{runs.figures.peak_per_s:.1f}{' (!)' if runs.invalid_reason else ''}" if runs.figures else "-"


def _cell_text(runs: ArmRuns | None) -> str:
    if runs is None:
        return ""
    return f"{peak_text(runs)} req/s, {runs.figures.successes}" if runs.figures else "not measured"


def _valid_peak_per_s(runs: ArmRuns | None) -> float | None:
    return runs.figures.peak_per_s if runs and runs.figures and not runs.invalid_reason else None
