"""The tables of an experiment's report: figures, differences, ceilings, round trips and resource usage."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.definitions import ERRORS, IN_FLIGHT, PEAK, SLOWDOWN
from locust_asyncdjango.analysis.formatting import format_ms, format_onset_users, format_per_s, request_cells
from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.processor_use import FULL_PERCENT
from locust_asyncdjango.lab.analysis.request_mix.mixes import MOST_DISTANCE
from locust_asyncdjango.lab.analysis.round_trips import RoundTripFit
from locust_asyncdjango.lab.report.latency_grid import peak_text
from locust_asyncdjango.lab.report.sentences.winner import NO_DIFFERENCE
from locust_asyncdjango.lab.report.table import Table

SCALE_IN_FLIGHT = 100
"""The number of requests in flight that resource usage is scaled to."""
UNKNOWN = "unknown"
FIGURES = (
    f"Peak: {PEAK.sentence}. Slowdown: {SLOWDOWN.sentence}. Errors: {ERRORS.sentence}. In flight: {IN_FLIGHT};"
    " in brackets, how long the oldest had waited. If an arm ran several times, the row has the run in the"
    " middle, by capacity, then by goodput and peak; its slowdown is that of all runs together."
    " Natural variant: sync on WSGI, async on ASGI. (!): the result cannot be right; see Ceilings."
)
DIFFERENCES = (
    "How many times as good the best arm is as each other arm: by the users that it carries within the objective; where"
    " no arm leaves the objective, by its goodput at full load; where no arm is saturated, by its median latency."
    " Ratios are from runs of the same repeat, intervals from Student's t with the noise of the route; all intervals of"
    " the experiment are correct together in 95 of 100 cases. Without an interval, each arm ran once: repeat to be"
    " sure."
)
CEILINGS = (
    "The unloaded latency, and the ceiling that follows from it: slots, or for async servers database connections,"
    " divided by the unloaded latency minus that of /healthz. A peak that is more than a quarter above its ceiling is a"
    " measurement error and cannot win."
)
ROUND_TRIPS = (
    "The unloaded latency grows with each round trip by the added latency. The number of round trips is the slope of a"
    " line through the unloaded latencies, with its 95 % interval. The rest is what remains at 0 ms."
)
RESOURCE_USAGE = (
    "The most that the server used, all its processes together, and the most connections to the database; unknown where"
    " the database is not the lab's."
    " In flight: the most requests that the server worked on at once, over ten seconds; never more than its slots. The"
    f" last columns say what {SCALE_IN_FLIGHT} requests in flight would take, if as many servers ran as they need."
)
PROCESSORS = (
    "Who used the processors at full load, in per cent of the time of all of them together, on average over the runs of"
    " an arm. Services: databases, proxies and the lab itself. Least busy: the processor that had most time left. Where"
    f" it was busy for {FULL_PERCENT:.0f} % or more, the machine was full, and all programs slowed each other down."
)
TABLE_NAMES = 20
"""How many names of requests the table has for a subject: the most frequent ones. The report as JSON has all."""
REQUEST_NAMES = (
    "All runs of an arm together, and the latencies of successful requests. Where arms completed different mixes of"
    f" names, a total says nothing about which is faster: more than {MOST_DISTANCE:.0%} of the requests have another"
    " name, beyond those that were in flight at the end, and a chi-squared test finds the difference too."
)


def figures_table(findings: Findings) -> Table:
    """Return the table of each arm's figures."""
    headers = (
        *("route", "conditions", "variant", "server", "runs", "peak req/s", "users at peak", "successes"),
        *("users at slowdown", "users at errors", "failures by kind", "in flight"),
    )
    rows = tuple(
        (
            runs.trial.route,
            runs.trial.conditions or "-",
            runs.trial.variant or "natural",
            runs.trial.server_title,
            str(len(runs.measured)),
            *figure_cells(findings, runs),
            _in_flight_text(runs.figures),
        )
        for runs in findings.runs
    )
    return Table("Figures", FIGURES, headers, rows)


def _in_flight_text(figures: Saturation | None) -> str:
    """Return how many requests were in flight at the end of a run, and in brackets for how long the oldest was."""
    if figures is None:
        return "-"
    return f"{figures.in_flight} ({figures.in_flight_s:.1f} s)" if figures.in_flight else "none"


