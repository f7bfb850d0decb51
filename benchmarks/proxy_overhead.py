"""What does the lab's proxy cost? ``python benchmarks/proxy_overhead.py``; needs nginx and wrk.

Pass-through: wrk sends requests to nginx over 100 connections in a closed loop, directly and through the proxy. The
order is reversed in every second round; the ratio is that of the medians. wrk, nginx and the proxy share the machine.

Added delay: 500 connections through the proxy send requests at random moments, each a little less than twice a second,
so that the machine is not saturated. 500 others go to nginx directly, in the same run. What the proxy adds is the
difference of the percentiles, less the latency that it was set to. For comparison, wrk's own figures for 500
connections in a closed loop follow. In a short run its p99 is that of first requests, whose connections have to be
opened too.
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
from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, free_port, python, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError
from support.harness import run, spread
from support.web_servers import (
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
    """The command line: how many rounds are measured, and how many seconds each takes."""

    rounds: int
    seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= 100:
            raise UsageError("--rounds must be from 1 to 100")
        if not 1 <= self.seconds <= 600:
            raise UsageError("--seconds must be from 1 to 600")


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the 99th percentile of latencies, in milliseconds, and how many there were."""

    median_ms: float
    p99_ms: float
    count: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the figures with their goals. Return the exit code."""
    return run("proxy", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Read the command line. Raise UsageError for one that cannot be used."""
    parser = Parser(prog="proxy", description="What does the lab's proxy cost?")
    parser.add_argument("--rounds", type=int, default=5, help="direct and through (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=4, help="of each (default: %(default)s)")
    options = parser.parse_args(arguments)
    return Options(options.rounds, options.seconds)


def measure(options: Options, folder: Path) -> None:
    """Measure and print. Raise UsageError for a missing program, TrialError where something does not start."""
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
    """Start a proxy in front of a port, and yield the proxy's own port. Raise TrialError where it does not start."""
    port = free_port()
    addresses = [f"--listen=127.0.0.1:{port}", f"--upstream=127.0.0.1:{upstream}"]
    argv = python("-m", "locust_asyncdjango.lab.proxy", *addresses, *flags)
    log = folder / "proxy.log"
    log.unlink(missing_ok=True)
    with running(argv, log=log) as program:
        if not wait_until(lambda: bool(program.log_lines()), program, START_DEADLINE_S):
            raise TrialError(f"the proxy did not start: {program.last_log_line()}")
        yield port


def throughput(options: Options, direct: int, through: int, folder: Path) -> str:
    """Return the requests a second without and with the proxy, as lines to print."""
    rates: dict[int, list[float]] = {direct: [], through: []}
    for round_ in range(options.rounds):
        for port in (direct, through) if round_ % 2 == 0 else (through, direct):
            rates[port].append(requests_per_s(wrk(address(port), CONNECTIONS, options.seconds, folder)))
    medians = {port: statistics.median(values) for port, values in rates.items()}
    ratios = [passed / straight for straight, passed in zip(rates[direct], rates[through], strict=True)]
    reached = "reached" if medians[through] >= GOAL_PER_S else "MISSED"
    return (
        f"pass-through, {CONNECTIONS} connections, req/s: median (min..max) of {options.rounds} rounds\n"
        f"  direct  {spread(rates[direct])}\n"
        f"  through {spread(rates[through])}; goal of {GOAL_PER_S} {reached}\n"
        f"  through / direct {medians[through] / medians[direct]:.3f} ({min(ratios):.3f}..{max(ratios):.3f})"
    )


def address(port: int) -> str:
    """Return the URL of what nginx or the proxy serves."""
    return f"http://127.0.0.1:{port}/"


def closed_loop(options: Options, port: int, folder: Path) -> str:
    """Return wrk's own latencies with many connections, as a text to print."""
    text = wrk(address(port), MANY_CONNECTIONS, options.seconds, folder)
    percentiles = dict(re.findall(r"^ +(50|99)% +(\S+)$", text, re.MULTILINE))
    return f"{requests_per_s(text):.0f} req/s, median {percentiles.get('50')}, p99 {percentiles.get('99')}"


def added_delay(seconds: float, direct: int, through: int, folder: Path) -> str:
    """Return what the proxy adds beyond its latency, as lines to print. Raise TrialError where a request fails."""
    log = folder / "random_load.log"
    flags = [f"--seconds={seconds}", f"--connections={MANY_CONNECTIONS}"]
    with running(
        python(str(HERE / "support" / "random_load.py"), str(direct), str(through), *flags), log=log
    ) as program:
        if program.wait():
            raise TrialError(f"the random load failed: {program.last_log_line()}")
        straight, passed = (Spread(*figures) for figures in json.loads(program.last_log_line()))
    median_ms = passed.median_ms - straight.median_ms - LATENCY_MS
    p99_ms = passed.p99_ms - straight.p99_ms - LATENCY_MS
    lines = [
        f"added delay, {MANY_CONNECTIONS} connections at random moments, latency {LATENCY_MS} ms; ms: median, p99",
        *(
            f"  {name:8}{latencies.median_ms:8.2f}{latencies.p99_ms:8.2f}   of {latencies.count} requests"
            for name, latencies in (("direct", straight), ("through", passed))
        ),
        f"  added {verdict(median_ms, GOAL_MEDIAN_MS)} at the median, {verdict(p99_ms, GOAL_P99_MS)} at p99",
    ]
    return "\n".join(lines)


def verdict(added_ms: float, goal_ms: float) -> str:
    """Return an added delay with its goal, as a text to print."""
    return f"{added_ms:+.2f} ms (goal of +{goal_ms} {'reached' if added_ms <= goal_ms else 'MISSED'})"


if __name__ == "__main__":
    sys.exit(main())
