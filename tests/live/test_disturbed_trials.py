"""A trial in which a program of the lab is killed is no result; one in which it stands still has a caveat."""

import json
import random
import signal
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.disturbances import Disturbance, killing_signals, run_disturbed
from tests.support.programs import done, lab

SEED = 20


def killed(*targets: str) -> list[Disturbance]:
    """Return a disturbance that ends each target."""
    by_target = [(target, random.Random(f"{SEED} {target}")) for target in targets]
    return [
        Disturbance.by_chance(target, chance.choice(killing_signals(target)), chance) for target, chance in by_target
    ]


def stopped(*targets: str) -> list[Disturbance]:
    """Return a disturbance in which each target stands still."""
    return [
        Disturbance.by_chance(target, signal.SIGSTOP, random.Random(f"{SEED} {target} stopped")) for target in targets
    ]


def faults(output: Path, disturbances: Sequence[Disturbance]) -> list[str]:
    """Disturb trials of an experiment, and return those whose result does not show it. output: its results folder."""
    outcomes = [(each, each.fault(result)) for each, result in run_disturbed(output, disturbances)]
    assert len(outcomes) == len(disturbances)
    return [f"{disturbance}: {fault}" for disturbance, fault in outcomes if fault]


@pytest.mark.parametrize(
    "disturbances",
    [
        [*killed("checkpointer", "client proxy", "worker", "locust"), *stopped("locust")],
        [*killed("postmaster", "database proxy"), *stopped("postmaster", "database proxy")],
    ],
    ids=["programs of each trial", "with a latency"],
)
def test_disturbed_trials_say_so(disturbances: list[Disturbance], tmp_path: Path) -> None:
    assert faults(tmp_path / "results", disturbances) == []


def test_disturbed_trials_say_so_and_are_measured_again(tmp_path: Path) -> None:
    output = tmp_path / "results"
    assert faults(output, [*killed("redis", "slow api"), *stopped("redis", "slow api")]) == []
    code, text = done(*lab("run", "--resume", output))
    assert code == 0, text
    results = [json.loads(file.read_text()) for file in output.glob("trials/*/result.json")]
    assert [result["error"] for result in results] == [""] * 4
