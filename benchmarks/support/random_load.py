"""Asks servers at random moments, with many connections to each that wait about half a second between requests.

``python benchmarks/random_moments.py PORT PORT`` prints, as JSON, for each port the median and the 99th percentile of
the latencies in milliseconds, and how many there were. A program of its own, so that what starts it can stop it: an
event loop may swallow the exception that a signal handler raises.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence

import uvloop

MEAN_PAUSE_S = 0.5
WARM_UP_S = 2
REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
ANSWER_END = b"ok\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found; exit code 1 where a server does not answer."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("ports", type=int, nargs="+")
    flags.add_argument("--connections", type=int, default=500, help="to each (default: %(default)s)")
    flags.add_argument("--seconds", type=float, default=10, help="how long to count (default: %(default)s)")
    options = flags.parse_args(arguments)
    failed = ""
    try:
        latencies = uvloop.run(asked(options.ports, options.connections, options.seconds))
    except* (OSError, EOFError) as errors:
        failed = repr(errors.exceptions[0])
    if failed or min(map(len, latencies)) < 2:
        print(failed or "too few answers; try more --seconds", file=sys.stderr)
        return 1
    print(json.dumps([summary(found) for found in latencies]))
    return 0


def summary(latencies_ms: Sequence[float]) -> tuple[float, float, int]:
    """Median, 99th percentile and how many."""
    return statistics.median(latencies_ms), statistics.quantiles(latencies_ms, n=100)[98], len(latencies_ms)


async def asked(ports: Sequence[int], connections: int, seconds: float) -> list[list[float]]:
    """The latencies of each port in milliseconds, all asked at once."""
    begin_s = time.monotonic() + WARM_UP_S
    latencies: list[list[float]] = [[] for _ in ports]
    async with asyncio.TaskGroup() as group:
        for port, found in zip(ports, latencies, strict=True):
            for _ in range(connections):
                group.create_task(ask(port, begin_s, begin_s + seconds, found))
    return latencies


async def ask(port: int, begin_s: float, end_s: float, latencies_ms: list[float]) -> None:
    """One connection's requests, at random moments; those before begin_s do not count. Raises OSError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (pause_s := random.expovariate(1 / MEAN_PAUSE_S)) < end_s - time.monotonic():
        await asyncio.sleep(pause_s)
        asked_s = time.monotonic()
        writer.write(REQUEST)
        await reader.readuntil(ANSWER_END)
        if asked_s >= begin_s:
            latencies_ms.append(1000 * (time.monotonic() - asked_s))
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    sys.exit(main())
