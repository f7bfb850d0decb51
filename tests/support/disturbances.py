"""Kill or freeze a program of the lab at a random moment of a trial: is the trial still reported as a result?

``python -m tests.support.disturbances --trials 60 --seed 1`` disturbs so many trials, and ends with exit code 1 where
one of them is reported as if nothing had happened. A killed program must make its trial "not measured"; a frozen one
too, or give it a caveat that says when and for how long. A worker that is killed is a caveat: the server is what is
measured.
"""

import argparse
import json
import random
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any

import psutil

from tests.support.programs import Running, lab, running, wait_for

LENGTH_S = 7
# The latency to the users leaves the machine time for other tests.
LOAD = (
    *("-u", "2", "-r", "2", "-t", f"{LENGTH_S}s", "--client-latency-ms", "25"),
    *("--posts", "1000", "--servers", "gunicorn-sync"),
)
WHEN = re.compile(r"(stood still|nothing was answered) for \d+ s, from second \d+ on")
LOST = re.compile(r"the server has lost the process \d+ .*, after \d+ s")
SHORTEST_FREEZE_S, LONGEST_FREEZE_S = 2.0, 4.0


@dataclass(frozen=True, slots=True)
class Target:
    """A process of a trial.

    name: what the lab's messages call its program. pattern: of its command line. route, flags, env: of a run that has
    it. is_worker: whether the trial may go on without it.
    """

    name: str
    pattern: str
    route: str = "io_read"
    flags: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    is_worker: bool = False


PERSISTENT = (("TARGET_SITE_CONNECTIONS", "persistent"),)
TARGETS = {
    "postmaster": Target("PostgreSQL", r"bin/postgres -D"),
    "checkpointer": Target("PostgreSQL", r"^postgres: checkpointer"),
    "background writer": Target("PostgreSQL", r"^postgres: background writer"),
    "walwriter": Target("PostgreSQL", r"^postgres: walwriter"),
    "autovacuum launcher": Target("PostgreSQL", r"^postgres: autovacuum launcher"),
    "io worker": Target("PostgreSQL", r"^postgres: io worker 0"),
    "backend": Target("PostgreSQL", r"^postgres: postgres postgres 127", env=PERSISTENT),
    "redis": Target("Redis", r"(redis|valkey)-server", "cached"),
    "slow api": Target("the slow API", r"target_site\.slow_api", "external"),
    "database proxy": Target(
        "the latency proxy in front of the database", r"lab\.proxy .*--latency-ms=3$", flags=("--latency-ms", "3")
    ),
    "client proxy": Target("the client proxy", r"lab\.proxy .*--latency-ms=25$"),
    "locust": Target("Locust", r"-m locust -f .*--headless"),
    "server": Target("gunicorn-sync", r"-m gunicorn"),
    "worker": Target("gunicorn-sync", r"-m gunicorn", is_worker=True),
    "lab": Target("the lab", r"bin/locust-asyncdjango run"),
}


KILLS = {
    "": (signal.SIGKILL,),
    "postmaster": (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM),
    **dict.fromkeys(
        ("redis", "slow api", "database proxy", "client proxy", "locust", "server"), (signal.SIGKILL, signal.SIGTERM)
    ),
}
"""The signals that a target is killed with; "" for all others."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What happens in a trial: a signal, after so many seconds of its load; SIGSTOP ends after freeze_s."""

    target: str
    signum: signal.Signals
    after_s: float
    freeze_s: float = 0.0

    def __str__(self) -> str:
        freeze = f" for {self.freeze_s:.1f} s" if self.freeze_s else ""
        return f"{self.target}: {self.signum.name} after {self.after_s:.1f} s{freeze}"

    @classmethod
    def by_chance(cls, target: str, signum: signal.Signals, chance: random.Random) -> "Disturbance":
        """Return a disturbance at a random moment, early enough for a freeze to end before the load does."""
        if signum != signal.SIGSTOP:
            return cls(target, signum, chance.uniform(0.5, LENGTH_S - 1.5))
        freeze_s = chance.uniform(SHORTEST_FREEZE_S, LONGEST_FREEZE_S)
        return cls(target, signum, chance.uniform(0.5, LENGTH_S - 1 - freeze_s), freeze_s)

    def apply(self, program: Running) -> None:
        """Disturb the trial whose load has just begun. program: the lab."""
        time.sleep(self.after_s)
        process = wait_for(lambda: self._find(program), lambda: f"{self.target} does not run:\n{program.text}")
        process.send_signal(self.signum)
        if self.freeze_s:
            time.sleep(self.freeze_s)
            process.send_signal(signal.SIGCONT)

    def _find(self, program: Running) -> psutil.Process | None:
        target = TARGETS[self.target]
        fitting = []
        lab_process = psutil.Process(program.popen.pid)
        for process in (lab_process, *lab_process.children(recursive=True)):
            with suppress(psutil.Error):
                if re.search(target.pattern, " ".join(process.cmdline())):
                    fitting.append(process)
        return fitting[-1 if target.is_worker else 0] if fitting else None

    def fault(self, result: dict[str, Any]) -> str:
        """Return in what way a trial's result does not show what happened; "" if it does."""
        target, error, caveats = TARGETS[self.target], result["error"], result["caveats"]
        if error:
            is_named = target.name in error and "\n" not in error
            return "" if is_named else f"not measured, but for another reason: {error}"
        pattern = WHEN if self.freeze_s else LOST if target.is_worker else None
        if pattern and any(map(pattern.search, caveats)):
            return ""
        return f"a result, with the caveats {caveats}"


