"""The report of one run: HTML, Markdown and JSON of the same content. Start reading at ``build_report``.

It is built from the series of the run, and from its failures if ``--failures`` kept them. The HTML is made by
``templates/run_report.html``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from locust_asyncdjango._version import __version__
from locust_asyncdjango.analysis.charts import Chart, charts_over_time
from locust_asyncdjango.analysis.conditions.objective import Objective, objective_of
from locust_asyncdjango.analysis.definitions import WARM_UP
from locust_asyncdjango.analysis.formatting import (
    Figure,
    failing_notes,
    format_first_failure,
    format_kind,
    format_ms,
    format_onset,
    format_per_s,
    format_slowdown,
    format_users,
    key_figures,
    missing_requests,
    not_measured_advice,
    not_measured_reason,
    request_cells,
    too_short_reason,
)
from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.analysis.request_names import RequestFigures, request_figures
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.analysis.silences import Silence, find_silences
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import FailureSample, ReportedFailure, read_failures_document
from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.analysis.knee import Knee
from locust_asyncdjango.lab.analysis.littles_law import LittlesLaw
from locust_asyncdjango.lab.analysis.scalability import RunFits, Scalability, fit_run
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.markdown import bullet_lines, escape_markdown, table_lines
from locust_asyncdjango.lab.report.plots import charts_over_users
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.metrics.statistics import percentiles
from locust_asyncdjango.metrics.strict_json import dumps, loads, read_value

FORMAT = "locust-asyncdjango report"
FORMAT_VERSION = 2
"""The version of the report as JSON. 2: numbers -> key_figures, fitted -> fitted_figures, found -> shape_findings,
not_held -> health_problems, ran -> run_info, figures -> saturation, fits.little -> fits.littles_law."""
KEY_HEADERS = ("figure", "this run, with 95 % interval", "what it means")
FITTED_HEADERS = ("figure", "this run", "what it means")
FAILURE_HEADERS = ("kind", "count", "first seen", "message", "what to do")
REQUEST_HEADERS = ("name", "requests", "failed", "p50", "p95", "p99", "fails")
REQUEST_NOTE = (
    "Worst first, with the latencies of successful requests. A name that fails at every load, from the lowest on, is"
    " not what load broke."
)
KIND_HEADERS = ("count", "kind", "first seen")

MEANINGS = {
    "knee": "the number of users from which more users do not bring more throughput: two joined straight lines, fitted"
    " to successful requests a second over users, with a bootstrap interval; Kneedle has to agree",
    "Universal Scalability Law": "X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), fitted up to the first"
    " failure: sigma is how much users wait for each other, kappa what it costs to keep them consistent; together they"
    " say where throughput peaks",
    "Little's law": "requests in flight per user, which is 1 if users send the next request as soon as they have a"
    " response",
    "latency of successes": "of the whole run: half, 95 % and 99 % of the successful requests took no longer",
    "warm-up": f"{WARM_UP}; slowdown, knee and scalability leave them out",
}


FAILURES_TYPES: Mapping[str, Any] = {
    "run": dict[str, Any],
    "unrecorded": int,
    "refused_updates": int,
    "shape_findings": list[str],
    "locust_ms": list[float],
    "failures": list[ReportedFailure],
    "samples": list[FailureSample],
}
"""The members of a failures file that a report reads, with the type that each must have."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """All that the report of a run contains.

    key_figures: peak, successes, slowdown and errors. fitted_figures: what is fitted to the run. failures, samples: as
    in the file of ``--failures``. unrecorded: how many requests could not be recorded. refused_updates: how many
    messages of workers were no updates. shape_findings: what the load shape found, such as the breakpoint.
    silences: when nothing was answered, and for how long. health_problems: why the load generator did not produce the
    planned load. run_info: what was run, where and with which versions. requests: by name, worst first.
    """

    title: str
    verdict: str
    key_figures: tuple[Figure, ...]
    fitted_figures: tuple[Figure, ...]
    charts: list[Chart]
    failures: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    unrecorded: int
    refused_updates: int
    shape_findings: tuple[str, ...]
    silences: tuple[Silence, ...]
    health_problems: tuple[str, ...]
    run_info: dict[str, str]
    saturation: Saturation
    fits: RunFits
    requests: tuple[RequestFigures, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the sentences that stand below the verdict, without full stops."""
        problems = (f"Generator problem: {problem}" for problem in self.health_problems)
        silences = (silence.text.capitalize() for silence in self.silences)
        missing = missing_requests(self.unrecorded, self.refused_updates)
        return (*self.shape_findings, *missing, *failing_notes(self.saturation), *silences, *problems)


