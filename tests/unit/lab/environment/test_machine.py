"""Readings of the machine, and what is computed of two of them."""

import os
import subprocess
import sys

import psutil
import pytest

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.machine import MachineReading, busy_percents, other_percent, steal_percent


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


def test_how_busy_each_processor_was() -> None:
    before = MachineReading(10.0, 0.0, 0.0, 0.0, 0.0, (5.0, 7.0, 1.0))
    now = MachineReading(12.0, 0.0, 0.0, 0.0, 0.0, (5.0, 8.5, 3.1))
    assert busy_percents(before, now) == [100.0, 25.0, 0.0]
    assert busy_percents(before, MachineReading(12.0, 0.0, 0.0, 0.0, 0.0, (5.0,))) == [100.0]  # the others are off


def test_every_processor_that_may_be_used_is_read() -> None:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert len(machine.read_machine().idle_s) == usable


def test_a_program_that_has_ended_used_an_unknown_time() -> None:
    program = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(program.pid)
    assert machine.programs_cpu_s(process) >= 0
    program.wait()
    with pytest.raises(psutil.NoSuchProcess):
        machine.programs_cpu_s(process)
