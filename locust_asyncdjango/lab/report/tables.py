"""Findings -> tables of texts, for terminal, Markdown and HTML."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.definitions import ERRORS, PEAK, SLOWDOWN
from locust_asyncdjango.analysis.formatting import format_ms, format_per_s
from locust_asyncdjango.lab.analysis import round_trips
from locust_asyncdjango.lab.analysis.findings import ArmRuns, Findings
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.verdict import NO_DIFFERENCE, arm_name, onset

IN_FLIGHT = 100
"""Requests, by which costs are told."""


def figures(findings: Findings) -> Table:
    """A row per arm."""
    heads = (
        *("route", "conditions", "variant", "server", "runs", "peak req/s", "at users", "successes", "slowdown at"),
        *("errors at", "failures by kind"),
    )
    rows = tuple(
        (
            runs.trial.route,
            runs.trial.conditions or "-",
            runs.trial.variant or "natural",
            runs.trial.server,
            str(len(runs.measured)),
            *cells(runs),
        )
        for runs in findings.runs
    )
    meaning = (
        f"Peak: {PEAK.sentence}. Slowdown at: {SLOWDOWN.sentence}. Errors at: {ERRORS.sentence}. Of several runs, the"
        " figures are those of the one in the middle. (!): it cannot be true; see Ceilings."
    )
    return Table("Figures", meaning, heads, rows)


def cells(runs: ArmRuns) -> tuple[str, ...]:
    """Peak, users at it, successes, onsets and failures of an arm."""
    found = runs.figures
    if found is None:
        return ("-", "-", "-", "-", "-", "not measured")
    return (
        f"{found.peak_per_s:.1f}{' (!)' if runs.flag else ''}",
        str(found.peak_users),
        str(found.successes),
        onset(found.slowdown, "-", "{}"),
        onset(found.errors, "-", "{}"),
        ", ".join(f"{failure.kind} {failure.count}" for failure in found.failures) or "none",
    )


@dataclass(frozen=True, slots=True)
class LatencyGrid:
    """A route at several latencies: arms, and for each latency the runs of all of them, None where not run."""

    route: str
    arms: tuple[str, ...]
    rows: tuple[tuple[int, tuple[ArmRuns | None, ...]], ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """Of its table."""
        return ("latency", *self.arms)

    def texts(self) -> Iterator[tuple[str, list[str]]]:
        """What is told of each latency, and of each arm at it."""
        for latency_ms, each in self.rows:
            yield f"{latency_ms} ms", [_heat_text(runs) if runs else "" for runs in each]

    def shares(self) -> Iterator[list[float]]:
        """Of each cell's rate in the highest of its latency."""
        for _, each in self.rows:
            rates = [peak(runs) or 0.0 for runs in each]
            yield [rate / max(*rates, 1e-9) for rate in rates]


def peak(runs: ArmRuns | None) -> float | None:
    """Of the run in the middle, if it was measured and can be true."""
    return runs.figures.peak_per_s if runs and runs.figures and not runs.flag else None


def _heat_text(runs: ArmRuns) -> str:
    rate, _, successes, *_ = cells(runs)
    return f"{rate} req/s, {successes}" if runs.figures else "not measured"


def latency_grids(findings: Findings) -> list[LatencyGrid]:
    """Of the routes that were measured at several latencies."""
    found: dict[str, dict[int, dict[str, ArmRuns]]] = {}
    for runs in findings.runs:
        found.setdefault(runs.trial.route, {}).setdefault(runs.trial.latency_ms, {})[runs.trial.arm] = runs
    return [
        LatencyGrid(
            route,
            names := tuple(dict.fromkeys(name for at in by_latency.values() for name in at)),
            tuple((latency_ms, tuple(map(at.get, names))) for latency_ms, at in by_latency.items()),
        )
        for route, by_latency in found.items()
        if len(by_latency) > 1
    ]


