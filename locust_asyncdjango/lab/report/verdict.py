"""The verdict of an experiment in sentences: who carried more, how sure that is, what failed first, and the caveats.

Start reading at ``verdict_sentences``. The sentences are the same on the terminal and in all reports, but for where the
caveats can be read.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from locust_asyncdjango.analysis.formatting import failing_notes, format_ms, format_onset, format_per_s, format_slowdown
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.noise import count_equal_pairs
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.comparison.verdicts import Comparison
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.request_mix.by_name import NameComparison
from locust_asyncdjango.lab.experiment.schedule import plan
from locust_asyncdjango.lab.experiment.schedule.confirmation import confirmation_sentence
from locust_asyncdjango.lab.report.answer.request_times import block_sentences
from locust_asyncdjango.lab.report.sentences.caveats import caveats_note
from locust_asyncdjango.lab.report.sentences.not_run import not_run_sentences
from locust_asyncdjango.lab.report.sentences.processors import processor_sentences
from locust_asyncdjango.lab.report.sentences.refused_connections import ADVICE, explained_kinds, refused_sentence
from locust_asyncdjango.lab.report.sentences.winner import (
    NO_DIFFERENCE,
    error_text,
    full_load_text,
    ratio_text,
    winner_text,
)
from locust_asyncdjango.metrics.plural import counted

NAMES_SHOWN = 5
"""How many names of requests are compared in sentences: the most frequent ones. The report's table has more."""
MAX_NOISE_RATIO = 10
"""The largest noise that is given as a number. A larger one only shows that there were too few runs to know it."""
MIN_A_A_PAIRS = 3
"""The fewest A/A pairs that are needed to compare each pair with the noise of the others."""


def verdict_sentences(findings: Findings) -> list[str]:
    """Return the whole verdict: for each subject, who carried more and what failed first; then noise and caveats.

    Before these comes which servers could not be checked.
    """
    sentences = []
    for subject, arms in findings.subjects.items():
        sentences += [
            *_subject_sentences(findings, subject),
            *(each for runs in arms for each in _failures(findings, runs)),
            *block_sentences(arms),
        ]
        sentences += _confirmation_sentences(findings, arms)
    unchecked = {
        result.trial.server_title: each for result in findings.results if (each := result.site.get("preflight"))
    }
    sentences += [f"{server}: {reason}" for server, reason in unchecked.items()]
    return [*sentences, *_general_sentences(findings, "the report lists them")]


def winner_sentences(findings: Findings) -> list[str]:
    """Return who carried more in each subject and how sure that is: the headline of a page.

    What failed first and the caveats stand on the page under headings of their own.
    """
    sentences = [sentence for subject in findings.subjects for sentence in _subject_sentences(findings, subject)]
    sentences += _confirmation_sentences(findings, findings.runs)
    return [*sentences, *_general_sentences(findings, "see Trials")]


def _general_sentences(findings: Findings, where: str) -> list[str]:
    """Return what is about the whole experiment. where: the caveats can be read."""
    return [
        *_objective_sentences(findings),
        *_noise_sentences(findings),
        *processor_sentences(findings),
        *_caveat_sentences(findings, where),
    ]


def _objective_sentences(findings: Findings) -> list[str]:
    """Return what a report for another objective than that of the run has to say about it."""
    recorded, objective = findings.recorded_objective, findings.experiment.load.objective
    if not recorded:
        return []
    lacking = [each.trial.title for each in findings.results if each.figures and each.trial.id not in findings.series]
    unknown = f"; these trials have no series to compute it from, so that it is unknown: {', '.join(lacking)}"
    return [f"objective: capacity is within {objective}; the run had {recorded}{unknown if lacking else ''}"]


def _confirmation_sentences(findings: Findings, arms: Iterable[ArmRuns]) -> list[str]:
    """Return what the plateaus with an arm's capacity showed, for each arm that had one.

    They were held for the objective of the run, and say nothing about another one.
    """
    if findings.recorded_objective:
        return []
    confirmed = [(runs, findings.confirmations.get(runs.trial)) for runs in arms]
    return [f"{runs.title}: {confirmation_sentence(results)}" for runs, results in confirmed if results]


def first_failure_sentences(findings: Findings) -> list[str]:
    """Return what failed first on each arm, and what to do about it, and what fails at every load."""
    return [sentence for runs in findings.runs for sentence in _failures(findings, runs)]


def trial_sentences(findings: Findings) -> list[str]:
    """Return how many trials were planned and run, which were not and why, and the caveats of each."""
    planned = plan.trials(findings.experiment)
    run = {result.trial for result in findings.results}
    failed = [result for result in findings.results if not result.figures]
    sentences = [f"{counted(len(planned), 'trial')} planned, {len(run)} run, {len(failed)} of these not measured"]
    sentences += [f"{result.trial.title} could not be measured: {result.error}" for result in failed]
    sentences += not_run_sentences(findings)
    return sentences + [
        f"caveat: {result.trial.title}: {'; '.join(_counted(caveats))}"
        for result in findings.results
        if (caveats := findings.caveats(result))
    ]


def _subject_sentences(findings: Findings, subject: str) -> list[str]:
    compared = findings.comparisons[subject]
    sentences = []
    if compared and findings.is_by_total(compared[0]):
        sentences.append(f"{subject}: {winner_text(findings, subject, compared[0])}")
        full_load = filter(None, map(findings.full_load_comparison, compared))
        sentences += [f"{subject}: {full_load_text(each)}" for each in full_load]
        if others := _others_text([each for each in compared[1:] if findings.is_by_total(each)]):
            sentences.append(f"{subject}: {others}")
    return [*sentences, *_mix_sentences(findings, subject)] + [
        f"{runs.trial.title}: {runs.invalid_reason}: this is a measurement error, the arm cannot win"
        for runs in findings.subjects[subject]
        if runs.invalid_reason
    ]