def build_report(series: Series, failures: Mapping[str, Any], objective: Objective | None = None) -> RunReport:
    """Return the report of a run.

    failures: the content of the file of ``--failures``, empty without one. objective: None for that of the run.
    """
    series = replace(series, header=safe_value(series.header))  # an earlier version wrote some texts as they were
    recorded = objective_of(series.header)
    objective = objective or recorded
    figures = find_saturation(series.intervals, series.load_levels, objective, total=series.total)
    fits = fit_run(series.intervals)
    rows = list(failures.get("failures", ()))
    shape = series.header.get("shape", "The shape")
    return RunReport(
        title=", ".join(series.header.get("user_classes", ())) or "One run",
        verdict=run_verdict(series, figures, fits, rows),
        key_figures=key_figures(figures, failures.get("locust_ms", ())),
        fitted_figures=tuple(_fitted_figures(series, figures, fits)),
        charts=[*charts_over_time(series.intervals, figures), *charts_over_users(series.intervals, figures, fits)],
        failures=rows,
        samples=list(failures.get("samples", ())),
        unrecorded=failures.get("unrecorded", 0),
        refused_updates=failures.get("refused_updates", 0),
        shape_findings=tuple(f"{shape}: {finding}" for finding in failures.get("shape_findings", ())),
        silences=tuple(find_silences(series.intervals)),
        health_problems=tuple(health_problems(series.intervals).values()),
        run_info=_run_info(series.header, objective, recorded),
        saturation=figures,
        fits=fits,
        requests=request_figures(series.total.names),
    )


def run_verdict(series: Series, figures: Saturation, fits: RunFits, failures: Sequence[Mapping[str, Any]]) -> str:
    """Return the verdict of a run in one sentence, and a second one if the generator was the limit.

    failures: rows of the file of ``--failures``, the most frequent first; the advice in them goes before our own.
    """
    advice_by_kind = {row["kind"]: row["advice"] for row in reversed(failures) if row["advice"]}

    def with_advice(name: str) -> str:
        text = advice_by_kind.get(name) or advice(name)
        return f": {text}" if text else ""

    if reason := not_measured_reason(figures):
        advised = not_measured_advice(figures)
        return f"{reason[0].upper()}{reason[1:]}. {advised[0].upper()}{advised[1:]}."
    if not figures.successes:
        most_frequent = figures.failures[0].kind
        return f"No request succeeded; the most frequent failure was {most_frequent}{with_advice(most_frequent)}."
    if reason := too_short_reason(figures):
        sentence = f"{counted(figures.successes, 'request')} succeeded; {reason}; "
    else:
        sentence = f"The server carried {format_per_s(figures.peak_per_s)} successful requests a second"
        sentence += f" at {counted(figures.peak_users, 'user')}; "
    if figures.failures:
        first = min(figures.failures, key=lambda failure: failure.first.t)
        sentence += f"the first failure was {first.kind}, {format_onset(first.first)}{with_advice(first.kind)}."
    elif figures.slowdown:
        sentence += f"no request failed; slowdown starts: {format_slowdown(figures)}."
    elif figures.drift:
        sentence += f"no request failed; slowdown: {format_slowdown(figures)}."
    else:
        most_users = max((interval.users for interval in series.intervals), default=0)
        sentence += f"up to {counted(most_users, 'user')} no request failed and latency did not rise."
    if fits.littles_law and fits.littles_law.generator_bound:
        sentence += " But the generator was the limit, not the server."
    return sentence


