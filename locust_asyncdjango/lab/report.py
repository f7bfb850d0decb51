"""Results -> text: the table and the verdict. Renderers take data and return what is to be printed or written."""

from itertools import groupby

from rich import box
from rich.table import Table

from locust_asyncdjango.failures import advice
from locust_asyncdjango.lab.results import Result
from locust_asyncdjango.saturation import Onset, Saturation

COLUMNS = ("route", "server", "peak req/s", "at users", "successes", "slowdown at", "errors at", "failures by kind")


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    """A row of text per result, in COLUMNS."""
    return [(result.trial.route, result.trial.server, *_cells(result)) for result in results]


def terminal_table(results: list[Result]) -> Table:
    """The table for a terminal. It fits 80 columns; where names are long, the failures are folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(no_wrap=True)
    for column in ("peak\nreq/s", "at\nusers", "successes", "slowdown\nat users", "errors\nat"):
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("failures by kind", overflow="fold")
    for route, group in groupby(rows(results), key=lambda row: row[0]):
        table.add_row(f"[bold]{route}")
        for _, server, *cells, failures in group:
            table.add_row(server, *cells, failures.replace(", ", "\n"))
    return table


def markdown(results: list[Result]) -> str:
    """The whole report as Markdown."""
    lines = ["# Results", "", *(f"- {sentence}" for sentence in verdict(results)), ""]
    lines += [f"| {' | '.join(row)} |" for row in (COLUMNS, ("---",) * len(COLUMNS), *rows(results))]
    told = sorted({failure.kind for result in results if result.figures for failure in result.figures.failures})
    if told:
        lines += ["", "## What the failures call for", "", *(f"- `{kind}`: {advice(kind)}" for kind in told)]
    lines += ["", "## What the numbers mean", "", *DEFINITIONS]
    return "\n".join(lines) + "\n"


DEFINITIONS = (
    "- peak: the most successful requests a second over any ten consecutive seconds, and the users at their end.",
    "- slowdown at: the users in the first of three seconds in a row whose median latency is more than one and a half"
    " times the lowest of the first five seconds.",
    "- errors at: the users in the first second that had a failure.",
    "- Each trial ran once: take differences of a tenth or less for noise.",
)


def verdict(results: list[Result]) -> list[str]:
    """A sentence or two per route: who carried more, and what broke first."""
    sentences = []
    for route, group in groupby(results, key=lambda result: result.trial.route):
        measured = [(result, result.figures) for result in group if result.figures]
        if len(measured) > 1:
            sentences.append(f"{route}: {_winner(measured)}")
        sentences += [f"{route} on {result.trial.server}: {_first_break(figures)}" for result, figures in measured]
    return sentences


def _winner(measured: list[tuple[Result, Saturation]]) -> str:
    (best, first), (_, second) = sorted(measured, key=lambda pair: -pair[1].peak_per_s)[:2]
    if not first.peak_per_s:
        return "no server answered a single request"
    ratio = first.peak_per_s / second.peak_per_s if second.peak_per_s else float("inf")
    if ratio < 1.1:
        return f"no clear difference in peak throughput ({first.peak_per_s:.1f} and {second.peak_per_s:.1f} req/s)"
    return f"{best.trial.server} peaks highest, {first.peak_per_s:.1f} against {second.peak_per_s:.1f} req/s"


def _first_break(figures: Saturation) -> str:
    if not figures.failures:
        return f"nothing broke; {_at(figures.slowdown, 'it never slowed down', 'it slowed down from {} users')}"
    first = min(figures.failures, key=lambda failure: failure.first.t)
    return f"{first.kind} broke first, at {first.first.users} users; {advice(first.kind)}"


def _cells(result: Result) -> tuple[str, ...]:
    figures = result.figures
    if figures is None:
        return ("-", "-", "-", "-", "-", f"not measured: {result.error}")
    return (
        f"{figures.peak_per_s:.1f}",
        str(figures.peak_users),
        str(figures.successes),
        _at(figures.slowdown, "-", "{}"),
        _at(figures.errors, "-", "{}"),
        ", ".join(f"{failure.kind} {failure.count}" for failure in figures.failures) or "none",
    )


def _at(onset: Onset | None, otherwise: str, text: str) -> str:
    return text.format(onset.users) if onset else otherwise
