"""Who is best in a subject, by how much, and how sure that is, in words. Start reading at ``winner_text``."""

from collections.abc import Sequence

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.analysis.comparison.planning import repeats_for, shared_by
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.comparison.verdicts import Comparison
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.statistics import ERROR

NO_DIFFERENCE = "no detectable difference"
FEWER_USERS = "measure with fewer users or a slower ramp (-u, -r)"
MATTERS = 0.05
"""The difference, as a share, for which a verdict without a winner says how many repeats would find it."""


def winner_text(findings: Findings, subject: str, comparison: Comparison) -> str:
    """Return which arm of a subject is best, its figure and that of another, their ratio, and how sure that is.

    comparison: of the best arm with the other one.
    """
    best, second, criterion = comparison.best, comparison.other, comparison.criterion
    if best.invalid_reason:
        return "no verdict: the results of all arms are above their ceilings"
    if criterion is None:
        return _peaks_text(findings.ranked(subject))
    if not best.mean(criterion):
        return _nothing_text(findings.ranked(subject), criterion)
    if second.invalid_reason:
        return (
            f"{best.trial.arm} {figure_text(best, criterion)}; the results of all other arms are above their ceilings"
        )
    if not second.mean(criterion):
        return _lacking_text(comparison, criterion)
    return _compared_text(findings, subject, comparison, criterion)


def full_load_text(comparison: Comparison) -> str:
    """Return by how much the goodput at full load of two arms differs whose capacities do not."""
    first, other, estimate = comparison.best, comparison.other, comparison.estimate
    goodputs = (value_text(runs, Criterion.GOODPUT) for runs in (first, other))
    figures = ", ".join(f"{runs.trial.arm} {text}" for runs, text in zip((first, other), goodputs, strict=True))
    ratio = f"; {ratio_text(estimate)}" if estimate else ""
    doubt = f"; {_single_repeat_text(comparison)}" if comparison.is_different is None else ""
    return f"goodput at full load differs, though capacity decides: {figures}{ratio}{doubt}"


def figure_text(runs: ArmRuns, criterion: Criterion) -> str:
    """Return what an arm does, with its mean figure: "carries 140 users within the objective (p95 <= 1s)"."""
    text = value_text(runs, criterion)
    if criterion is Criterion.LATENCY:
        return f"answers in {text} (median)"
    if criterion is Criterion.GOODPUT:
        return f"carries {text} at full load"
    objective = next((each.capacity.objective for each in runs.measured if each.capacity), "")
    return f"carries {text} within the objective ({objective})"


def value_text(runs: ArmRuns, criterion: Criterion) -> str:
    """Return the mean figure of an arm with its unit.

    "140 users", "at least 500 users" where no load broke the objective, "below 62 users" where in some run each did;
    "96.1 req/s" or "20.1 ms".
    """
    mean = runs.mean(criterion)
    if criterion is not Criterion.CAPACITY:
        return f"{mean:.1f} {criterion.unit}"
    unit = next((each.capacity.unit for each in runs.measured if each.capacity), criterion.unit)
    bound = "at least " if runs.is_bound else "" if mean else "below "
    return f"{bound}{mean or runs.capacity_range[1]:.0f} {unit}"


