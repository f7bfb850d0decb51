"""Decisions are read as they were written."""

import json

import pytest

from locust_asyncdjango.lab.experiment.decision import Decision

DECISION = Decision(
    "io_read", "capacity", "gunicorn-uvicorn", "gunicorn-sync", 1.46, 1.31, 1.62, is_different=True, repeats=4
)


def test_a_decision_is_read_as_it_was_written() -> None:
    assert Decision.from_json(json.loads(json.dumps(DECISION.to_json()))) == DECISION


def test_a_damaged_decision_is_refused() -> None:
    with pytest.raises(ValueError, match="low is 'little'"):
        Decision.from_json({**DECISION.to_json(), "low": "little"})
    with pytest.raises(ValueError, match="repeats is missing"):
        Decision.from_json({name: value for name, value in DECISION.to_json().items() if name != "repeats"})