def render_html(report: RunReport) -> str:
    """Return the report as one HTML page that needs nothing else."""
    kinds = [(failure.count, failure.kind, format_onset(failure.first)) for failure in report.saturation.failures]
    return render_page(
        "run_report.html",
        report.title,
        f"Where {report.title} saturated",
        {"charts": report.charts},
        report=report,
        key_headers=KEY_HEADERS,
        key_rows=list(map(_figure_cells, report.key_figures)),
        fitted_headers=FITTED_HEADERS,
        fitted_rows=list(map(_figure_cells, report.fitted_figures)),
        failure_headers=FAILURE_HEADERS,
        failure_rows=list(map(_failure_cells, report.failures)),
        samples=list(map(_sample_texts, report.samples)),
        request_headers=REQUEST_HEADERS,
        request_rows=_request_rows(report),
        request_note=REQUEST_NOTE,
        kind_headers=KIND_HEADERS,
        kind_rows=kinds,
    )


def render_markdown(report: RunReport) -> str:
    """Return the same as Markdown, without charts."""
    lines = [f"# Where {escape_markdown(report.title)} saturated", "", escape_markdown(report.verdict), ""]
    lines += [line for note in report.notes for line in (f"{escape_markdown(note)}.", "")]
    lines += ["## Saturation", "", *table_lines(KEY_HEADERS, map(_figure_cells, report.key_figures))]
    lines += ["", "## Fitted models", "", *table_lines(FITTED_HEADERS, map(_figure_cells, report.fitted_figures))]
    lines += ["", "## Failures", "", *_failure_lines(report)]
    if report.requests:
        lines += ["", "## Requests by name", "", REQUEST_NOTE, "", *table_lines(REQUEST_HEADERS, _request_rows(report))]
    lines += ["", "## How it was run", "", *bullet_lines(f"{name}: {value}" for name, value in report.run_info.items())]
    return "\n".join(lines) + "\n"


def render_json(report: RunReport) -> str:
    """Return the same as JSON, for programs."""
    return dumps({"format": FORMAT, "version": FORMAT_VERSION, **asdict(report)}, indent=1) + "\n"


