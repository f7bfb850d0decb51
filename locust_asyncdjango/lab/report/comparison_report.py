"""The report of what changed between two results folders: sentences, HTML, Markdown and JSON.

tolerance is the share of the former peak that an arm may lose without being worse.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from locust_asyncdjango.lab.analysis.changes.arm_change import PEAK, ArmChange, Changes
from locust_asyncdjango.lab.analysis.changes.change_stats import ASSUMED_NOISE, CommonChange
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.markdown import bullet_lines, escape_markdown
from locust_asyncdjango.lab.report.sentences.name_changes import name_sentences, names_table
from locust_asyncdjango.lab.report.sentences.winner import NO_DIFFERENCE, ratio_text
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.metrics.strict_json import dumps

FORMAT_VERSION = 3
"""The version of the comparison as JSON. 2: tolerated -> tolerance, asked -> setup, found -> estimate,
unfit -> invalid_reason. 3: before_per_s -> before, after_per_s -> after, estimate -> change; measure, common and
capacities are new."""
SMALLEST_COMMON = 0.005
"""The share by which all arms must have changed together before it is worth a sentence."""
EXPLANATION = (
    "How many times as much each arm carried after as before, when what all arms changed by together is taken off, with"
    " the interval by Student's t and the noise of the runs of its route. The arms share the 5 % of errors by Holm's"
    " rule. If the machine was slower for one of the two, that looks like a change of all arms."
)


def change_sentences(changes: Changes, tolerance: float) -> list[str]:
    """Return what changed: first what was asked differently, then all arms together, then the worst of them first."""
    everything = (*changes.arms, *changes.capacities)
    by_ratio = sorted(everything, key=lambda each: each.change.ratio if each.change else 0.0)
    return [
        *changes.setup,
        *changes.missing,
        *_together_sentences(changes),
        *(_sentence(change) for change in by_ratio if not change.is_equal),
        *_count_sentences("arms", "carry less", changes.arms, tolerance),
        *_count_sentences("capacities", "are lower", changes.capacities, tolerance),
        *_assumption(changes),
        *name_sentences(changes.names),
    ]


def changes_tables(changes: Changes) -> list[Table]:
    """Return a table with a row for each arm, and one for each capacity, with the ratios drawn beside them."""
    tables = [_table("What the arms carried", changes.arms)]
    tables += [_table("Capacity within the objective", changes.capacities)] if changes.capacities else []
    return [*tables, names_table(changes.names)] if changes.names else tables


def _table(title: str, changes: Sequence[ArmChange]) -> Table:
    rows = tuple(
        (
            change.arm,
            *(f"{value:.1f}" if value is not None else "-" for value in (change.before, change.after)),
            ratio_text(_estimate(change)).removesuffix(" times") if change.change else "-",
            _result(change),
        )
        for change in changes
    )
    unit = changes[0].unit
    headings = ("arm", f"before {unit}", f"after {unit}", "times as much", "result")
    return Table(title, EXPLANATION, headings, rows, tuple(map(_estimate, changes)))


def render_html(changes: Changes, title: str, tolerance: float) -> str:
    """Return the report as one HTML page that needs nothing else."""
    sentences = change_sentences(changes, tolerance)
    return render_page("comparison_report.html", title, title, sentences=sentences, tables=changes_tables(changes))


def render_markdown(changes: Changes, title: str, tolerance: float) -> str:
    """Return the same as Markdown."""
    sentences = bullet_lines(change_sentences(changes, tolerance))
    tables = [line for table in changes_tables(changes) for line in ("", *table.markdown())]
    return "\n".join([f"# {escape_markdown(title)}", "", *sentences, *tables]) + "\n"


def render_json(changes: Changes, tolerance: float) -> str:
    """Return the same as JSON, for programs."""
    content = {
        "format": "locust-asyncdjango comparison",
        "format_version": FORMAT_VERSION,
        "tolerance": tolerance,
        "setup": changes.setup,
        "common": asdict(changes.common),
        "arms": [_json(change, tolerance) for change in changes.arms],
        "capacities": [_json(change, tolerance) for change in changes.capacities],
        "missing": changes.missing,
        "names": [asdict(change) for change in changes.names],
    }
    return dumps(content, indent=2) + "\n"


def _json(change: ArmChange, tolerance: float) -> dict[str, Any]:
    return {**asdict(change), "is_worse": change.is_worse(tolerance)}


def _together_sentences(changes: Changes) -> list[str]:
    """Return by how much all arms changed together, and what of it was taken off as the machine's."""
    common, compared = changes.common, sum(change.change is not None for change in changes.arms)
    if not compared:
        return ["no arm was measured in both: nothing can be compared"]
    speed = f"; the processors ran {common.speed:.2f} times as fast" if common.speed else ""
    if compared == 1:
        taken_off = f", and {common.taken_off:.2f} times is taken off" if common.taken_off != 1 else ""
        return [f"one arm was measured in both: if the machine was slower, that looks like a change{speed}{taken_off}"]
    if abs(common.together - 1) < SMALLEST_COMMON:
        return [f"the {compared} arms together carry as much as before{speed}"]
    return [f"the {compared} arms together carry {common.together:.2f} times as much{speed}; {_taken_off(common)}"]


def _taken_off(common: CommonChange) -> str:
    doubt = "if all arms really changed, this hides it"
    if abs(common.taken_off - common.together) < SMALLEST_COMMON:
        return f"that is taken off as the machine's: {doubt}"
    return f"no more than {common.taken_off:.2f} times can be the machine's, and is taken off"


def _count_sentences(what: str, less_text: str, changes: Sequence[ArmChange], tolerance: float) -> list[str]:
    equal = sum(change.is_equal for change in changes)
    less = sum(change.is_less(tolerance) for change in changes)
    gone = sum(change.is_gone for change in changes)
    compared = sum(change.change is not None for change in changes)
    sentences = [f"{equal} of {compared} {what}: {NO_DIFFERENCE}"] if equal else []
    sentences += [f"{less} of {compared} {what} {less_text} by more than {tolerance:.0%}"] if compared else []
    return [*sentences, f"{gone} of {len(changes)} {what}: measured before, and nothing now"] if gone else sentences


def _assumption(changes: Changes) -> list[str]:
    if not any(change.change and change.change.is_assumed for change in changes.arms):
        return []
    return [
        f"one run each: it is assumed that runs differ by {ASSUMED_NOISE:.0%}, so that smaller changes are not certain;"
        " measure both with --repeats 3 to know"
    ]


def _estimate(change: ArmChange) -> RatioEstimate:
    """Return the ratio with its interval, for texts and drawings; 1 without one where there is none."""
    if not change.change:
        return RatioEstimate(1, None, None)
    return RatioEstimate(change.change.ratio, change.change.low, change.change.high)


def _sentence(change: ArmChange) -> str:
    if change.change is None or change.invalid_reason:
        return f"{change.arm}: {_result(change)}"
    figures = f"{change.after:.1f} against {change.before:.1f} {change.unit}"
    peak = " at the peak" if change.measure == PEAK else ""
    return f"{change.arm}: {figures}{peak}, {ratio_text(_estimate(change))} as much"


def _result(change: ArmChange) -> str:
    if change.invalid_reason:
        return change.invalid_reason
    if change.before is None or change.after is None:
        both = "either" if change.before == change.after else "the first" if change.before is None else "the second"
        return f"not measured in {both} folder"
    if change.change is None:
        return "a run had no successful request"
    if change.is_equal:
        return NO_DIFFERENCE
    return "more" if change.change.ratio > 1 else "less"