def figure_cells(findings: Findings, runs: ArmRuns) -> tuple[str, ...]:
    """Return the texts of an arm's peak, users at it, successes, users at slowdown and errors, and failures."""
    figures = runs.figures
    if figures is None:
        return ("-", "-", "-", "-", "-", "not measured")
    return (
        peak_text(runs),
        str(figures.peak_users),
        str(figures.successes),
        format_onset_users(findings.slowdown(runs).onset),
        format_onset_users(figures.errors),
        ", ".join(f"{failure.kind} {failure.count}" for failure in figures.failures) or "none",
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """How many times as good the best arm of a subject is as another arm; low and high None without an interval.

    criterion: what was compared. pairs: how many pairs of runs the ratio is from.
    is_different: None if nobody knows, as each arm ran once.
    is_stored: whether it was decided before all trials that are there now had run.
    """

    subject: str
    criterion: str
    best: str
    other: str
    pairs: int
    ratio: float
    low: float | None
    high: float | None
    is_different: bool | None
    is_stored: bool = False

    @property
    def result(self) -> str:
        """Return what follows from the interval, in words."""
        if self.is_different is None:
            return "one run each"
        return "different" if self.is_different else NO_DIFFERENCE


def differences(findings: Findings) -> list[Difference]:
    """Return the differences between the best arm of each subject and the others, where there is a ratio.

    Arms that completed different mixes of requests have none.
    """
    return [
        Difference(
            subject,
            comparison.criterion.value,
            comparison.best.trial.arm,
            comparison.other.trial.arm,
            comparison.repeats,
            comparison.estimate.ratio,
            comparison.estimate.low,
            comparison.estimate.high,
            comparison.is_different,
            comparison.is_stored,
        )
        for subject, comparisons in findings.comparisons.items()
        for comparison in comparisons
        if comparison.estimate and comparison.criterion and not comparison.other.invalid_reason
        if findings.is_by_total(comparison)
    ]


def differences_table(differences: Sequence[Difference]) -> Table:
    """Return a table with a row for each difference, and its ratio drawn beside it."""
    headers = ("subject", "by", "best", "other", "pairs", "times as good", "interval", "result")
    rows = tuple(
        (
            each.subject,
            each.criterion,
            each.best,
            each.other,
            str(each.pairs),
            f"{each.ratio:.2f}",
            _interval_text(each.low, each.high),
            each.result,
        )
        for each in differences
    )
    ratios = tuple(RatioEstimate(each.ratio, each.low, each.high) for each in differences)
    return Table("Differences", DIFFERENCES, headers, rows, ratios)


def ceilings_table(findings: Findings) -> Table:
    """Return the table of each arm's unloaded latency, and of the ceiling that follows from it."""
    headers = ("arm", "unloaded latency", "ceiling req/s", "mean peak req/s", "because of")
    rows = []
    for runs in findings.runs:
        baselines = [result.baseline for result in runs.results if result.baseline]
        if not baselines or runs.figures is None:
            continue
        ceiling, why = (format_per_s(runs.ceiling.per_s), runs.ceiling.why) if runs.ceiling else ("-", "-")
        unloaded = format_ms(sum(baseline.request_ms for baseline in baselines) / len(baselines))
        rows.append((runs.title, unloaded, ceiling, f"{runs.mean_peak_per_s:.1f}", why))
    return Table("Ceilings", CEILINGS, headers, tuple(rows))


def round_trips_table(findings: Findings) -> Table:
    """Return the table of the round trips that a request of each arm takes."""
    headers = ("route", "arm", "round trips per request", "interval", "the rest")
    rows = tuple((runs.trial.route, runs.trial.arm, *_round_trip_cells(fit)) for runs, fit in findings.round_trips)
    return Table("Round trips", ROUND_TRIPS, headers, rows)


def resource_usage_table(findings: Findings) -> Table:
    """Return the table of each arm's highest usage, also scaled to SCALE_IN_FLIGHT requests in flight."""
    headers = (
        *("arm", "MB", "threads", "connections", "processor s", "in flight"),
        *(f"MB per {SCALE_IN_FLIGHT} in flight", f"connections per {SCALE_IN_FLIGHT} in flight"),
    )
    rows = []
    for runs in findings.runs:
        usages = [result.peak_usage for result in runs.results if result.peak_usage]
        if not usages:
            continue
        memory_mb = max(usage.memory_mb for usage in usages)
        connections = max((each.connections for each in usages if each.connections is not None), default=None)
        in_flight = findings.peak_in_flight(runs)
        scale = SCALE_IN_FLIGHT / max(in_flight, 1) if in_flight else None
        rows.append(
            (
                runs.title,
                f"{memory_mb:.0f}",
                str(max(usage.threads for usage in usages)),
                UNKNOWN if connections is None else str(connections),
                f"{max(usage.cpu_s for usage in usages):.1f}",
                f"{in_flight:.0f}" if in_flight is not None else "-",
                f"{memory_mb * scale:.0f}" if scale else "-",
                _scaled(connections, scale),
            )
        )
    return Table("Resource usage", RESOURCE_USAGE, headers, tuple(rows))


def processors_table(findings: Findings) -> Table:
    """Return the table of who used the processors at full load, for the arms of which it is known."""
    headers = (
        *("arm", "processors", "busy %", "least busy %", "generator %", "server %", "services %"),
        *("other programs %", "other virtual machines %"),
    )
    uses = [(runs.title, use) for runs in findings.runs if (use := findings.processor_use(runs))]
    rows = tuple(
        (
            title,
            str(use.processors),
            *(f"{each:.0f}" for each in (use.busy, use.least_busy, use.generator, use.server, use.services)),
            *(f"{each:.0f}" for each in (use.others, use.stolen)),
        )
        for title, use in uses
    )
    return Table("Processors at full load", PROCESSORS, headers, rows)


def request_names_table(findings: Findings) -> Table:
    """Return the table of each arm's requests by name, for the subjects with several names."""
    headers = ("name", "arm", "requests", "failed", "p50", "p95", "p99")
    rows = []
    for arms in findings.subjects.values():
        by_arm = {runs.title: {each.name: each for each in findings.requests_by_name(runs)} for runs in arms}
        counts = Counter({name: figures.requests for each in by_arm.values() for name, figures in each.items()})
        if len(counts) > 1:
            names = [name for name, _ in counts.most_common(TABLE_NAMES)]
            rows += [
                (name, title, *request_cells(figures[name]))
                for name in names
                for title, figures in by_arm.items()
                if name in figures
            ]
    return Table("Requests by name", REQUEST_NAMES, headers, tuple(rows))


def _scaled(connections: int | None, scale: float | None) -> str:
    if connections is None:
        return UNKNOWN
    return f"{connections * scale:.0f}" if scale else "-"


def _round_trip_cells(fit: RoundTripFit) -> tuple[str, str, str]:
    return f"{fit.round_trips:.2f}", _interval_text(fit.low, fit.high), format_ms(max(fit.base_ms, 0))


def _interval_text(low: float | None, high: float | None) -> str:
    return f"{low:.2f}-{high:.2f}" if low is not None and high is not None else "-"