DIFFERENCES = (
    "How many times as much the best arm carried as each other, by pairs of runs near each other in time. The intervals"
    " are by Student's t with the noise of all pairs; those of a subject hold all together in 95 of 100 cases."
    " Without an interval each ran once and there is no A/A pair: take differences of a tenth or less for noise, and of"
    " few requests more."
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A comparison in words; low and high are None without an interval."""

    subject: str
    best: str
    other: str
    pairs: int
    ratio: float
    low: float | None
    high: float | None

    @property
    def says(self) -> str:
        """What follows from it."""
        if self.low is None or self.high is None:
            return "one run each"
        return NO_DIFFERENCE if self.low <= 1 <= self.high else "different"


def differences(findings: Findings) -> list[Difference]:
    """Of each subject its best arm against the others, where there is a ratio to tell."""
    return [
        Difference(
            subject,
            each.best.trial.arm,
            each.other.trial.arm,
            len(each.best.peaks.keys() & each.other.peaks.keys()),
            each.found.ratio,
            each.found.low,
            each.found.high,
        )
        for subject, comparisons in findings.comparisons.items()
        for each in comparisons
        if each.found and not each.other.flag
    ]


def differences_table(found: Sequence[Difference]) -> Table:
    """The same as texts."""
    rows = (
        (
            each.subject,
            each.best,
            each.other,
            str(each.pairs),
            f"{each.ratio:.2f}",
            f"{each.low:.2f}-{each.high:.2f}" if each.low is not None else "-",
            each.says,
        )
        for each in found
    )
    heads = ("compared on", "best", "other", "pairs", "times as much", "interval", "")
    ratios = tuple((each.ratio, each.low, each.high) for each in found)
    return Table("Differences", DIFFERENCES, heads, tuple(rows), ratios)


def ceilings_table(findings: Findings) -> Table:
    """What a request takes alone, and what a server can carry at most by it."""
    rows = []
    for runs in findings.runs:
        found = [result.baseline for result in runs.results if result.baseline]
        if not found or runs.figures is None:
            continue
        ceiling = (format_per_s(runs.ceiling.per_s), runs.ceiling.why) if runs.ceiling else ("-", "-")
        alone_ms = format_ms(sum(each.request_ms for each in found) / len(found))
        rows.append((arm_name(runs), alone_ms, ceiling[0], f"{runs.mean_peak_per_s:.1f}", ceiling[1]))
    meaning = (
        "What a request takes while it is the only one, and the ceiling that follows: slots, or for async servers"
        " database connections, by the time that a request takes less what one to /healthz takes. A peak that lies a"
        " quarter above it is a fault of the measurement, and no win."
    )
    heads = ("arm", "a request alone", "ceiling req/s", "peak req/s (mean)", "because of")
    return Table("Ceilings", meaning, heads, tuple(rows))


def budgets(findings: Findings) -> Table:
    """How many round trips a request takes."""
    rows = tuple((runs.trial.route, runs.trial.arm, *_budget(found)) for runs, found in findings.budgets)
    meaning = (
        "A request alone takes longer by each round trip times the latency: the slope of a line through what it took at"
        " each latency, with its 95 % interval. What is left at 0 ms is the rest."
    )
    return Table("Round trips", meaning, ("route", "arm", "round trips a request", "interval", "the rest"), rows)


def _budget(found: round_trips.RoundTripFit) -> tuple[str, str, str]:
    interval = f"{found.low:.2f}-{found.high:.2f}" if found.low is not None else "-"
    return f"{found.round_trips:.2f}", interval, format_ms(max(found.base_ms, 0))


def costs(findings: Findings) -> Table:
    """What an arm took at most, and for so many requests in flight."""
    rows = []
    for runs in findings.runs:
        found = [result.peak_usage for result in runs.results if result.peak_usage]
        if not found:
            continue
        memory_mb, connections = max(c.memory_mb for c in found), max(c.connections for c in found)
        most = findings.in_flight(runs)
        scale = IN_FLIGHT / max(most, 1) if most else None
        rows.append(
            (
                arm_name(runs),
                f"{memory_mb:.0f}",
                str(max(c.threads for c in found)),
                str(connections),
                f"{max(c.cpu_s for c in found):.1f}",
                f"{most:.0f}" if most is not None else "-",
                f"{memory_mb * scale:.0f}" if scale else "-",
                f"{connections * scale:.0f}" if scale else "-",
            )
        )
    heads = (
        *("arm", "MB", "threads", "connections", "processor s", "in flight"),
        *(f"MB per {IN_FLIGHT} in flight", f"connections per {IN_FLIGHT}"),
    )
    meaning = (
        "The most that the server took, all its processes together, and the most connections to the lab's own database."
        " In flight: the most requests that it worked on at once over ten seconds, which are no more than its slots:"
        f" what {IN_FLIGHT} would take if as many servers were run."
    )
    return Table("What it costs", meaning, heads, tuple(rows))