def read_failures(path: Path | None, header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of the file of ``--failures``, empty without a file.

    header: the header of the series. Raise UsageError if the file cannot be read, or belongs to another run.
    """
    if path is None:
        return {}
    try:
        content = read_failures_document(read_value(dict[str, Any], safe_value(loads(path.read_bytes())), "it"))
        for name, type_ in FAILURES_TYPES.items():
            if name in content or name in ("failures", "samples"):
                read_value(type_, content.get(name), name)
    except OSError as error:
        raise UsageError(f"cannot read the failures {path} ({error.strerror})") from None
    except (KeyError, ValueError) as error:
        raise UsageError(f"{path} does not hold failures, or is damaged: {error}; write it with --failures") from None
    if content.get("run", {}).get("started", header.get("started")) != header.get("started"):
        raise UsageError(f"{path} holds the failures of another run; give those of the same run as the series")
    return content


def render_all(report: RunReport) -> dict[str, str]:
    """Return the text of each file of a report by the ending of its name."""
    return {"html": render_html(report), "md": render_markdown(report), "json": render_json(report)}


def _fitted_figures(series: Series, figures: Saturation, fits: RunFits) -> Iterator[Figure]:
    latency = "none"
    if series.total.ok_ms:
        p50, p95, p99 = percentiles(series.total.ok_ms, PERCENTILES)
        latency = f"p50 {format_ms(p50)}, p95 {format_ms(p95)}, p99 {format_ms(p99)}"
    texts = (
        _knee_text(fits.knee),
        _scalability_text(fits.scalability),
        _littles_law_text(fits.littles_law),
        latency,
        f"{figures.warm_up_s} s",
    )
    return (Figure(name, text, MEANINGS[name]) for name, text in zip(MEANINGS, texts, strict=True))


def _knee_text(knee: Knee) -> str:
    if knee.users is None:
        return f"none: {knee.why}"
    return f"at {format_users(knee.users, (knee.low or 0, knee.high or 0))}: {knee.why}"


def _scalability_text(law: Scalability | None) -> str:
    if law is None:
        return "not fitted: users did not climb over enough different numbers before the first failure"
    parameters = f"lambda {law.per_s_of_one:.3g} req/s, sigma {law.contention:.2g}, kappa {law.coherency:.2g}"
    if law.peak_users is None:
        return f"{law.why}; {parameters}"
    peak = format_users(law.peak_users, (law.low or 0, law.high or 0))
    return f"throughput peaks at {peak}; {parameters}, R2 {law.r2:.3f}"


def _littles_law_text(law: LittlesLaw | None) -> str:
    if law is None:
        return "not checked: no request was answered, or requests waited for users"
    if law.is_unknown:
        return f"{law.why}: {law.ratio:.2f}"
    return f"{'holds' if law.holds else 'does not hold'}: {law.ratio:.2f} ({law.low:.2f}-{law.high:.2f}); {law.why}"


def _run_info(header: Mapping[str, Any], objective: Objective, recorded: Objective) -> dict[str, str]:
    machine = header.get("machine", {})
    processors = f"{machine.get('processors')} processors"
    rows = {
        "started": header.get("started"),
        "users": ", ".join(header.get("user_classes", ())),
        "locustfile": header.get("locustfile"),
        "server": header.get("host"),
        "path": header.get("path"),
        "variant": header.get("variant"),
        "shape": header.get("shape"),
        "most users (-u)": header.get("users"),
        "users a second (-r)": header.get("spawn_rate"),
        "run time": header.get("run_time") and f"{header['run_time']:g} s",
        "objective": objective.text if objective == recorded else f"{objective.text} (the run had {recorded.text})",
        "workers": header.get("workers"),
        "generator": ", ".join(str(part) for part in (machine.get("system"), processors) if part),
        "versions": ", ".join(f"{name} {version}" for name, version in header.get("versions", {}).items()),
        "report by": f"locust-asyncdjango {__version__}",
    }
    return {name: str(value) for name, value in rows.items() if value}


def _failure_lines(report: RunReport) -> list[str]:
    if not report.failures:
        kinds = bullet_lines(f"{f.count} x {f.kind}, first {format_onset(f.first)}" for f in report.saturation.failures)
        return kinds or ["None."]
    lines = table_lines(FAILURE_HEADERS, map(_failure_cells, report.failures))
    for heading, text in map(_sample_texts, report.samples):
        lines += ["", f"### {escape_markdown(heading)}", "", *(f"    {line}" for line in text.splitlines())]
    return lines


def _figure_cells(figure: Figure) -> tuple[str, str, str]:
    return figure.name, figure.text, figure.meaning


def _request_rows(report: RunReport) -> list[tuple[str, ...]]:
    """Return the cells of each name. The last one says whether it failed at every load."""
    failing = {each.name for each in report.saturation.always_failing}
    return [
        (each.name, *request_cells(each), "at every load" if each.name in failing else "") for each in report.requests
    ]


def _failure_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return format_kind(row), str(row["count"]), format_first_failure(row), row["message"], row["advice"]


def _sample_texts(sample: Mapping[str, Any]) -> tuple[str, str]:
    """Return the heading of an example, and what the client saw of it: URL, exception and body."""
    status = f"HTTP {sample['status']}" if sample["status"] else "no response"
    text = "\n".join(filter(None, (sample["url"], sample["exception"], sample["body"])))
    return f"{sample['kind']}: {sample['name']}, {sample['t']} s, {status}", text
