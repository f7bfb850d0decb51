"""Processors: who has which, what speaks against a trial."""

from locust_asyncdjango.lab.analysis.caveats import changed, marks
from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.machine import MachineReading, other_percent, steal_percent
from locust_asyncdjango.lab.experiment.result import ResourceSample
from locust_asyncdjango.metrics.interval import Interval

QUIET = [Interval(t, users=10, ok=5, cpu=20.0) for t in range(20)]


def cost(t: float, lost: str = "", other: float = 0.0, steal: float = 0.0, mhz: float = 0.0) -> ResourceSample:
    return ResourceSample(t, 50.0, 80.0, 2, 3, lost, other_percent=other, steal_percent=steal, mhz=mhz)


def test_what_is_not_the_labs_is_other_load() -> None:
    before, now = MachineReading(10.0, 100.0, 40.0, 3.0, 0.0), MachineReading(12.0, 103.5, 41.5, 3.4, 0.0)
    assert (other_percent(before, now), round(steal_percent(before, now))) == (100.0, 20)
    assert other_percent(before, MachineReading(12.0, 101.0, 41.5, 3.0, 0.0)) == 0.0  # clocks tick coarsely


def test_the_machine_is_seen() -> None:
    before, now = machine.read_machine(), machine.read_machine()
    assert now.at_s >= before.at_s
    assert now.busy_s >= before.busy_s > before.lab_cpu_s > 0


def test_the_machine_is_known_again() -> None:
    about = machine.describe_machine()
    assert about == machine.describe_machine()
    assert all(about.values())


def test_a_quiet_trial_has_no_marks() -> None:
    assert marks([cost(1.0, other=5, steal=3, mhz=2500), cost(2.0, mhz=2400)], QUIET) == ()
    assert marks([], QUIET) == ()


def test_marks() -> None:
    looks = [cost(1.0, other=60, steal=30), cost(2.0, "has lost the process 7 and started 8")]
    busy = [Interval(t, users=10, ok=5, cpu=95.0) for t in range(3)]
    assert marks(looks, [*QUIET, *busy]) == (
        "the server has lost the process 7 and started 8, after 2 s",
        "other programs used 30 % of a processor",
        "other virtual machines took 15 % of a processor",
        "the generator's processor was busy to 90 % or more in 3 of 23 seconds: spread the users over more processes"
        " (--processes) or machines",
    )
    # What the lab has not started may be the server, or its database.
    assert "other programs" not in " ".join(marks(looks, busy, all_ours=False))


def test_what_was_changed_since_the_experiment_began() -> None:
    begun = {"versions": {"python": "3.11.2", "django": "5.2"}, "machine": {"processors": 8}, "started": "then"}
    now = {"versions": {"python": "3.13.1", "django": "5.2"}, "machine": {"processors": 8}, "started": "now"}
    assert changed(begun, begun) == ()
    assert changed(begun, now) == ("python is 3.13.1, and was 3.11.2 when the experiment began",)
