"""Readings of the machine, and what is computed of two of them."""

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.machine import MachineReading, other_percent, steal_percent


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
