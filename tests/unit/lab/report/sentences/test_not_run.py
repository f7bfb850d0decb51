"""Which trials of the plan were not run, and why."""

from dataclasses import replace

from locust_asyncdjango.lab.experiment.results_folder import LeftOut
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report.sentences.not_run import budget_note, not_run_sentences
from tests.support.experiments import repeated


def test_trials_that_were_not_run_are_named_with_the_reason() -> None:
    findings = repeated((50.0, 100.0), (50.1, 100.0), (50.2, 100.0), (50.0, 100.0), until_decided=True)
    assert not_run_sentences(replace(findings, results=findings.results[:2])) == [
        "6 trials were not run because the experiment was stopped: io_read on gunicorn-uvicorn (run 2), io_read on"
        " gunicorn-sync (run 2), io_read on gunicorn-sync (run 3), io_read on gunicorn-uvicorn (run 3), io_read on"
        " gunicorn-uvicorn (run 4), io_read on gunicorn-sync (run 4)",
    ]
    ids = [trial.id for trial in trials(findings.experiment)]
    part = replace(findings, results=findings.results[:2])
    left_out = replace(part, left_out=dict.fromkeys(ids[2:4], LeftOut.DECIDED))
    assert [sentence.partition(": ")[0] for sentence in not_run_sentences(left_out)] == [
        "2 trials were not run because the verdict was decided before",
        "4 trials were not run because the experiment was stopped",
    ]
    over = replace(left_out, experiment=replace(left_out.experiment, budget="3m"))
    over = replace(over, left_out=dict.fromkeys(ids[2:3], LeftOut.BUDGET))
    first, *_, advice = not_run_sentences(over)
    assert first == ("1 trial was not run because the budget of 3m was used up: io_read on gunicorn-uvicorn (run 2)")
    assert advice == "measure anew with a longer --budget, or compare fewer arms, routes or latencies"
    timed = replace(over, results=tuple(replace(result, took_s=60.0) for result in over.results))
    assert not_run_sentences(timed)[-1] == (
        "all trials take about 4 minutes: measure anew with --budget 4m, or compare fewer arms, routes or latencies"
    )
    assert (budget_note(over, "io_read"), budget_note(over, "cpu")) == ("the budget left out 1 trial", "")
    run_later = replace(over, results=findings.results[:3])
    assert budget_note(run_later, "io_read") == ""
    decided = replace(findings, results=findings.results[:6])
    decided = replace(decided, decisions=decided.new_decisions())
    assert not_run_sentences(decided) == [
        "2 trials were not run because the verdict had been decided after 3 repeats: io_read on gunicorn-uvicorn (run"
        " 4), io_read on gunicorn-sync (run 4)"
    ]
