"""Results -> text: the table and the verdict. Renderers take data and return what is to be printed or written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from statistics import geometric_mean

from rich import box
from rich.table import Table

from locust_asyncdjango.charts import Chart, over_time
from locust_asyncdjango.failures import advice
from locust_asyncdjango.lab import stats
from locust_asyncdjango.lab.markdown import markdown_table
from locust_asyncdjango.lab.page import heat_table, page, table
from locust_asyncdjango.lab.results import Result
from locust_asyncdjango.lab.spec import Trial
from locust_asyncdjango.saturation import Onset, Saturation, saturation
from locust_asyncdjango.series import Series
from locust_asyncdjango.told import duration

BESIDE_LOAD_S = 12
"""That a trial takes beside its load, about: services, server, preflight, and stopping them."""
ONE_RUN_TOLERANCE = 1.1
"""The ratio that is taken for noise where nothing shows the noise."""

COLUMNS = (
    "route",
    "conditions",
    "variant",
    "server",
    "runs",
    "peak req/s",
    "at users",
    "successes",
    "slowdown at",
    "errors at",
    "failures by kind",
    "memory MB",
    "threads",
    "connections",
)


@dataclass(frozen=True, slots=True)
class Arm:
    """All runs of one server, route and variant under the same conditions."""

    trial: Trial
    results: tuple[Result, ...]

    @property
    def measured(self) -> list[Saturation]:
        """The figures of its runs that have some."""
        return [result.figures for result in self.results if result.figures]

    @property
    def figures(self) -> Saturation | None:
        """Those of the run in the middle, by its peak; None where none was measured."""
        by_peak = sorted(self.measured, key=lambda figures: figures.peak_per_s)
        return by_peak[(len(by_peak) - 1) // 2] if by_peak else None

    @property
    def peaks(self) -> dict[int, float]:
        """What each run carried at most, by the number of the repeat."""
        return {result.trial.repeat: result.figures.peak_per_s for result in self.results if result.figures}

    @property
    def carried(self) -> float:
        """The geometric mean of its peaks, as ratios are; 0 where one of them is."""
        peaks = self.peaks.values()
        return geometric_mean(peaks) if min(peaks) > 0 else 0.0


def arms(results: Iterable[Result]) -> list[Arm]:
    """The arms of an experiment, in the order of their first runs; without A/A pairs."""
    runs: dict[Trial, list[Result]] = {}
    for result in results:
        if not result.trial.a_a:
            runs.setdefault(replace(result.trial, repeat=1), []).append(result)
    return [Arm(trial, tuple(found)) for trial, found in runs.items()]


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    """A row of text per arm, in COLUMNS."""
    return [
        (
            arm.trial.route,
            arm.trial.conditions or "-",
            arm.trial.variant or "natural",
            arm.trial.server,
            str(len(arm.measured)),
            *_cells(arm),
            *_costs(arm),
        )
        for arm in arms(results)
    ]


def terminal_table(results: list[Result]) -> Table:
    """The table for a terminal. It fits 80 columns; where names are long, the failures are folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(no_wrap=True)
    for column in ("peak\nreq/s", "at\nusers", "successes", "slowdown\nat users", "errors\nat"):
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("failures by kind", overflow="fold")
    for (heading, conditions), group in groupby(arms(results), key=_heading):
        table.add_row(f"[bold]{heading}", "", "", "", "", "", f"[dim]{conditions}")
        for arm in group:
            *cells, failures = _cells(arm)
            table.add_row(arm.trial.variant or arm.trial.server, *cells, failures.replace(", ", "\n"))
    return table


@dataclass(frozen=True, slots=True)
class Heat:
    """A route at several latencies: arms, and for each latency the figures of all of them, None where not measured."""

    route: str
    arms: tuple[str, ...]
    rows: tuple[tuple[int, tuple[Saturation | None, ...]], ...]

    @property
    def heads(self) -> tuple[str, ...]:
        """Of its table."""
        return ("latency", *self.arms)

    def texts(self) -> Iterator[tuple[str, list[str]]]:
        """What is told of each latency, and of each arm at it."""
        for latency_ms, cells in self.rows:
            yield (
                f"{latency_ms} ms",
                [f"{c.peak_per_s:.1f} req/s, {c.successes}" if c else "not measured" for c in cells],
            )

    def shares(self) -> Iterator[list[float]]:
        """Of each cell's rate in the highest of its latency."""
        for _, cells in self.rows:
            rates = [cell.peak_per_s if cell else 0.0 for cell in cells]
            yield [rate / max(*rates, 1e-9) for rate in rates]


