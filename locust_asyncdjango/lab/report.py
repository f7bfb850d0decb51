"""Results -> text: the table and the verdict. Renderers take data and return what is to be printed or written."""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from rich import box
from rich.table import Table

from locust_asyncdjango.charts import Chart, over_time
from locust_asyncdjango.failures import advice
from locust_asyncdjango.lab.page import page, table
from locust_asyncdjango.lab.results import Result
from locust_asyncdjango.saturation import Onset, Saturation, saturation
from locust_asyncdjango.series import Series

COLUMNS = (
    "route",
    "conditions",
    "variant",
    "server",
    "peak req/s",
    "at users",
    "successes",
    "slowdown at",
    "errors at",
    "failures by kind",
)


def rows(results: list[Result]) -> list[tuple[str, ...]]:
    """A row of text per result, in COLUMNS."""
    return [
        (
            result.trial.route,
            result.trial.conditions or "-",
            result.trial.variant or "natural",
            result.trial.server,
            *_cells(result),
        )
        for result in results
    ]


def terminal_table(results: list[Result]) -> Table:
    """The table for a terminal. It fits 80 columns; where names are long, the failures are folded."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column(no_wrap=True)
    for column in ("peak\nreq/s", "at\nusers", "successes", "slowdown\nat users", "errors\nat"):
        table.add_column(column, no_wrap=True, justify="right")
    table.add_column("failures by kind", overflow="fold")
    for (heading, conditions), group in groupby(results, key=_heading):
        table.add_row(f"[bold]{heading}", "", "", "", "", "", f"[dim]{conditions}")
        for result in group:
            *cells, failures = _cells(result)
            table.add_row(result.trial.variant or result.trial.server, *cells, failures.replace(", ", "\n"))
    return table


def _heading(result: Result) -> tuple[str, str]:
    trial = result.trial
    return f"{trial.route} on {trial.server}" if trial.variant else trial.route, trial.conditions


def markdown(results: list[Result]) -> str:
    """The whole report as Markdown."""
    lines = ["# Results", "", *(f"- {sentence}" for sentence in verdict(results)), ""]
    lines += [f"| {' | '.join(row)} |" for row in (COLUMNS, ("---",) * len(COLUMNS), *rows(results))]
    if kinds(results):
        lines += ["", "## What the failures call for", "", *(f"- `{kind}`: {advice(kind)}" for kind in kinds(results))]
    lines += ["", "## What the numbers mean", "", *(f"- {word}: {meaning}" for word, meaning in DEFINITIONS.items())]
    return "\n".join(lines) + "\n"


def html(results: list[Result], recorded: dict[str, Series]) -> str:
    """The whole report as one HTML page that needs nothing else. recorded: series by trial id."""
    parts = [_list(map(escape, verdict(results))), "<h2>Figures</h2>", table(COLUMNS, rows(results))]
    parts.append("<h2>Second by second</h2>")
    charts: dict[str, list[Chart]] = {}
    for trial in (result.trial for result in results if result.trial.id in recorded):
        seconds, place = recorded[trial.id].seconds, f"charts-{len(charts)}"
        charts[place] = over_time(seconds, saturation(seconds))
        parts += [f"<h3>{escape(trial.title)}</h3>", f'<div id="{place}"></div>']
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
    "how sure": "each trial ran once: take differences of a tenth or less for noise.",
}


def verdict(results: list[Result]) -> list[str]:
    """Sentences per route: who carried more, and what broke first on each server."""
    sentences = []
    for subject, group in groupby(results, key=lambda result: result.trial.subject):
        compared = list(group)
        measured = [(result, result.figures) for result in compared if result.figures]
        if len(measured) > 1:
            sentences.append(f"{subject}: {_winner(measured)}")
        for result in compared:
            told = _first_break(result.figures) if result.figures else f"not measured: {result.error}"
            sentences.append(f"{result.trial.title}: {told}")
    return sentences


def _winner(measured: list[tuple[Result, Saturation]]) -> str:
    (best, first), (_, second) = sorted(measured, key=lambda pair: -pair[1].peak_per_s)[:2]
    if not first.peak_per_s:
        return "no server answered a single request"
    ratio = first.peak_per_s / second.peak_per_s if second.peak_per_s else float("inf")
    if ratio < 1.1:
        return f"no clear difference in peak throughput ({first.peak_per_s:.1f} and {second.peak_per_s:.1f} req/s)"
    return f"{best.trial.arm} peaks highest, {first.peak_per_s:.1f} against {second.peak_per_s:.1f} req/s"


def _first_break(figures: Saturation) -> str:
    if not figures.failures:
        return f"nothing broke; {_at(figures.slowdown, 'it never slowed down', 'it slowed down from {} users')}"
    first = min(figures.failures, key=lambda failure: failure.first.t)
    return f"{first.kind} broke first, at {first.first.users} users; {advice(first.kind)}"


def _cells(result: Result) -> tuple[str, ...]:
    figures = result.figures
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


def _title(results: list[Result]) -> str:
    return ", ".join(dict.fromkeys(result.trial.route for result in results))


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _at(onset: Onset | None, otherwise: str, text: str) -> str:
    return text.format(onset.users) if onset else otherwise