def ratio_text(estimate: RatioEstimate) -> str:
    """Return a ratio with its interval, if it has one: "1.52 (1.41-1.63) times"."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.ratio:.2f} times"
    return f"{estimate.ratio:.2f} ({estimate.low:.2f}-{estimate.high:.2f}) times"


def error_text(findings: Findings) -> str:
    """Return how many false differences are to be expected."""
    compared = (each for comparisons in findings.comparisons.values() for each in comparisons)
    full_load = any(map(findings.full_load_comparison, compared))
    apart = (
        f"; goodput at full load, where capacity decides, has an error of {ERROR:.0%} of its own" if full_load else ""
    )
    checks = f", in up to {counted(findings.looks, 'check')} each," if findings.looks > 1 else ""
    share = "shares" if findings.hypotheses == 1 else "share"
    return (
        f"errors: {counted(findings.hypotheses, 'pair')} of arms{checks} {share} an error of {ERROR:.0%}: of 100"
        f" experiments such as this one in which no arms differ, at most {100 * ERROR:.0f} call some of them"
        f" different{apart}"
    )


def _compared_text(findings: Findings, subject: str, comparison: Comparison, criterion: Criterion) -> str:
    best, second, estimate = comparison.best, comparison.other, comparison.estimate
    figures = f"{best.trial.arm} {figure_text(best, criterion)}, {second.trial.arm} {value_text(second, criterion)}"
    if criterion is Criterion.GOODPUT and findings.criterion(subject) is Criterion.CAPACITY:
        figures = f"both keep the objective under every load; {figures}"
    if estimate is None:
        return f"no verdict: {figures}; no repeat has both of them: run it again to be sure"
    ratio = f"{'at least ' if comparison.is_bound else ''}{_ratio_words(estimate, criterion)}"
    if comparison.is_different is None:
        return f"{figures}; {ratio}; {_single_repeat_text(comparison)}: repeat to be sure (--repeats 4)"
    if comparison.is_different:
        return f"{figures}; {ratio}"
    if comparison.is_decided:
        return f"no difference that matters: {figures}; {ratio}"
    return f"{NO_DIFFERENCE}: {figures}; {ratio}; {_repeats_text(findings, subject, criterion)}"


def _single_repeat_text(comparison: Comparison) -> str:
    """Return that a ratio is from one repeat only. Other runs of the arms, if there are some, have no counterpart."""
    return "one run each" if comparison.is_single_run else "in the only repeat that both have"


def _ratio_words(estimate: RatioEstimate, criterion: Criterion) -> str:
    return ratio_text(estimate) + (" as fast" if criterion is Criterion.LATENCY else "")


def _repeats_text(findings: Findings, subject: str, criterion: Criterion) -> str:
    noise = findings.noises.get((findings.subjects[subject][0].trial.route, criterion))
    arms = len(findings.subjects[subject])
    shared = shared_by(findings.experiment)
    spread = max(noise.spread, noise.least_spread) if noise else None
    needed = repeats_for(MATTERS, spread, arms, **shared, looks=findings.looks) if spread is not None else None
    if needed:
        return f"{needed} repeats would find {MATTERS:.0%}"
    slower = "; a slower ramp (-r) or a longer --budget shows more" if criterion is Criterion.CAPACITY else ""
    return f"{MATTERS:.0%} would take too many repeats to find{slower}"


def _peaks_text(ranked: list[ArmRuns]) -> str:
    peaks = ", ".join(f"{runs.trial.arm} {runs.mean_peak_per_s:.1f}" for runs in ranked if runs.measured)
    return (
        "no verdict: results of an earlier version without a series have no goodput; measure again."
        f" Peaks, which decide nothing: {peaks} req/s"
    )


def _nothing_text(ranked: Sequence[ArmRuns], criterion: Criterion) -> str:
    if criterion is Criterion.CAPACITY:
        bounds = ", ".join(f"{runs.trial.arm} {value_text(runs, criterion)}" for runs in ranked if runs.measured)
        return f"no verdict: no arm keeps the objective in each of its runs ({bounds}); {FEWER_USERS}"
    return "no arm answered a single request successfully"


def _lacking_text(comparison: Comparison, criterion: Criterion) -> str:
    """Return how the best arm compares with one that has a run without the figure."""
    best, other = comparison.best.trial.arm, comparison.other.trial.arm
    figure = figure_text(comparison.best, criterion)
    if criterion is not Criterion.CAPACITY:
        return f"{best} {figure}; a run of {other} had no successful request"
    bound = value_text(comparison.other, criterion)
    if comparison.is_ahead:
        return f"{best} {figure}, {other} {bound}"
    low, high = comparison.best.capacity_range
    return (
        f"no verdict: {best} {figure}, by its intervals {low} to {high}, and {other} {bound}, as in one of its runs the"
        f" lowest load was beyond it; {FEWER_USERS}"
    )
