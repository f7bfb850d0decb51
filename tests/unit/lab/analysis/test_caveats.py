"""Reasons to doubt a trial."""

from dataclasses import replace

from locust_asyncdjango.analysis.generator_health import health_problems
from locust_asyncdjango.lab.analysis.caveats import provenance_changes, standstills, trial_caveats
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval
from tests.support.experiments import goodput

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


def at(t: float, *stopped: str) -> ResourceSample:
    """Return a sample of an epoch second, in which these stand still."""
    return replace(sample(t), at_s=t, stopped=list(stopped))


def test_what_stood_still_is_named_with_when_and_how_long() -> None:
    running = [at(t) for t in (100.0, 101.5, 103.0, 109.0, 110.0)]
    stopped = [at(99.0, "Redis"), *(at(t, "Redis", "Locust") for t in (104.0, 105.0, 106.0, 107.0, 108.0))]
    samples = sorted([*running, *stopped], key=lambda sample: sample.t)
    assert standstills(samples, started_s=100.0) == (
        "Redis stood still for 5 s, from second 3 on",
        "Locust stood still for 5 s, from second 3 on",
    )
    assert standstills([at(103.0, "Redis")], started_s=100.0) == ("Redis stood still for 1 s, from second 2 on",)


def test_a_lab_that_stood_still_is_named() -> None:
    assert standstills([at(101.0), at(102.0), at(107.5), at(108.0)], started_s=100.0) == (
        "the lab stood still for 4 s, from second 3 on",
    )
    assert standstills([at(101.0), at(103.0), at(105.0)], started_s=100.0) == ()


def test_samples_of_an_earlier_version_do_not_say_what_stood_still() -> None:
    assert standstills([sample(1.0), sample(9.0)], started_s=0.0) == ()
    assert standstills([], started_s=0.0) == ()


def test_a_silence_is_a_caveat() -> None:
    silent = [replace(interval, ok=0) if 4 <= interval.t < 8 else interval for interval in QUIET]
    assert trial_caveats([at(100.0)], silent, started_s=100.0) == ("nothing was answered for 4 s, from second 4 on",)


def test_a_full_machine_is_a_caveat() -> None:
    full_load = replace(goodput(100.0), begin_s=10, end_s=20)
    samples = [replace(at(100.0 + t), generator_percent=80.0, busy_percents=[99.0, 91.0]) for t in range(1, 21)]
    (caveat,) = trial_caveats(samples, QUIET, started_s=100.0, full_load=full_load)
    assert caveat == (
        "the machine was full: at full load its processors were 95 % busy (generator 40 %, server 40 %), so that all"
        " programs slowed each other down; a larger machine may carry more"
    )
    a_free_one = [replace(each, busy_percents=[99.0, 80.0]) for each in samples]
    assert trial_caveats(a_free_one, QUIET, started_s=100.0, full_load=full_load) == ()
    assert trial_caveats(samples, QUIET, started_s=100.0) == ()


def test_versions_that_changed_since_the_experiment_began() -> None:
    before = {"versions": {"python": "3.11.2", "django": "5.2"}, "machine": {"processors": 8}, "started": "then"}
    now = {"versions": {"python": "3.13.1", "django": "5.2"}, "machine": {"processors": 8}, "started": "now"}
    assert provenance_changes(before, before) == ()
    assert provenance_changes(before, now) == ("python is 3.13.1, but was 3.11.2 when the experiment began",)
