"""Findings -> sentences: who carried more, by how much and how sure, what broke first, and what speaks against it."""

from collections import Counter
from collections.abc import Iterable
from math import exp, sqrt

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S, Onset
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.findings import ArmRuns, Comparison, Findings
from locust_asyncdjango.lab.experiment import plan
from locust_asyncdjango.lab.experiment.spec import Experiment, Trial

BESIDE_LOAD_S = 12
"""That a trial takes beside its load, about: services, server, preflight, warm-up, and stopping them."""
NO_DIFFERENCE = "no detectable difference"
ALONE_TRIPS = 28
"""Round trips that a trial takes beside its load, about: four requests of a query or two."""
MOST_NOISE = 10
ONE_RUN_TOLERANCE = 1.1
"""The ratio that is taken for noise where nothing shows the noise."""
FEWEST_A_A = 3
"""Pairs, of which each can be held against the others."""


def verdict(findings: Findings) -> list[str]:
    """Sentences per route: who carried more and how sure that is, and what broke first on each server."""
    told = (
        sentence
        for subject, compared in findings.subjects.items()
        for sentence in (*_winners(findings, subject), *map(_first_break, compared))
    )
    return [*told, *_noise(findings), *_marked(findings)]


def winner_sentences(findings: Findings) -> list[str]:
    """Of these who carried more, and how sure that is."""
    told = (sentence for subject in findings.subjects for sentence in _winners(findings, subject))
    return [*told, *_noise(findings), *_marked(findings)]


def first_failure_sentences(findings: Findings) -> list[str]:
    """Of these what broke first."""
    return [_first_break(runs) for runs in findings.runs]


def _winners(findings: Findings, subject: str) -> list[str]:
    flagged = [runs for runs in findings.subjects[subject] if runs.flag]
    told = [f"{subject}: {_winner(comparisons)}"] if (comparisons := findings.comparisons[subject]) else []
    return told + [f"{runs.trial.title}: {runs.flag}: a fault of the measurement, no win" for runs in flagged]


def _winner(comparisons: list[Comparison]) -> str:
    best, second = comparisons[0].best, comparisons[0].other
    if best.flag:
        return "no verdict, as no arm has a result that can be true"
    if not best.figures or not best.figures.peak_per_s:
        return "no server answered a single request"
    peaks = [f"{runs.figures.peak_per_s:.1f}" for runs in (best, second) if runs.figures]
    if second.flag:
        return f"{best.trial.arm} carried {peaks[0]} req/s; no other arm has a result that can be true"
    if not second.mean_peak_per_s:
        return f"{best.trial.arm} carried {peaks[0]} req/s; a run on {second.trial.arm} carried nothing"
    found = comparisons[0].found
    if found is None or found.is_different is None:
        if found and found.ratio < clear_ratio(best.mean_peak_per_s, second.mean_peak_per_s):
            return f"no clear difference in peak throughput ({peaks[0]} and {peaks[1]} req/s)"
        return f"{best.trial.arm} peaks highest, {peaks[0]} against {peaks[1]} req/s"
    if not found.is_different:
        return f"{NO_DIFFERENCE}: {best.trial.arm} carried {ratio_text(found)} as much as {second.trial.arm}"
    rates = f"{peaks[0]} against {peaks[1]} req/s"
    return f"{best.trial.arm} carried {ratio_text(found)} as much as {second.trial.arm}, {rates}"


def clear_ratio(*peaks_per_s: float) -> float:
    """From which on the ratio of two single runs is told as a difference: beyond a tenth, and beyond twice what chance
    makes of so few requests as peaks of ten seconds count (as Poisson has it)."""
    return max(ONE_RUN_TOLERANCE, exp(2 * sqrt(sum(1 / (PEAK_WINDOW_S * peak) for peak in peaks_per_s))))


def ratio_text(found: paired_stats.RatioEstimate) -> str:
    """A ratio with its interval, if there is one."""
    if found.low is None or found.high is None:
        return f"{found.ratio:.2f} times"
    return f"{found.ratio:.2f} ({found.low:.2f}-{found.high:.2f}) times"


