"""The answer of an experiment with several subjects, in one sentence."""

from collections.abc import Sequence

import pytest

from locust_asyncdjango.lab.report.answer.overall import overall_text
from locust_asyncdjango.lab.report.answer.recommendation import Recommendation
from locust_asyncdjango.lab.report.answer.subject_answers import SubjectAnswer, answers_of
from tests.support.experiments import at_two_latencies

NOTHING = "no request succeeded"


def answers(winners: Sequence[str], *, is_single_run: bool = False) -> list[SubjectAnswer]:
    """Return an answer with each of these winners; with NOTHING one whose arms could not be compared."""
    choices = (
        Recommendation("", (), (), (), obstacle=NOTHING)
        if winner == NOTHING
        else Recommendation("", (), (), (), winner, is_single_run=is_single_run)
        for winner in winners
    )
    return [SubjectAnswer("", choice, (), "", "") for choice in choices]


@pytest.mark.parametrize(
    ("winners", "text"),
    [
        (["async"], ""),
        (["", ""], "No arm is ahead in any of the 2 cases"),
        (["async", "async"], "In 2 of 2 cases async is ahead"),
        (["sync", "async", "async", ""], "In 2 of 4 cases async is ahead, in 1 sync; in 1 no arm is"),
        (["sync", NOTHING], "In 1 of 2 cases sync is ahead; 1 could not be compared: no request succeeded"),
        (
            ["", "sync", NOTHING, NOTHING],
            "In 1 of 4 cases sync is ahead; in 1 no arm is; 2 could not be compared: no request succeeded",
        ),
        (["", NOTHING], "No arm is ahead in any of the 2 cases; 1 could not be compared: no request succeeded"),
        (["uvicorn", "granian", "uvicorn"], "In 2 of 3 cases uvicorn is ahead, in 1 granian"),
    ],
)
def test_the_winners_are_counted(winners: list[str], text: str) -> None:
    assert overall_text(answers(winners)) == text


def test_single_runs_are_named_as_such() -> None:
    assert overall_text(answers(["async", ""], is_single_run=True)) == (
        "In 1 of 2 cases async is ahead (one run each); in 1 no arm is"
    )


def test_the_winner_of_a_subject_is_sync_or_async() -> None:
    found = answers_of(at_two_latencies())
    assert [(answer.recommendation.winner, answer.recommendation.figures) for answer in found] == [
        ("async", "90.0 req/s against 50.5 req/s"),
        ("async", "60.0 req/s against 5.1 req/s"),
    ]
    assert overall_text(found) == "In 2 of 2 cases async is ahead (one run each)"
