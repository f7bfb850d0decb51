"""Which trials of the plan were not run, why, and what to do about it. Start reading at ``not_run_sentences``."""

from math import ceil
from statistics import fmean

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.planning.budget import BEGIN_S, END_S
from locust_asyncdjango.lab.experiment import plan
from locust_asyncdjango.lab.experiment.results_folder import LeftOut
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.metrics.plural import counted

STOPPED = "the experiment was stopped"


def not_run_sentences(findings: Findings) -> list[str]:
    """Return a sentence for each reason for which trials were not run, and last those of an experiment that stopped."""
    run = {result.trial for result in findings.results}
    missing = [trial for trial in plan.trials(findings.experiment) if trial not in run]
    by_budget = [trial for trial in missing if findings.left_out.get(trial.id) is LeftOut.BUDGET]
    reasons = {trial: _budget_reason(findings, len(by_budget)) for trial in by_budget}
    reasons |= {trial: _decided_reason(findings, trial) or STOPPED for trial in missing if trial not in reasons}
    ordered = sorted(dict.fromkeys(reasons[trial] for trial in missing), key=lambda reason: reason == STOPPED)
    return [_sentence(why, [trial for trial in missing if reasons[trial] == why]) for why in ordered]


def budget_note(findings: Findings, subject: str) -> str:
    """Return how many trials of a subject the budget left out, in a few words; "" for none."""
    left_out = [
        trial
        for trial in plan.trials(findings.experiment)
        if trial.subject == subject and findings.left_out.get(trial.id) is LeftOut.BUDGET
    ]
    return f"the budget left out {counted(len(left_out), 'trial')}" if left_out else ""


def _decided_reason(findings: Findings, trial: Trial) -> str:
    """Return why a trial is no longer needed; "" if it is."""
    repeats = [decision.repeats for decision in findings.decisions if decision.subject == trial.subject]
    if repeats:
        return f"their verdict had been decided after {counted(max(repeats), 'repeat')}"
    if findings.left_out.get(trial.id) is LeftOut.DECIDED:
        return "their verdict was decided before"
    # Folders of earlier versions do not say what was left out.
    is_decided = not findings.left_out and findings.experiment.until_decided and findings.is_decided(trial.subject)
    return "their verdict was decided before" if is_decided else ""


def _budget_reason(findings: Findings, trials: int) -> str:
    """Return that the budget was used up, and what to do. trials: how many it left out."""
    took_s = [result.took_s for result in findings.results if result.took_s]
    text = f"the budget of {findings.experiment.budget} was used up"
    example = ""
    if took_s:
        enough_s = BEGIN_S + sum(took_s) + trials * fmean(took_s) + END_S
        example = f", such as --budget {ceil(enough_s / 60)}m"
    return f"{text}; measure anew with a longer one{example}, or compare fewer arms, routes or latencies"


def _sentence(why: str, trials: list[Trial]) -> str:
    titles = ", ".join(trial.title for trial in trials)
    return f"{len(trials)} {'was' if len(trials) == 1 else 'were'} not run because {why}: {titles}"