def _first_break(runs: ArmRuns) -> str:
    title, figures = runs.trial.title, runs.figures
    if figures is None:
        return f"{title}: not measured: {runs.results[-1].error}"
    if not figures.failures:
        slowdown = onset(figures.slowdown, "it never slowed down", "it slowed down from {} users")
        return f"{title}: nothing broke; {slowdown}"
    first = min(figures.failures, key=lambda failure: failure.first.t)
    return f"{title}: {first.kind} broke first, at {first.first.users} users; {advice(first.kind)}"


def _by_speed(noise: paired_stats.Noise | None) -> str:
    if noise is None:
        return ""
    return f", {noise.floor:.2f} without what goes with the machine's own speed (slope {noise.slope:.2f})"


def _noise(findings: Findings) -> list[str]:
    noise, pairs = findings.noise, findings.a_a_pairs
    if noise is None:
        return []
    freedom = f"{noise.freedom} degree{'s' if noise.freedom > 1 else ''} of freedom"
    floor = f"up to {noise.floor:.2f} times" if noise.floor < MOST_NOISE else "more than can be told of so few"
    told = [f"noise: two runs of the same arm differ by {floor} ({freedom}){_by_speed(findings.speed_adjusted_noise)}"]
    if len(pairs) >= FEWEST_A_A:
        told.append(f"A/A: no difference in {paired_stats.alike(pairs)} of {len(pairs)} pairs of runs of the same arm")
    return told


def _marked(findings: Findings) -> list[str]:
    found = sum(bool(findings.caveats(result)) for result in findings.results)
    return [f"{found} of {len(findings.results)} trials are marked; the report says why"] if found else []


def trial_sentences(findings: Findings) -> list[str]:
    """What was planned, run, marked and left out, and why."""
    planned = plan.trials(findings.experiment)
    run = {result.trial for result in findings.results}
    left_out = [trial for trial in planned if trial not in run]
    failed = [result for result in findings.results if not result.figures]
    told = [f"{len(planned)} trials were planned, {len(run)} run, {len(failed)} of them not measured"]
    told += [f"{result.trial.title} was not measured: {result.error}" for result in failed]
    told += _left_out("their verdict was sure before", [each for each in left_out if _is_decided(findings, each)])
    told += _left_out("the run was stopped", [each for each in left_out if not _is_decided(findings, each)])
    return told + [
        f"marked: {result.trial.title}: {'; '.join(_counted(marks))}"
        for result in findings.results
        if (marks := findings.caveats(result))
    ]


def _is_decided(findings: Findings, trial: Trial) -> bool:
    return findings.experiment.until_decided and findings.is_decided(trial.subject)


def _left_out(why: str, trials: list[Trial]) -> list[str]:
    titles = ", ".join(trial.title for trial in trials)
    return [f"{len(trials)} were left out, as {why}: {titles}"] if trials else []


def _counted(marks: Iterable[str]) -> list[str]:
    return [f"{mark} ({count} times)" if count > 1 else mark for mark, count in Counter(marks).items()]


def plan_text(experiment: Experiment, length_s: float | None) -> str:
    """What is to be run, in its order, and how long that takes. length_s: of a load, None where it is not known."""
    planned = plan.trials(experiment)
    lines = [f"{number:>4}  {trial.title}" for number, trial in enumerate(planned, 1)]
    trials = f"{len(planned)} trial{'s' if len(planned) > 1 else ''}"
    count = f"at most {trials}" if experiment.until_decided else trials
    if length_s is None:
        return "\n".join([*lines, f"{count}; how long the shape runs is not known"])
    beside_s = sum(BESIDE_LOAD_S + ALONE_TRIPS * trial.latency_ms / 1000 for trial in planned)
    about = format_duration(len(planned) * length_s + beside_s)
    return "\n".join([*lines, f"{count} of {length_s:g} s; about {about}, with starting and stopping"])


def onset(of: Onset | None, otherwise: str, text: str) -> str:
    """The users at which something began, in a text with a place for them."""
    return text.format(of.users) if of else otherwise


def arm_name(runs: ArmRuns) -> str:
    """An arm with its route and conditions, among arms of others."""
    return f"{runs.trial.subject}: {runs.trial.arm}"
