"""How many trials have caveats, in words."""

from dataclasses import replace

import pytest

from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.report.sentences.caveats import caveats_note, full_machine_note
from tests.support.experiments import ASYNC, SYNC, findings_of

FULL = replace(ASYNC, caveats=("the machine was full: at full load its processors were 97 % busy",))


@pytest.mark.parametrize(
    ("results", "note"),
    [
        ([SYNC], ""),
        ([ASYNC], "1 of 1 trial has caveats"),
        ([SYNC, ASYNC], "1 of 2 trials has caveats"),
        ([ASYNC, replace(SYNC, caveats=("it is slow",))], "2 of 2 trials have caveats"),
    ],
)
def test_trials_with_caveats_are_counted(results: list[Result], note: str) -> None:
    assert caveats_note(findings_of(results), results) == note


def test_trials_in_which_the_machine_was_full_are_counted() -> None:
    findings = findings_of([SYNC, FULL])
    assert full_machine_note(findings, findings.results) == "the machine was full in 1 of 2 trials"
    assert full_machine_note(findings, [SYNC]) == ""
