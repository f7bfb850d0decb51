"""The report of what changed between two results folders: sentences, HTML, Markdown and JSON.

tolerance is the share of the former peak that an arm may lose without being worse.
"""

from dataclasses import asdict

from locust_asyncdjango.lab.analysis.changes import ArmChange, Changes
from locust_asyncdjango.lab.analysis.paired_stats import RatioEstimate
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.markdown import bullet_lines, escape_markdown
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.verdict import NO_DIFFERENCE, ratio_text
from locust_asyncdjango.metrics.strict_json import dumps

FORMAT_VERSION = 2
"""The version of the comparison as JSON. 2: tolerated -> tolerance, asked -> setup, found -> estimate,
unfit -> invalid_reason."""
EXPLANATION = (
    "How many times as much each arm carried after as before, with the 95 % interval by Student's"
    " t and the noise of runs of the same arm. Both were measured at different times: if the"
    " machine was slower for one of them, it looks like a change. Without an interval each arm ran once."
)


def change_sentences(changes: Changes, tolerance: float) -> list[str]:
    """Return what changed, the worst changes first."""
    by_ratio = sorted(changes.arms, key=lambda change: change.estimate.ratio if change.estimate else 0.0)
    sentences = [_sentence(change) for change in by_ratio if not change.is_equal]
    equal = sum(change.is_equal for change in changes.arms)
    sentences += [f"{equal} of {len(changes.arms)} arms: {NO_DIFFERENCE}"] if equal else []
    worse = sum(change.is_worse(tolerance) for change in changes.arms)
    sentences.append(f"{worse} of {len(changes.arms)} arms carry less by more than {tolerance:.0%}")
    return [*sentences, *changes.setup, *changes.missing]


def changes_table(changes: Changes) -> Table:
    """Return a table with a row for each arm, and the ratio drawn beside it."""
    rows = tuple(
        (
            change.arm,
            *(f"{rate:.1f}" if rate is not None else "-" for rate in (change.before_per_s, change.after_per_s)),
            ratio_text(change.estimate).removesuffix(" times") if change.estimate else "-",
            _result(change),
        )
        for change in changes.arms
    )
    ratios = tuple(change.estimate or RatioEstimate(1, None, None) for change in changes.arms)
    return Table("Peaks", EXPLANATION, ("arm", "before req/s", "after req/s", "times as much", "result"), rows, ratios)


def render_html(changes: Changes, title: str, tolerance: float) -> str:
    """Return the report as one HTML page that needs nothing else."""
    sentences = change_sentences(changes, tolerance)
    return render_page("comparison_report.html", title, title, sentences=sentences, table=changes_table(changes))


def render_markdown(changes: Changes, title: str, tolerance: float) -> str:
    """Return the same as Markdown."""
    sentences = bullet_lines(change_sentences(changes, tolerance))
    return "\n".join([f"# {escape_markdown(title)}", "", *sentences, "", *changes_table(changes).markdown()]) + "\n"


def render_json(changes: Changes, tolerance: float) -> str:
    """Return the same as JSON, for programs."""
    content = {
        "format": "locust-asyncdjango comparison",
        "format_version": FORMAT_VERSION,
        "tolerance": tolerance,
        "setup": changes.setup,
        "arms": [{**asdict(change), "is_worse": change.is_worse(tolerance)} for change in changes.arms],
        "missing": changes.missing,
    }
    return dumps(content, indent=2) + "\n"


def _sentence(change: ArmChange) -> str:
    if change.estimate is None or change.invalid_reason:
        return f"{change.arm}: {_result(change)}"
    rates = f"{change.after_per_s:.1f} against {change.before_per_s:.1f} req/s"
    return f"{change.arm}: {rates}, {ratio_text(change.estimate)} as much"


def _result(change: ArmChange) -> str:
    if change.invalid_reason:
        return change.invalid_reason
    if change.before_per_s is None or change.after_per_s is None:
        return f"not measured in the {'first' if change.before_per_s is None else 'second'} folder"
    if change.estimate is None:
        return "a run had no successful request"
    if change.estimate.is_different is None:
        return "one run each"
    return ("more" if change.estimate.ratio > 1 else "less") if change.estimate.is_different else NO_DIFFERENCE
