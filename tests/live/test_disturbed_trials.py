"""A trial in which a program of the lab is killed is no result; one in which it stands still has a caveat."""

import random
import signal
from pathlib import Path

import pytest

from tests.support.disturbances import Disturbance, killing_signals, run_disturbed

SEED = 20
ENDING = ("checkpointer", "slow api", "client proxy", "worker")
ENDING_OR_STANDING_STILL = ("postmaster", "redis", "database proxy", "locust")


@pytest.mark.parametrize("target", ENDING)
def test_a_trial_whose_program_ends_says_so(target: str, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {target}")
    check_disturbed(Disturbance.by_chance(target, chance.choice(killing_signals(target)), chance), tmp_path)


@pytest.mark.parametrize("target", ENDING_OR_STANDING_STILL)
def test_a_disturbed_trial_says_so_and_is_measured_again(target: str, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {target}")
    for signum in (chance.choice(killing_signals(target)), signal.SIGSTOP):
        check_disturbed(Disturbance.by_chance(target, signum, chance), tmp_path)


def check_disturbed(disturbance: Disturbance, folder: Path) -> None:
    """Disturb a trial, and see that its result says so. A folder that is given again goes on with its experiment."""
    ((_, result),) = run_disturbed(folder / "results", [disturbance])
    assert disturbance.fault(result) == "", disturbance