def _mix_sentences(findings: Findings, subject: str) -> Iterator[str]:
    """Yield why there is no winner by total where arms completed different mixes, and how they compare by name."""
    for comparison in findings.comparisons[subject]:
        best, other = comparison.best, comparison.other
        if difference := findings.mix_difference(best, other):
            yield (
                f"{subject}: no winner by total: {best.trial.arm} and {other.trial.arm} completed different mixes of"
                f" requests, {difference.distance:.0%} of them have another name; compare them by name"
            )
            for each in findings.compare_names(best, other)[:NAMES_SHOWN]:
                yield f"{subject}, {each.name}: {_name_sentence(each, best.trial.arm, other.trial.arm)}"


def _name_sentence(names: NameComparison, first: str, other: str) -> str:
    latencies = [None if ms is None else format_ms(ms) for ms in (names.first_p95_ms, names.other_p95_ms)]
    p95 = f"p95 {latencies[0] or 'none'} against {latencies[1] or 'none'}"
    if names.ratio is None:
        per_s = f"{format_per_s(names.first_per_s)} against {format_per_s(names.other_per_s)} req/s"
        return f"{first} against {other}: {per_s}, {p95}"
    ratio = ratio_text(RatioEstimate(names.ratio, names.low, names.high))
    return f"{first} carried {ratio} as much as {other}, {p95}"


def _others_text(compared: Sequence[Comparison]) -> str:
    """Return how the best arm compares with those after the second; "" if there are none."""
    texts = [
        f"{each.other.trial.arm} {ratio_text(each.estimate)}{'' if each.is_different else f' ({NO_DIFFERENCE})'}"
        for each in compared
        if each.estimate and each.is_different is not None and not each.other.invalid_reason
    ]
    return f"against the other arms, {compared[0].best.trial.arm} is better by: {', '.join(texts)}" if texts else ""


def _failures(findings: Findings, runs: ArmRuns) -> Iterator[str]:
    slowdown = list(_slowdown_sentences(findings, runs))
    yield _first_failure(findings, runs, with_slowdown=not slowdown)
    if refused := refused_sentence(runs):
        yield f"{runs.trial.title}: {refused}; {ADVICE}"
    yield from slowdown
    if runs.figures:
        yield from (f"{runs.trial.title}: {note}" for note in failing_notes(runs.figures))


def _slowdown_sentences(findings: Findings, runs: ArmRuns) -> Iterator[str]:
    """Yield whether a slowdown that something else may explain was confirmed by a second look; nothing for others."""
    if not runs.is_slowdown_doubtful:
        return
    common, of_runs = findings.slowdown(runs), runs.slowdown.onset
    if common.onset is None:
        yield f"{runs.trial.title}: slowdown not confirmed: at least half of the runs show none"
        return
    where = f"{runs.trial.title}: slowdown {format_onset(common.onset)}"
    have = "has" if common.agreeing == 1 else "have"
    shared = f"{common.agreeing} of {counted(common.runs, 'run')} {have} it there"
    if common.onset.doubt:
        is_alone = common.runs == 1 and not findings.confirmations.get(runs.trial)
        advised = "; repeat it (--repeats 3) or hold a load (--confirm)" if is_alone else ""
        yield f"{where}, not confirmed: {common.onset.doubt}{advised}"
    elif common.is_confirmed:
        yield f"{where}, confirmed: {shared}"
    elif of_runs and of_runs.doubt:
        yield f"{where}, confirmed: a plateau at more users is slow too"
    else:
        yield f"{where}, not confirmed: {shared}"


def _first_failure(findings: Findings, runs: ArmRuns, *, with_slowdown: bool) -> str:
    """Return what failed first on an arm. with_slowdown: whether to say where it slows down if nothing failed."""
    title, figures = runs.trial.title, runs.figures
    if figures is None:
        return f"{title}: not measured: {runs.results[-1].error}"
    if not figures.failures:
        slowdown = format_slowdown(replace(figures, slowdown=findings.slowdown(runs).onset))
        return f"{title}: no request failed{f'; slowdown: {slowdown}' if with_slowdown else ''}"
    first = min(figures.failures, key=lambda failure: failure.first.t)
    is_explained = first.kind in explained_kinds(runs)  # by the next sentence
    advised = f"; {advice(first.kind)}" if advice(first.kind) and not is_explained else ""
    return f"{title}: the first failure was {first.kind}, at {counted(first.first.users, 'user')}{advised}"


def _noise_sentences(findings: Findings) -> list[str]:
    sentences = []
    for (route, criterion), noise in findings.noises.items():
        freedom = f"{counted(round(noise.freedom), 'degree')} of freedom"
        floor = f"up to {noise.floor:.2f} times" if noise.floor < MAX_NOISE_RATIO else "more than so few runs can show"
        sentences.append(f"noise of {route}: two runs of the same arm differ in {criterion} by {floor} ({freedom})")
    if any(each.is_different is not None for compared in findings.comparisons.values() for each in compared):
        sentences.append(error_text(findings))
    pairs = [log for logs in findings.a_a_logs.values() for log in logs]
    if len(pairs) >= MIN_A_A_PAIRS:
        equal = count_equal_pairs(pairs)
        sentences.append(f"A/A: no difference in {equal} of {len(pairs)} pairs of runs of the same arm")
    return sentences


def _caveat_sentences(findings: Findings, where: str) -> list[str]:
    note = caveats_note(findings, findings.results)
    return [f"{note}; {where}"] if note else []


def _counted(caveats: Iterable[str]) -> list[str]:
    return [f"{caveat} ({count} times)" if count > 1 else caveat for caveat, count in Counter(caveats).items()]
