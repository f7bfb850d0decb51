"""The report of one run: series and failures -> what is told of it -> HTML, Markdown and JSON of the same content."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from locust_asyncdjango._version import __version__
from locust_asyncdjango.analysis.charts import Chart, charts_over_time
from locust_asyncdjango.analysis.definitions import WARM_UP
from locust_asyncdjango.analysis.formatting import (
    Figure,
    format_count,
    format_first_failure,
    format_kind,
    format_ms,
    format_onset,
    format_per_s,
    key_figures,
)
from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import read_failures_document
from locust_asyncdjango.lab.analysis.scalability import LittlesLaw, RunFits, Scalability, fits
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.report.html import page, table, texts
from locust_asyncdjango.lab.report.markdown import escape_markdown, table_lines
from locust_asyncdjango.lab.report.plots import charts_over_users
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.metrics.statistics import percentiles

FORMAT = "locust-asyncdjango report"
FORMAT_VERSION = 1
FAILURE_HEADS = ("kind", "count", "first seen", "message", "what to do")

FITTED = {
    "knee": "from where on more users bring no more: two joined straight lines, fitted to successful requests a second"
    " over users, with a bootstrap interval; Kneedle has to agree",
    "Universal Scalability Law": "X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)), fitted up to the first"
    " failure: sigma is what users wait for each other, kappa what it costs to agree; both set where throughput peaks",
    "Little's law": "requests in flight for each user, which is 1 where users ask again as soon as they are answered",
    "latency of successes": "of the whole run: half, 95 % and 99 % of them took no longer",
    "warm-up": f"{WARM_UP}; slowdown, knee and scalability leave them out",
}


@dataclass(frozen=True, slots=True)
class RunReport:
    """All that a report says."""

    title: str
    verdict: str
    numbers: tuple[Figure, ...]
    fitted: tuple[Figure, ...]
    charts: list[Chart]
    failures: list[dict[str, Any]]
    samples: list[dict[str, Any]]
    unrecorded: int
    found: tuple[str, ...]
    not_held: tuple[str, ...]
    ran: dict[str, str]
    figures: Saturation
    fits: RunFits


def told(series: Series, failures: Mapping[str, Any]) -> RunReport:
    """What is told of a run. failures: what --failures has written, or nothing."""
    figures, fitted = find_saturation(series.intervals), fits(series.intervals)
    return RunReport(
        title=", ".join(series.header.get("user_classes", ())) or "One run",
        verdict=verdict(series, figures, fitted, failures.get("failures", ())),
        numbers=key_figures(figures),
        fitted=tuple(_fitted(series, figures, fitted)),
        charts=[*charts_over_time(series.intervals, figures), *charts_over_users(series.intervals, figures, fitted)],
        failures=list(failures.get("failures", ())),
        samples=list(failures.get("samples", ())),
        unrecorded=failures.get("unrecorded", 0),
        found=tuple(
            f"{series.header.get('shape', 'The shape')}: {found}" for found in failures.get("shape_findings", ())
        ),
        not_held=tuple(health_problems(series.intervals).values()),
        ran=_ran(series.header),
        figures=figures,
        fits=fitted,
    )


def verdict(series: Series, figures: Saturation, fitted: RunFits, failures: Sequence[Mapping[str, Any]]) -> str:
    """One sentence, and another if it does not tell of the server. failures: most frequent first."""
    todo = {row["kind"]: row["advice"] for row in reversed(failures) if row["advice"]}

    def told_of(name: str) -> str:
        advised = todo.get(name) or advice(name)
        return f": {advised}" if advised else ""

    most = max((second.users for second in series.intervals), default=0)
    if not figures.successes:
        if not figures.failures:
            return "Nothing was answered."
        most_failed = figures.failures[0].kind
        return f"No request succeeded; most failed by {most_failed}{told_of(most_failed)}."
    rate = format_per_s(figures.peak_per_s)
    sentence = f"It carried {rate} successful requests a second at {figures.peak_users} users; "
    if figures.failures:
        broke = min(figures.failures, key=lambda failure: failure.first.t)
        sentence += f"{broke.kind} broke first, {format_onset(broke.first)}{told_of(broke.kind)}."
    elif figures.slowdown:
        sentence += f"nothing broke, and it slowed down from {figures.slowdown.users} users on."
    else:
        sentence += f"up to {most} users nothing broke and nothing slowed down."
    if fitted.little and fitted.little.generator_bound:
        sentence += " But the generator was the limit, not the server."
    return sentence


def _fitted(series: Series, figures: Saturation, fitted: RunFits) -> Iterable[Figure]:
    knee = fitted.knee
    found = "none"
    if knee.users is not None:
        found = f"at {format_count(knee.users, (knee.low or 0, knee.high or 0))} users"
    texts = [f"{found}: {knee.why}", _scalability(fitted.scalability), _little(fitted.little)]
    if series.total.ok_ms:
        p50, p95, p99 = percentiles(series.total.ok_ms, PERCENTILES)
        texts.append(f"p50 {format_ms(p50)}, p95 {format_ms(p95)}, p99 {format_ms(p99)}")
    else:
        texts.append("none")
    texts.append(f"{figures.warm_up_s} s")
    return (Figure(name, text, FITTED[name]) for name, text in zip(FITTED, texts, strict=True))


def _scalability(law: Scalability | None) -> str:
    if law is None:
        return "not fitted: users did not climb over enough different numbers before the first failure"
    fitted = f"lambda {law.per_s_of_one:.3g} req/s, sigma {law.contention:.2g}, kappa {law.coherency:.2g}"
    if law.peak_users is None:
        return f"{law.why}; {fitted}"
    peak = format_count(law.peak_users, (law.low or 0, law.high or 0))
    return f"throughput peaks at {peak} users; {fitted}, R2 {law.r2:.3f}"


def _little(law: LittlesLaw | None) -> str:
    if law is None:
        return "not checked: nothing was answered, or requests have waited for users"
    return f"{'holds' if law.holds else 'does not hold'}: {law.ratio:.2f} ({law.low:.2f}-{law.high:.2f}); {law.why}"


def _ran(header: Mapping[str, Any]) -> dict[str, str]:
    machine = header.get("machine", {})
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
        "workers": header.get("workers"),
        "generator": ", ".join(
            str(part) for part in (machine.get("system"), f"{machine.get('processors')} processors") if part
        ),
        "versions": ", ".join(f"{name} {version}" for name, version in header.get("versions", {}).items()),
        "report by": f"locust-asyncdjango {__version__}",
    }
    return {name: str(value) for name, value in rows.items() if value}


def html(content: RunReport) -> str:
    """One page that needs nothing else."""
    shown = [
        f'<p class="verdict">{escape(content.verdict)}</p>',
        *(f"<p>{escape(told)}.</p>" for told in _beside_the_verdict(content)),
        "<h2>Where it saturated</h2>",
        '<div class="figures">',
        texts(("figure", "this run, with 95 % interval", "what it is"), [*map(_cells, content.numbers)]),
        "</div>",
        '<div id="charts"></div>',
        "<h2>What the figures say together</h2>",
        '<div class="figures">',
        texts(("figure", "this run", "what it is"), [*map(_cells, content.fitted)]),
        "</div>",
        "<h2>Failures</h2>",
        *_failures(content),
        "<h2>What ran where</h2>",
        texts((), content.ran.items()),
    ]
    return page(content.title, f"Where {content.title} saturated", "\n".join(shown), {"charts": content.charts})


def _beside_the_verdict(content: RunReport) -> tuple[str, ...]:
    return (*content.found, *(f"Generator problem: {problem}" for problem in content.not_held))


def _cells(number: Figure) -> tuple[str, str, str]:
    return number.name, number.text, number.meaning


def _failures(content: RunReport) -> Iterable[str]:
    if content.unrecorded:
        yield f"<p>{content.unrecorded} requests could not be recorded.</p>"
    if not content.failures:
        counted = [(failure.count, failure.kind, format_onset(failure.first)) for failure in content.figures.failures]
        yield table(("count", "kind", "first"), counted) if counted else "<p>None.</p>"
        return
    yield texts(FAILURE_HEADS, map(_failure_cells, content.failures), labelled=True)
    for about, said in map(_sample_texts, content.samples):
        yield f"<details><summary>{escape(about)}</summary><pre>{escape(said)}</pre></details>"


def _failure_cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    return format_kind(row), str(row["count"]), format_first_failure(row), row["message"], row["advice"]


def _sample_texts(sample: Mapping[str, Any]) -> tuple[str, str]:
    """What a sample is of, and what was seen."""
    status = f"HTTP {sample['status']}" if sample["status"] else "no answer"
    said = "\n".join(filter(None, (sample["url"], sample["exception"], sample["body"])))
    return f"{sample['kind']}: {sample['name']}, {sample['t']} s, {status}", said


def markdown(content: RunReport) -> str:
    """The same but for the charts."""
    lines = [f"# Where {escape_markdown(content.title)} saturated", "", escape_markdown(content.verdict), ""]
    lines += [line for told in _beside_the_verdict(content) for line in (f"{escape_markdown(told)}.", "")]
    lines += ["## Where it saturated", ""]
    lines += table_lines(("figure", "this run, with 95 % interval", "what it is"), map(_cells, content.numbers))
    lines += ["", "## What the figures say together", ""]
    lines += table_lines(("figure", "this run", "what it is"), map(_cells, content.fitted))
    lines += ["", "## Failures", ""]
    if content.unrecorded:
        lines += [f"{content.unrecorded} requests could not be recorded.", ""]
    if content.failures:
        lines += table_lines(FAILURE_HEADS, map(_failure_cells, content.failures))
        for about, said in map(_sample_texts, content.samples):
            lines += ["", f"### {escape_markdown(about)}", "", *(f"    {line}" for line in said.splitlines())]
    else:
        lines += [f"- {f.count} x {f.kind}, first {format_onset(f.first)}" for f in content.figures.failures] or [
            "None."
        ]
    lines += ["", "## What ran where", "", *(f"- {name}: {value}" for name, value in content.ran.items())]
    return "\n".join(lines) + "\n"


def as_json(content: RunReport) -> str:
    """The same for programs."""
    return json.dumps({"format": FORMAT, "version": FORMAT_VERSION, **asdict(content)}, indent=1) + "\n"


def read_failures(path: Path | None, header: Mapping[str, Any]) -> dict[str, Any]:
    """What --failures has written in the run of this header; nothing without. Raises UsageError."""
    if path is None:
        return {}
    try:
        content = read_failures_document(json.loads(path.read_text(encoding="utf-8")))
        for row in content["failures"]:
            _failure_cells(row)
        for sample in content["samples"]:
            _sample_texts(sample)
    except OSError as error:
        raise UsageError(f"cannot read the failures {path} ({error.strerror})") from None
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise UsageError(f"{path} does not hold failures; write it with --failures") from None
    if content.get("run", {}).get("started", header.get("started")) != header.get("started"):
        raise UsageError(f"{path} holds the failures of another run; give those of the same run as the series")
    return content


def written(output: Path) -> dict[Path, Callable[[RunReport], str]]:
    """The files of a report, and what writes each."""
    return {output: html, output.with_suffix(".md"): markdown, output.with_suffix(".json"): as_json}


def write(content: RunReport, output: Path) -> None:
    """Writes the page, and beside it the same as .md and .json. Raises UsageError, and OSError on a full disk."""
    for path, text in written(output).items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {path} ({error.strerror}); choose another --output") from None
        with file:
            file.write(text(content))
