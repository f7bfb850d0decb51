"""A trial in which a program of the lab is killed is no result; one in which it stands still has a caveat."""

import random
import signal
from pathlib import Path

import pytest

from tests.support.disturbances import TARGETS, Disturbance, killing_signals, run_disturbed

SEED = 20
SERVICES = ("postmaster", "checkpointer", "redis", "slow api", "database proxy", "client proxy", "locust", "worker")


@pytest.mark.parametrize("target", SERVICES)
def test_a_disturbed_trial_says_so_and_is_measured_again(target: str, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {target}")
    for signum in (chance.choice(killing_signals(target)), signal.SIGSTOP):
        disturbance = Disturbance.by_chance(target, signum, chance)
        ((_, result),) = run_disturbed(tmp_path / "results", [disturbance])
        assert disturbance.fault(result) == "", disturbance
        if TARGETS[target].is_worker:
            break  # a worker that is killed is a result, so the trial is not measured again
