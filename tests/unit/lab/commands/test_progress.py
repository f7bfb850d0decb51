"""The time that is left of a run."""

from locust_asyncdjango.lab.commands.progress import time_left


def test_the_time_that_is_left_follows_from_the_trials_so_far() -> None:
    assert time_left([100.0], 3) == ""
    assert time_left([100.0, 160.0], 2) == ", about 2 min left"
    assert time_left([0.0, 200.0, 400.0], 25) == ", about 1 h 24 min left"