def heats(results: list[Result]) -> list[Heat]:
    """Of the routes that were measured at several latencies."""
    found: dict[str, dict[int, dict[str, Saturation | None]]] = {}
    for arm in arms(results):
        found.setdefault(arm.trial.route, {}).setdefault(arm.trial.latency_ms, {})[arm.trial.arm] = arm.figures
    return [
        Heat(
            route,
            names := tuple(dict.fromkeys(name for cells in at.values() for name in cells)),
            tuple((latency_ms, tuple(map(cells.get, names))) for latency_ms, cells in at.items()),
        )
        for route, at in found.items()
        if len(at) > 1
    ]


def plan(planned: list[Trial], length_s: float | None) -> str:
    """What is to be run, in its order, and how long that takes. length_s: of a load, None where it is not known."""
    lines = [f"{number:>4}  {trial.title}" for number, trial in enumerate(planned, 1)]
    if length_s is None:
        return "\n".join([*lines, f"{len(planned)} trials; how long the shape runs is not known"])
    about = duration(len(planned) * (length_s + BESIDE_LOAD_S))
    return "\n".join([*lines, f"{len(planned)} trials of {length_s:g} s; about {about}, with starting and stopping"])


def _heading(arm: Arm) -> tuple[str, str]:
    trial = arm.trial
    return f"{trial.route} on {trial.server}" if trial.variant else trial.route, trial.conditions


def markdown(results: list[Result]) -> str:
    """The whole report as Markdown."""
    lines = ["# Results", "", *(f"- {sentence}" for sentence in verdict(results)), ""]
    lines += markdown_table(COLUMNS, rows(results))
    for heat in heats(results):
        lines += ["", f"## {heat.route}: peak and successes by latency", ""]
        lines += markdown_table(heat.heads, ((at, *cells) for at, cells in heat.texts()))
    if kinds(results):
        lines += ["", "## What the failures call for", "", *(f"- `{kind}`: {advice(kind)}" for kind in kinds(results))]
    lines += ["", "## What the numbers mean", "", *(f"- {word}: {meaning}" for word, meaning in DEFINITIONS.items())]
    return "\n".join(lines) + "\n"


def html(results: list[Result], recorded: dict[str, Series]) -> str:
    """The whole report as one HTML page that needs nothing else. recorded: series by trial id."""
    parts = [_list(map(escape, verdict(results))), "<h2>Figures</h2>", table(COLUMNS, rows(results))]
    for heat in heats(results):
        parts.append(f"<h2>{escape(heat.route)}: peak and successes by latency</h2>")
        parts.append(heat_table(heat.heads, heat.texts(), heat.shares()))
    parts.append("<h2>Second by second</h2>")
    charts: dict[str, list[Chart]] = {}
    for result in (result for result in results if result.trial.id in recorded):
        seconds, place = recorded[result.trial.id].seconds, f"charts-{len(charts)}"
        charts[place] = over_time(seconds, result.figures or saturation(seconds))
        parts += [f"<h3>{escape(result.trial.title)}</h3>", f'<div id="{place}"></div>']
    if kinds(results):
        told = (f"<b>{escape(kind)}</b>: {escape(advice(kind))}" for kind in kinds(results))
        parts += ["<h2>What the failures call for</h2>", _list(told)]
    meanings = (f"<b>{word}</b>: {escape(meaning)}" for word, meaning in DEFINITIONS.items())
    parts += ["<h2>What the numbers mean</h2>", _list(meanings)]
    return page(_title(results), f"Sync or async? {_title(results)}", "\n".join(parts), charts)


def kinds(results: list[Result]) -> list[str]:
    """The kinds of failure that happened."""
    return sorted({failure.kind for result in results if result.figures for failure in result.figures.failures})


DEFINITIONS = {
    "peak": "the most successful requests a second over any ten consecutive seconds, and the users at their end.",
    "slowdown at": "the users from which latency rises, if its median comes to stay above one and a half times that of"
    " the first five seconds.",
    "errors at": "the users when the first request began that failed.",
    "memory, threads, connections": "the most that the server took, all its processes together, and the most"
    " connections to the lab's own database.",
    "how sure": "the numbers behind a ratio are its 95 % interval, by Student's t with the noise of all pairs of runs;"
    " where each trial ran once and there is no A/A pair, take differences of a tenth or less for noise.",
}


