"""Reasons to doubt a trial."""

from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.lab.analysis.caveats import provenance_changes, trial_caveats
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval

QUIET = [Interval(t, users=10, ok=5, cpu=20.0) for t in range(20)]


def sample(t: float, lost: str = "", other: float = 0.0, steal: float = 0.0, mhz: float = 0.0) -> ResourceSample:
    return ResourceSample(t, 50.0, 80.0, 2, 3, lost, other_percent=other, steal_percent=steal, mhz=mhz)


def test_a_quiet_trial_has_no_caveats() -> None:
    assert trial_caveats([sample(1.0, other=5, steal=3, mhz=2500), sample(2.0, mhz=2400)], QUIET) == ()
    assert trial_caveats([], QUIET) == ()


def test_server_neighbours_and_generator_are_caveats() -> None:
    samples = [sample(1.0, other=60, steal=30), sample(2.0, "has lost the process 7 and started 8")]
    busy = [Interval(t, users=10, ok=5, cpu=95.0) for t in range(3)]
    *others, generator = trial_caveats(samples, [*QUIET, *busy])
    assert others == [
        "the server has lost the process 7 and started 8, after 2 s",
        "other programs used 30 % of a processor",
        "other virtual machines took 15 % of a processor",
    ]
    assert [generator] == list(health_problems([*QUIET, *busy]).values())
    assert "in 3 of 23 seconds" in generator
    # What the lab has not started may be the server, or its database.
    assert "other programs" not in " ".join(trial_caveats(samples, busy, all_ours=False))


def test_versions_that_changed_since_the_experiment_began() -> None:
    before = {"versions": {"python": "3.11.2", "django": "5.2"}, "machine": {"processors": 8}, "started": "then"}
    now = {"versions": {"python": "3.13.1", "django": "5.2"}, "machine": {"processors": 8}, "started": "now"}
    assert provenance_changes(before, before) == ()
    assert provenance_changes(before, now) == ("python is 3.13.1, but was 3.11.2 when the experiment began",)