def run_disturbed(output: Path, disturbances: Sequence[Disturbance]) -> Iterator[tuple[Disturbance, dict[str, Any]]]:
    """Run an experiment of which trials are disturbed, and yield each disturbance with the result of its trial.

    output: the results folder, which must not be there. disturbances: each of one trial of its target's route. They
    share the flags and variables of all their targets.
    """
    targets = [TARGETS[each.target] for each in disturbances]
    waiting: dict[str, list[Disturbance]] = {target.route: [] for target in targets}
    for target, disturbance in zip(targets, disturbances, strict=True):
        waiting[target.route].append(disturbance)
    flags = dict.fromkeys(target.flags for target in targets)
    repeats = ("--repeats", str(max(map(len, waiting.values()))), "--a-a-pairs", "0")
    command = lab("run", "--routes", ",".join(waiting), *LOAD, *chain(*flags), *repeats, "--output", output)
    with running(*command, env=dict(chain(*(target.env for target in targets)))) as program:
        for _ in disturbances:
            trial = wait_for(
                lambda: disturbed_trial(output / "trials", waiting), lambda: f"no trial begins:\n{program.text}"
            )
            disturbance = waiting[route_of(trial)].pop(0)
            disturbance.apply(program)
            yield disturbance, result_of(trial, program)
        program.end()
        assert program.left_behind() == []


def result_of(trial: Path, program: Running) -> dict[str, Any]:
    """Return the result of a trial that goes on, once it has ended. trial: its folder. program: the lab."""
    wait_for(lambda: not trial.exists(), lambda: f"the trial does not end:\n{program.text}")
    content: dict[str, Any] = json.loads((trial.with_suffix("") / "result.json").read_text())
    return content


def disturbed_trial(trials: Path, waiting: Mapping[str, Sequence[Disturbance]]) -> Path | None:
    """Return the folder of the trial whose load has begun and which goes on, if one of its route is to be disturbed.

    waiting: the disturbances that are left, by route.
    """
    loaded = (file.parent for file in trials.glob("*.unfinished/series.jsonl") if file.stat().st_size)
    return next((trial for trial in loaded if waiting[route_of(trial)]), None)


def route_of(trial: Path) -> str:
    """Return the route of a trial. trial: its folder."""
    return trial.name.partition("-")[0]


def planned(trials: int, seed: int) -> dict[str, list[Disturbance]]:
    """Return so many disturbances by target: all targets in turn, half of them killed and half of them frozen.

    The lab is frozen only: without it there is no result.
    """
    chance = random.Random(seed)
    disturbances: dict[str, list[Disturbance]] = {target: [] for target in TARGETS}
    for number, target in enumerate(islice(cycle(TARGETS), trials)):
        is_kill = (number // len(TARGETS)) % 2 == 0 and target != "lab"
        signum = chance.choice(killing_signals(target)) if is_kill else signal.SIGSTOP
        disturbances[target].append(Disturbance.by_chance(target, signum, chance))
    return {target: each for target, each in disturbances.items() if each}


def killing_signals(target: str) -> tuple[signal.Signals, ...]:
    """Return the signals that a target is killed with."""
    return KILLS.get(target, KILLS[""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Disturb trials and print what became of each. Return 1 where one is reported as if nothing had happened."""
    flags = argparse.ArgumentParser(prog="python -m tests.support.disturbances", description=__doc__)
    flags.add_argument("--trials", type=int, default=60)
    flags.add_argument("--seed", type=int, default=1)
    options = flags.parse_args(arguments)
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, disturbances in enumerate(planned(options.trials, options.seed).values()):
            for disturbance, result in run_disturbed(Path(folder) / str(number), disturbances):
                fault = disturbance.fault(result)
                faults += bool(fault)
                print(f"{'FAULT ' + fault if fault else 'held'}: {disturbance}: {outcome(result)}", flush=True)
    print(
        f"{options.trials} trials were disturbed, {faults} of them are reported as if nothing had happened", flush=True
    )
    return 1 if faults else 0


def outcome(result: dict[str, Any]) -> str:
    """Return what the lab says of a trial."""
    return f"not measured: {result['error']}" if result["error"] else f"caveats: {'; '.join(result['caveats'])}"


if __name__ == "__main__":
    sys.exit(main())
