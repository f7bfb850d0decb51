"""Which trials of the plan were not run, why, and what to do about it. Start reading at ``not_run_sentences``."""

from math import ceil
from statistics import fmean

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.planning.budget import BEGIN_S, END_S
from locust_asyncdjango.lab.experiment.results_folder import LeftOut
from locust_asyncdjango.lab.experiment.schedule import plan
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.metrics.plural import counted

STOPPED = "the experiment was stopped"


def not_run_sentences(findings: Findings) -> list[str]:
    """Return a sentence for each reason why trials were not run, and what to do where the budget was too short."""
    missing = _missing(findings)
    reasons = {trial: _reason(findings, trial) for trial in missing}
    ordered = sorted(dict.fromkeys(reasons.values()), key=lambda reason: reason == STOPPED)
    sentences = [_sentence(why, [trial for trial in missing if reasons[trial] == why]) for why in ordered]
    by_budget = [trial for trial in missing if _is_left_out(findings, trial, LeftOut.BUDGET)]
    return [*sentences, _budget_advice(findings, len(by_budget))] if by_budget else sentences


def budget_note(findings: Findings, subject: str) -> str:
    """Return how many trials of a subject the budget left out, in a few words; "" for none."""
    missing = (trial for trial in _missing(findings) if trial.subject == subject)
    left_out = sum(_is_left_out(findings, trial, LeftOut.BUDGET) for trial in missing)
    return f"the budget left out {counted(left_out, 'trial')}" if left_out else ""


def _missing(findings: Findings) -> list[Trial]:
    """Return the planned trials without a result."""
    run = {result.trial for result in findings.results}
    return [trial for trial in plan.trials(findings.experiment) if trial not in run]


def _is_left_out(findings: Findings, trial: Trial, why: LeftOut) -> bool:
    return findings.left_out.get(trial.id) is why


def _reason(findings: Findings, trial: Trial) -> str:
    if _is_left_out(findings, trial, LeftOut.BUDGET):
        return f"the budget of {findings.experiment.budget} was used up"
    repeats = [decision.repeats for decision in findings.decisions if decision.subject == trial.subject]
    if repeats:
        return f"the verdict had been decided after {counted(max(repeats), 'repeat')}"
    # Folders of earlier versions do not say what was left out.
    is_decided = not findings.left_out and findings.experiment.until_decided and findings.is_decided(trial.subject)
    if is_decided or _is_left_out(findings, trial, LeftOut.DECIDED):
        return "the verdict was decided before"
    return STOPPED


def _budget_advice(findings: Findings, trials: int) -> str:
    """Return what to do about a budget that was used up. trials: how many it left out."""
    took_s = [result.took_s for result in findings.results if result.took_s]
    if not took_s:
        return "measure anew with a longer --budget, or compare fewer arms, routes or latencies"
    minutes = ceil((BEGIN_S + sum(took_s) + trials * fmean(took_s) + END_S) / 60)
    return (
        f"all trials take about {counted(minutes, 'minute')}: measure anew with --budget {minutes}m, or compare"
        " fewer arms, routes or latencies"
    )


def _sentence(why: str, trials: list[Trial]) -> str:
    titles = ", ".join(trial.title for trial in trials)
    return f"{counted(len(trials), 'trial')} {'was' if len(trials) == 1 else 'were'} not run because {why}: {titles}"
