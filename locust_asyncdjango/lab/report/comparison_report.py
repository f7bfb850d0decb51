"""Two results folders -> what has changed between them, in what was asked, in what ran, and in what it carried."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.caveats import ENVIRONMENT_PARTS
from locust_asyncdjango.lab.analysis.findings import ArmRuns, Findings
from locust_asyncdjango.lab.report import html as html_page
from locust_asyncdjango.lab.report.markdown import bullets, escape_markdown
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.lab.report.verdict import NO_DIFFERENCE, arm_name, clear_ratio, ratio_text

FORMAT_VERSION = 1
"""Of the comparison as JSON."""
MEANING = (
    "How many times as much each arm carried in the second folder as in the first, with the 95 % interval by Student's"
    " t and the spread of runs of the same arm in either. The two were measured at different times: a machine that was"
    " slower then looks like a change. Without an interval each arm ran once."
)


@dataclass(frozen=True, slots=True)
class Change:
    """Of an arm in both folders: what it carried, in requests a second, None where it was not measured, and the ratio
    of the second to the first. unfit: why that says nothing, "" where it does."""

    arm: str
    before_per_s: float | None
    after_per_s: float | None
    found: paired_stats.RatioEstimate | None
    """None where an arm was not measured, or a run carried nothing."""
    invalid_reason: str = ""

    def is_worse(self, tolerated: float) -> bool:
        """Whether it carries less by more than a share of what it did, and that is no noise as far as can be told; or
        was measured and no longer is."""
        if self.invalid_reason or self.before_per_s is None:
            return False
        if self.found is None:
            return self.after_per_s is None or self.after_per_s < self.before_per_s
        if self.found.is_different is None and self.after_per_s:
            is_clear = 1 / self.found.ratio >= clear_ratio(self.before_per_s, self.after_per_s)
        else:
            is_clear = bool(self.found.is_different)
        return self.found.ratio < 1 - tolerated and is_clear

    @property
    def says(self) -> str:
        """What has become of it."""
        if self.invalid_reason:
            return self.invalid_reason
        if self.before_per_s is None or self.after_per_s is None:
            return f"not measured in the {'first' if self.before_per_s is None else 'second'}"
        if self.found is None:
            return "a run carried nothing"
        if self.found.is_different is None:
            return "one run each"
        return ("more" if self.found.ratio > 1 else "less") if self.found.is_different else NO_DIFFERENCE

    @property
    def told(self) -> str:
        """In words."""
        if self.found is None or self.invalid_reason:
            return f"{self.arm}: {self.says}"
        rates = f"{self.after_per_s:.1f} against {self.before_per_s:.1f} req/s"
        return f"{self.arm}: {rates}, {ratio_text(self.found)} as much"


@dataclass(frozen=True, slots=True)
class Changes:
    """Between two folders. asked: what else is different. missing: arms that only one of them has."""

    asked: tuple[str, ...]
    arms: tuple[Change, ...]
    missing: tuple[str, ...]

    def sentences(self, tolerated: float) -> list[str]:
        """What has changed, worst first."""
        by_ratio = sorted(self.arms, key=lambda change: change.found.ratio if change.found else 0.0)
        told = [change.told for change in by_ratio if change.says != NO_DIFFERENCE]
        alike = sum(change.says == NO_DIFFERENCE for change in self.arms)
        told += [f"{alike} of {len(self.arms)} arms: {NO_DIFFERENCE}"] if alike else []
        worse = sum(change.is_worse(tolerated) for change in self.arms)
        told.append(f"{worse} of {len(self.arms)} arms carry less by more than {tolerated:.0%}")
        return [*told, *self.asked, *self.missing]


def changes(before: Findings, after: Findings, about: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Changes:
    """about: when and where each was begun, with which versions."""
    old, new = ({arm_name(runs): runs for runs in findings.runs} for findings in (before, after))
    common = [name for name in old if name in new]
    found = paired_stats.compare_unpaired(
        *([list(runs[name].peaks.values()) for name in common] for runs in (old, new))
    )
    arms = (_change(name, old[name], new[name], each) for name, each in zip(common, found, strict=True))
    missing = [f"only in the first: {name}" for name in old if name not in new]
    missing += [f"only in the second: {name}" for name in new if name not in old]
    asked = _different(asdict(before.experiment), asdict(after.experiment))
    where = (line for part in ENVIRONMENT_PARTS for line in _different(*(each.get(part, {}) for each in about)))
    return Changes((*asked, *where), tuple(arms), tuple(missing))


def _change(name: str, before: ArmRuns, after: ArmRuns, found: paired_stats.RatioEstimate | None) -> Change:
    flagged = before.flag or after.flag
    invalid_reason = (
        f"its result in the {'first' if before.flag else 'second'} cannot be true: {flagged}" if flagged else ""
    )
    old, new = (runs.mean_peak_per_s if runs.measured else None for runs in (before, after))
    return Change(name, old, new, found, invalid_reason)


def table(found: Changes) -> Table:
    """A row per arm."""
    rows = (
        (
            change.arm,
            *(f"{rate:.1f}" if rate is not None else "-" for rate in (change.before_per_s, change.after_per_s)),
            ratio_text(change.found).removesuffix(" times") if change.found else "-",
            change.says,
        )
        for change in found.arms
    )
    shown = [change.found or paired_stats.RatioEstimate(1, None, None) for change in found.arms]
    ratios = tuple((each.ratio, each.low, each.high) for each in shown)
    return Table("Peaks", MEANING, ("arm", "before req/s", "after req/s", "times as much", ""), tuple(rows), ratios)


def markdown(found: Changes, title: str, tolerated: float) -> str:
    """As Markdown."""
    lines = [f"# {escape_markdown(title)}", "", *bullets(found.sentences(tolerated)), "", *table(found).markdown()]
    return "\n".join(lines) + "\n"


def html(found: Changes, title: str, tolerated: float) -> str:
    """As one HTML page that needs nothing else."""
    body = html_page.bullets(map(escape, found.sentences(tolerated))) + table(found).html()
    return html_page.page(title, title, body, {})


def as_json(found: Changes, tolerated: float) -> str:
    """For programs."""
    arms = [{**asdict(change), "is_worse": change.is_worse(tolerated)} for change in found.arms]
    shown = {"format": "locust-asyncdjango comparison", "format_version": FORMAT_VERSION, "tolerated": tolerated}
    return json.dumps({**shown, "asked": found.asked, "arms": arms, "missing": found.missing}, indent=2) + "\n"


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = (each.get(name, "not told") for each in (before, after))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _different(old, new)
        elif old != new:
            yield f"{name} was {_shown(old)}, and is {_shown(new)}"


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple | list) else str(value) or "none"
