"""What changed between two results folders or two runs: peaks, settings and provenance.

Start reading at ``find_changes``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from locust_asyncdjango.analysis.formatting import not_measured_reason, too_short_reason
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.caveats import PROVENANCE_PARTS, VERSIONS
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.sites import lab_versions, versions_of_sites
from locust_asyncdjango.metrics.series_file import Series


@dataclass(frozen=True, slots=True)
class ArmChange:
    """How the peak of an arm changed.

    before_per_s, after_per_s: mean peaks in requests per second, None if not measured. estimate: the ratio of after to
    before, None if an arm was not measured or a run carried nothing. invalid_reason: why nothing follows from the
    change, "" if something does.
    """

    arm: str
    before_per_s: float | None
    after_per_s: float | None
    estimate: paired_stats.RatioEstimate | None
    invalid_reason: str = ""

    def is_worse(self, tolerance: float) -> bool:
        """Return whether the arm carries less than before, beyond the tolerance and beyond noise, or nothing any more.

        tolerance: the share of the former peak that may be lost.
        """
        if self.invalid_reason or self.before_per_s is None:
            return False
        if self.estimate is None:
            return self.after_per_s is None or self.after_per_s < self.before_per_s
        if self.estimate.is_different is None and self.after_per_s:
            is_clear = 1 / self.estimate.ratio >= paired_stats.clear_ratio(self.before_per_s, self.after_per_s)
        else:
            is_clear = bool(self.estimate.is_different)
        return self.estimate.ratio < 1 - tolerance and is_clear

    @property
    def is_equal(self) -> bool:
        """Return whether runs before and after show no detectable difference."""
        return not self.invalid_reason and self.estimate is not None and self.estimate.is_different is False


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two experiments.

    setup: a sentence for each setting, version and machine property that differs. arms: one for each arm of both.
    missing: a sentence for each arm that is in one of them only.
    """

    setup: tuple[str, ...]
    arms: tuple[ArmChange, ...]
    missing: tuple[str, ...]


def find_changes(
    before: Findings, after: Findings, provenances: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> Changes:
    """Return what changed. provenances: when, where and with which versions each experiment was run."""
    old, new = ({runs.title: runs for runs in findings.runs} for findings in (before, after))
    common = [title for title in old if title in new]
    peaks = ([list(runs[title].peaks_per_s.values()) for title in common] for runs in (old, new))
    estimates = paired_stats.compare_unpaired(*peaks)
    arms = (_arm_change(old[title], new[title], estimate) for title, estimate in zip(common, estimates, strict=True))
    missing = [f"only in the first folder: {title}" for title in old if title not in new]
    missing += [f"only in the second folder: {title}" for title in new if title not in old]
    settings = _differences(asdict(before.experiment), asdict(after.experiment))
    sites = _differences(versions_of_sites(before.results), versions_of_sites(after.results))
    context = (line for part in PROVENANCE_PARTS for line in _differences(*(_part(each, part) for each in provenances)))
    return Changes((*settings, *sites, *context), tuple(arms), tuple(missing))


def _part(provenance: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part: Mapping[str, Any] = provenance.get(name, {})
    return lab_versions(part) if name == VERSIONS else part


def find_run_changes(before: Series, after: Series) -> Changes:
    """Return what changed from one run of Locust to another: its peak, and what its header says."""
    old, new = (find_saturation(series.intervals, series.load_levels) for series in (before, after))
    name = ", ".join(after.header.get("user_classes", ())) or "the run"
    reasons = (not_measured_reason(each) or too_short_reason(each) for each in (old, new))
    reason = next(filter(None, reasons), "")
    (estimate,) = paired_stats.compare_unpaired([[old.peak_per_s]], [[new.peak_per_s]])
    headers = ({key: value for key, value in each.header.items() if key != "started"} for each in (before, after))
    change = ArmChange(name, old.peak_per_s, new.peak_per_s, estimate, reason)
    return Changes(tuple(_differences(*headers)), (change,), ())


def _arm_change(before: ArmRuns, after: ArmRuns, estimate: paired_stats.RatioEstimate | None) -> ArmChange:
    reason = before.invalid_reason or after.invalid_reason
    which = "first" if before.invalid_reason else "second"
    invalid_reason = f"its result in the {which} folder is a measurement error: {reason}" if reason else ""
    old, new = (runs.mean_peak_per_s if runs.measured else None for runs in (before, after))
    return ArmChange(before.title, old, new, estimate, invalid_reason)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        old, new = (each.get(name, "unknown") for each in (before, after))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _differences(old, new)
        elif old != new:
            yield f"{name} was {_value_text(old)}, and is {_value_text(new)}"


def _value_text(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, tuple | list) else str(value) or "none"
