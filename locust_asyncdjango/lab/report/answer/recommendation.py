"""What to choose, in a sentence with its figures, how sure that is, and what else matters for the choice.

Which arm is the best, and how sure that is, are decisions of ``Findings``. This module only says them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from locust_asyncdjango.analysis.formatting import failing_notes, format_per_s
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.analysis.comparison.verdicts import Comparison
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer.arm_summaries import ArmSummary
from locust_asyncdjango.lab.report.answer.questions import answering_comparison, is_between_kinds, kind_of
from locust_asyncdjango.lab.report.answer.request_times import block_sentences
from locust_asyncdjango.lab.report.answer.slots import slots_of, slots_sentence
from locust_asyncdjango.lab.report.answer.texts import (
    capacity_note,
    duration_text,
    full_load_text,
    goodput_text,
    load_text,
    share_text,
)
from locust_asyncdjango.lab.report.sentences.caveats import caveats_note, full_machine_note
from locust_asyncdjango.lab.report.sentences.not_run import budget_note
from locust_asyncdjango.lab.report.sentences.refused_connections import ADVICE, explained_kinds, refused_sentence
from locust_asyncdjango.lab.report.sentences.winner import ratio_text, value_text, winner_text
from locust_asyncdjango.metrics.plural import counted

MAX_FAILED_SHARE = 0.01
"""The share of failures at full load from which the recommendation mentions them."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to choose on a subject.

    lead: the choice, without a full stop. evidence: its figures, in sentences. warnings: what else matters, in
    sentences. notes: how sure it is, in a few words each.
    winner: the kind that is ahead, sync or async, or where only one kind was compared the name of the arm; "" for none.
    figures: what decides between the two arms that answer the question, in short; "" where nothing does.
    is_single_run: whether each arm ran once. obstacle: why no arms could be compared at all; "" where they could.
    """

    lead: str
    evidence: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    winner: str = ""
    figures: str = ""
    is_single_run: bool = False
    obstacle: str = ""

    @property
    def sentence(self) -> str:
        """Return the choice, how sure it is, and its figures, in one line."""
        certainty = f" ({self.notes[0]})" if self.notes and not self.obstacle else ""
        return " ".join((f"{self.lead}{certainty}.", *self.evidence))


def recommend(findings: Findings, subject: str, arms: Sequence[ArmSummary]) -> Recommendation:
    """Return what to choose on a subject. arms: its arms, best first."""
    measured = [arm for arm in arms if arm.runs.figures]
    answering = answering_comparison(findings, subject)
    obstacle = _obstacle(measured)
    named = [arm for arm in measured if arm in measured[:2] or (answering and arm.runs == answering.other)]
    return Recommendation(
        _lead(findings, subject, measured, answering),
        tuple(_evidence(named)) if not obstacle else (),
        tuple(_warnings(findings, measured, named)),
        tuple(_notes(findings, subject, arms, answering if not obstacle else None)),
        _winner(findings, measured, answering),
        _figures(findings, answering),
        is_single_run=bool(answering and answering.is_single_run),
        obstacle=obstacle,
    )


def _obstacle(measured: Sequence[ArmSummary]) -> str:
    """Return why no arms can be compared, as ``Recommendation.obstacle`` has it."""
    if not measured:
        return "no arm was measured"
    has_success = any(figures.successes for arm in measured for figures in arm.runs.measured)
    return "" if has_success else "no request succeeded"


def _winner(findings: Findings, measured: Sequence[ArmSummary], comparison: Comparison | None) -> str:
    """Return the kind or the name of the arm that is ahead, as ``Recommendation.winner`` has it."""
    if not measured or comparison is None or comparison.criterion is None or not _has_valid_result(measured[0]):
        return ""
    if not findings.is_by_total(comparison) or not comparison.is_ahead:
        return ""
    return kind_of(findings, comparison.best) if is_between_kinds(findings, comparison) else comparison.best.trial.arm


def _figures(findings: Findings, comparison: Comparison | None) -> str:
    """Return the figures of two arms in short; "" where they say nothing about which is better."""
    if comparison is None or comparison.criterion is None or not findings.is_by_total(comparison):
        return ""
    if comparison.best.invalid_reason or comparison.other.invalid_reason:
        return ""
    figures = (value_text(runs, comparison.criterion) for runs in (comparison.best, comparison.other))
    return " against ".join(figures).replace("at least", "\u2265").replace("below", "<")


def _lead(findings: Findings, subject: str, measured: Sequence[ArmSummary], answering: Comparison | None) -> str:
    if not measured:
        return "No arm was measured"
    best = measured[0]
    if answering is None:
        only = f"{best.name} is the only arm that was measured"
        return only if _has_valid_result(best) else f"{best.name} brought no valid result"
    if not _has_valid_result(best) or answering.criterion is None:
        return _capitalized(winner_text(findings, subject, answering))
    if not findings.is_by_total(answering):
        return "No winner by total: the arms completed different mixes of requests"
    if answering.is_ahead:
        return _ahead_lead(findings, subject, len(measured), answering)
    if answering.estimate is None:
        full_load = _full_load_clause(findings, answering)
        return f"{_capitalized(winner_text(findings, subject, answering))}{f'; {full_load}' if full_load else ''}"
    return _undecided_lead(findings, answering)


def _ahead_lead(findings: Findings, subject: str, arms: int, comparison: Comparison) -> str:
    """Return which arm is ahead, by its kind where that was compared. arms: how many were measured."""
    best, other = comparison.best.trial.arm, comparison.other.trial.arm
    is_of_kinds = is_between_kinds(findings, comparison)
    choice = f"{_capitalized(kind_of(findings, comparison.best))}, on {best}" if is_of_kinds else best
    is_faster = comparison.criterion is Criterion.LATENCY
    more, most = ("answers faster", "answers fastest") if is_faster else ("carries more", "carries most")
    here, second = _single_run_note(comparison), findings.comparisons[subject][0]
    if findings.is_by_total(second) and second.is_ahead:
        return f"{choice}: it {most if arms > 2 else more}{here}"
    is_equal = findings.is_by_total(second) and second.estimate is not None
    equal = f", with no detectable difference from {second.other.trial.arm}" if is_equal else ""
    return f"{choice}: it {more} than {other}{here}{equal}"


def _undecided_lead(findings: Findings, comparison: Comparison) -> str:
    """Return that two arms do not differ, and in what they do, although that decides nothing."""
    arms = f"between {comparison.best.trial.arm} and {comparison.other.trial.arm}"
    full_load = _full_load_clause(findings, comparison)
    return f"No detectable difference{f' in capacity {arms}, but {full_load}' if full_load else f' {arms}'}"


def _full_load_clause(findings: Findings, comparison: Comparison) -> str:
    """Return by how much two arms differ at full load, where their capacities do not decide; "" where they do not."""
    full_load = findings.full_load_comparison(comparison)
    if full_load is None or full_load.estimate is None:
        return ""
    ratio = ratio_text(full_load.estimate)
    return f"at full load {full_load.best.trial.arm} brings {ratio} the goodput{_single_run_note(full_load)}"


def _single_run_note(comparison: Comparison) -> str:
    """Return that a result is only that of one run of each arm; "" if it is not."""
    if comparison.is_single_run:
        return " in this one run"
    is_known = comparison.estimate is None or comparison.is_different is not None
    return "" if is_known else " in the only repeat that both have"


def _evidence(named: Sequence[ArmSummary]) -> Iterator[str]:
    compared = [arm for arm in named if arm.full]
    if not compared:
        return
    capacities = [arm.capacity for arm in compared if arm.capacity]
    if len(capacities) == len(compared):
        if any(capacity.users for capacity in capacities):
            yield f"Within the objective {', '.join(map(_capacity_clause, compared))}."
        else:
            yield "No load that was measured is within the objective."
    loads = {full_load_text(arm.full) for arm in compared if arm.full}
    load = f"At {loads.pop()}" if len(loads) == 1 else "At full load"
    yield f"{load} {', '.join(map(_goodput_clause, compared))}."


def _capacity_clause(arm: ArmSummary) -> str:
    capacity = arm.capacity
    if capacity and not capacity.users:
        return f"{arm.name} carries fewer than {load_text(capacity).removeprefix('below ')} ({capacity_note(capacity)})"
    rate = f"{format_per_s(capacity.per_s)} req/s" if capacity else ""
    limit = f"then {capacity.broken_by}" if capacity and capacity.is_reached else ""
    details = "; ".join(filter(None, (rate, limit)))
    return f"{arm.name} carries {load_text(capacity)}{f' ({details})' if details else ''}"


def _goodput_clause(arm: ArmSummary) -> str:
    full = arm.full
    p95 = f" with a p95 of {duration_text(full.p95_ms)}" if full and full.p95_ms is not None else ""
    failed = f" while {share_text(full.failed_share)} fail" if full and full.failed_share > MAX_FAILED_SHARE else ""
    return f"{arm.name} brings {goodput_text(full)}{p95}{failed}"


def _warnings(findings: Findings, measured: Sequence[ArmSummary], named: Sequence[ArmSummary]) -> Iterator[str]:
    if sentence := slots_sentence(findings, [arm.runs for arm in measured]):
        yield f"{_capitalized(sentence)}."
    for arm in named:
        if arm.full and arm.full.failed_share > MAX_FAILED_SHARE and arm.runs.figures and arm.runs.figures.failures:
            kind = arm.runs.figures.failures[0].kind
            if kind in explained_kinds(arm.runs):
                continue
            remedy = f": {advice(kind)}" if advice(kind) and arm is measured[0] else ""
            share = share_text(arm.full.failed_share)
            yield f"At full load {share} of the requests to {arm.name} fail, most with {kind}{remedy}."
    refused = {arm.name: sentence for arm in measured if (sentence := refused_sentence(arm.runs))}
    for name, sentence in refused.items():
        yield f"On {name}: {sentence}{f'; {ADVICE}' if name == next(iter(refused)) else ''}."
    for arm in measured:
        if arm.runs.figures:
            yield from (f"On {arm.name} {note}." for note in failing_notes(arm.runs.figures))
    yield from (f"{sentence}." for sentence in block_sentences([arm.runs for arm in measured]))
    for arm in measured:
        if arm.runs.invalid_reason:
            yield f"{arm.name} cannot win: {arm.runs.invalid_reason}."


def _notes(findings: Findings, subject: str, arms: Sequence[ArmSummary], answering: Comparison | None) -> Iterator[str]:
    if answering:
        yield _certainty_note(answering)
    slots = [slots_of(findings, arm.runs) for arm in arms]
    if len(set(slots)) > 1:
        yield f"arms differ in slots: {', '.join(dict.fromkeys(str(each or 'any number') for each in slots))}"
    results = [result for arm in arms for result in arm.runs.results]
    notes = (caveats_note(findings, results), full_machine_note(findings, results), budget_note(findings, subject))
    yield from filter(None, notes)
    if failed := sum(not result.figures for result in results):
        yield f"{counted(failed, 'trial')} could not be measured"


def _certainty_note(comparison: Comparison) -> str:
    estimate = comparison.estimate
    if estimate and estimate.low is not None:
        return f"{ratio_text(estimate)}, 95 % interval"
    if comparison.is_single_run:
        return "one run each: repeat to be sure"
    if estimate:
        return "no interval: only one repeat has both arms"
    if comparison.criterion is None:
        return "no ratio: nothing decides between the arms"
    if not comparison.other.mean(comparison.criterion):
        if comparison.criterion is Criterion.CAPACITY:
            return f"no ratio: in a run of {comparison.other.trial.arm} the lowest load was beyond the objective"
        return f"no ratio: a run of {comparison.other.trial.arm} carried nothing"
    return "no ratio: no repeat has both arms"


def _has_valid_result(arm: ArmSummary) -> bool:
    return bool(not arm.runs.invalid_reason and arm.runs.figures and arm.runs.figures.successes)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
