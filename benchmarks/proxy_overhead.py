"""What does the lab's proxy cost? ``python benchmarks/proxy.py``; needs nginx and wrk.

Pass-through: wrk asks nginx with 100 connections in a closed loop, directly and through the proxy, in rounds of which
every second is turned round; the ratio is that of the medians. wrk, nginx and the proxy share the machine.

Added delay: 500 connections through the proxy ask at random moments, each a little less than twice a second, so that
the machine is not saturated; 500 others ask nginx directly, in the same run. What the proxy adds is the difference of
the percentiles, less the latency that it was told to add. wrk's own figures for 500 connections in a closed loop stand
below for comparison; in a short run its p99 is that of first requests, whose connections have to be opened too.
"""

import json
import re
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import free_port, python, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError
from support.harness import run, spread
from support.web_servers import (
    DEADLINE_S,
    check_programs,
    nginx,
    requests_per_s,
    wrk,
)

HERE = Path(__file__).resolve().parent
GOAL_PER_S = 50_000
GOAL_MEDIAN_MS, GOAL_P99_MS = 4, 10
LATENCY_MS = 100
CONNECTIONS, MANY_CONNECTIONS = 100, 500

OK = 'location / { return 200 "ok\\n"; }'


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    rounds: int
    seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= 100:
            raise UsageError("--rounds must be from 1 to 100")
        if not 1 <= self.seconds <= 600:
            raise UsageError("--seconds must be from 1 to 600")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of latencies, in milliseconds."""

    median_ms: float
    p99_ms: float
    count: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found and whether it is what was aimed at."""
    return run("proxy", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="proxy", description="What does the lab's proxy cost?")
    parser.add_argument("--rounds", type=int, default=5, help="direct and through (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of each (default: %(default)s)")
    given = parser.parse_args(arguments)
    return Options(given.rounds, given.seconds)


def measure(options: Options, folder: Path) -> None:
    """Measures and prints. Raises UsageError and TrialError."""
    check_programs("nginx", "wrk")
    with nginx(folder, OK) as direct:
        with proxy(folder, direct) as through:
            print(throughput(options, direct, through, folder), flush=True)
        with proxy(folder, direct, f"--latency-ms={LATENCY_MS}") as through:
            print(added_delay(4 * options.seconds, direct, through, folder), flush=True)
            for name, port in (("direct", direct), ("through", through)):
                print(f"wrk, {MANY_CONNECTIONS} connections, closed loop, {name}: {closed_loop(options, port, folder)}")


@contextmanager
def proxy(folder: Path, upstream: int, *flags: str) -> Iterator[int]:
    """The port of a proxy before upstream. Raises TrialError."""
    port = free_port()
    addresses = [f"--listen=127.0.0.1:{port}", f"--upstream=127.0.0.1:{upstream}"]
    argv = python("-m", "locust_asyncdjango.lab.proxy", *addresses, *flags)
    log = folder / "proxy.log"
    log.unlink(missing_ok=True)
    with running(argv, log=log) as program:
        if not wait_until(lambda: bool(program.log_lines()), program, DEADLINE_S):
            raise TrialError(f"the proxy did not start: {program.last_log_line()}")
        yield port


def throughput(options: Options, direct: int, through: int, folder: Path) -> str:
    """Requests per second, and what the proxy leaves of them."""
    rates: dict[int, list[float]] = {direct: [], through: []}
    for round_ in range(options.rounds):
        for port in (direct, through) if round_ % 2 == 0 else (through, direct):
            rates[port].append(requests_per_s(wrk(address(port), CONNECTIONS, options.seconds, folder)))
    medians = {port: statistics.median(found) for port, found in rates.items()}
    ratios = [passed / straight for straight, passed in zip(rates[direct], rates[through], strict=True)]
    reached = "reached" if medians[through] >= GOAL_PER_S else "MISSED"
    return (
        f"pass-through, {CONNECTIONS} connections, req/s: median (min..max) of {options.rounds} rounds\n"
        f"  direct  {spread(rates[direct])}\n"
        f"  through {spread(rates[through])}; goal of {GOAL_PER_S} {reached}\n"
        f"  through / direct {medians[through] / medians[direct]:.3f} ({min(ratios):.3f}..{max(ratios):.3f})"
    )


def address(port: int) -> str:
    """Of what nginx or the proxy serves."""
    return f"http://127.0.0.1:{port}/"


def closed_loop(options: Options, port: int, folder: Path) -> str:
    """wrk's own latencies with many connections."""
    text = wrk(address(port), MANY_CONNECTIONS, options.seconds, folder)
    found = dict(re.findall(r"^ +(50|99)% +(\S+)$", text, re.MULTILINE))
    return f"{requests_per_s(text):.0f} req/s, median {found.get('50')}, p99 {found.get('99')}"


def added_delay(seconds: float, direct: int, through: int, folder: Path) -> str:
    """What the proxy adds beyond its latency. Raises TrialError."""
    log = folder / "random_moments.log"
    flags = [f"--seconds={seconds}", f"--connections={MANY_CONNECTIONS}"]
    with running(
        python(str(HERE / "support" / "random_load.py"), str(direct), str(through), *flags), log=log
    ) as program:
        if program.wait():
            raise TrialError(f"asking failed: {program.last_log_line()}")
        straight, passed = (Spread(*found) for found in json.loads(program.last_log_line()))
    median_ms = passed.median_ms - straight.median_ms - LATENCY_MS
    p99_ms = passed.p99_ms - straight.p99_ms - LATENCY_MS
    lines = [
        f"added delay, {MANY_CONNECTIONS} connections at random moments, latency {LATENCY_MS} ms; ms: median, p99",
        *(
            f"  {name:8}{found.median_ms:8.2f}{found.p99_ms:8.2f}   of {found.count} requests"
            for name, found in (("direct", straight), ("through", passed))
        ),
        f"  added {verdict(median_ms, GOAL_MEDIAN_MS)} at the median, {verdict(p99_ms, GOAL_P99_MS)} at p99",
    ]
    return "\n".join(lines)


def verdict(added_ms: float, goal_ms: float) -> str:
    """Beside its goal."""
    return f"{added_ms:+.2f} ms (goal of +{goal_ms} {'reached' if added_ms <= goal_ms else 'MISSED'})"


if __name__ == "__main__":
    sys.exit(main())