def verdict(results: list[Result]) -> list[str]:
    """Sentences per route: who carried more and how sure that is, and what broke first on each server."""
    found = arms(results)
    known = _noise(results)
    sentences = []
    for subject, group in groupby(found, key=lambda arm: arm.trial.subject):
        compared = list(group)
        if sum(arm.figures is not None for arm in compared) > 1:
            sentences.append(f"{subject}: {_winner(compared, known)}")
        for arm in compared:
            told = _first_break(arm.figures) if arm.figures else f"not measured: {arm.results[-1].error}"
            sentences.append(f"{arm.trial.title}: {told}")
    if known:
        freedom = f"{known.freedom} degree{'s' if known.freedom > 1 else ''} of freedom"
        sentences.append(f"noise: two runs of the same arm differ by up to {known.floor:.2f} times ({freedom})")
    return sentences


def _noise(results: list[Result]) -> stats.Noise | None:
    """How runs of the same arm differ: of all pairs with the best arm of their subject, and of A/A pairs."""
    compared: list[list[stats.Pair]] = []
    for _, group in groupby(arms(results), key=lambda arm: arm.trial.subject):
        ranked = _ranked(group)
        compared += [_pairs(ranked[0], other) for other in ranked[1:]]
    a_a = {result.trial.repeat: result.figures.peak_per_s for result in results if result.trial.a_a and result.figures}
    return stats.noise(compared, [(a_a[run], a_a[run + 1]) for run in a_a if run % 2 and run + 1 in a_a])


def _ranked(group: Iterable[Arm]) -> list[Arm]:
    """Those that were measured, what carried most first."""
    return sorted((arm for arm in group if arm.measured), key=lambda arm: -arm.carried)


def _pairs(first: Arm, other: Arm) -> list[stats.Pair]:
    """Runs of the same repeat, which were near each other in time."""
    return [(peak, other.peaks[repeat]) for repeat, peak in first.peaks.items() if repeat in other.peaks]


def _winner(compared: list[Arm], known: stats.Noise | None) -> str:
    best, second, *_ = _ranked(compared)
    if not best.figures or not best.figures.peak_per_s:
        return "no server answered a single request"
    peaks = [f"{arm.figures.peak_per_s:.1f}" for arm in (best, second) if arm.figures]
    if not second.carried:
        return f"{best.trial.arm} carried {peaks[0]} req/s; a run on {second.trial.arm} carried nothing"
    found = stats.compared(_pairs(best, second), known)
    if found is None or found.is_different is None:
        if found and found.ratio < ONE_RUN_TOLERANCE:
            return f"no clear difference in peak throughput ({peaks[0]} and {peaks[1]} req/s)"
        return f"{best.trial.arm} peaks highest, {peaks[0]} against {peaks[1]} req/s"
    times = f"{found.ratio:.2f} ({found.low:.2f}-{found.high:.2f}) times"
    if not found.is_different:
        return f"no detectable difference: {best.trial.arm} carried {times} as much as {second.trial.arm}"
    return f"{best.trial.arm} carried {times} as much as {second.trial.arm}, {peaks[0]} against {peaks[1]} req/s"


def _first_break(figures: Saturation) -> str:
    if not figures.failures:
        return f"nothing broke; {_at(figures.slowdown, 'it never slowed down', 'it slowed down from {} users')}"
    first = min(figures.failures, key=lambda failure: failure.first.t)
    return f"{first.kind} broke first, at {first.first.users} users; {advice(first.kind)}"


def _cells(arm: Arm) -> tuple[str, ...]:
    figures = arm.figures
    if figures is None:
        return ("-", "-", "-", "-", "-", "not measured")
    return (
        f"{figures.peak_per_s:.1f}",
        str(figures.peak_users),
        str(figures.successes),
        _at(figures.slowdown, "-", "{}"),
        _at(figures.errors, "-", "{}"),
        ", ".join(f"{failure.kind} {failure.count}" for failure in figures.failures) or "none",
    )


def _costs(arm: Arm) -> tuple[str, ...]:
    """The most of each, of all runs."""
    found = [result.cost for result in arm.results if result.cost]
    if not found:
        return ("-", "-", "-")
    return (
        f"{max(cost.memory_mb for cost in found):.0f}",
        str(max(cost.threads for cost in found)),
        str(max(cost.connections for cost in found)),
    )


def _title(results: list[Result]) -> str:
    return ", ".join(dict.fromkeys(result.trial.route for result in results))


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _at(onset: Onset | None, otherwise: str, text: str) -> str:
    return text.format(onset.users) if onset else otherwise
