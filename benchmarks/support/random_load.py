"""Send requests at random moments, over many connections, each of which waits about half a second between requests.

``python benchmarks/support/random_load.py PORT PORT`` prints, as JSON, for each port the median and the 99th
percentile of the latencies in milliseconds, and how many there were. It is a program of its own so that a benchmark
can stop it: an event loop may swallow the exception that a signal handler raises.
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
    """Print the latencies of each port. Return the exit code: 1 where a server does not answer."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("ports", type=int, nargs="+")
    flags.add_argument("--connections", type=int, default=500, help="to each (default: %(default)s)")
    flags.add_argument("--seconds", type=float, default=10, help="how long to count (default: %(default)s)")
    options = flags.parse_args(arguments)
    failed = ""
    try:
        latencies = uvloop.run(measure(options.ports, options.connections, options.seconds))
    except* (OSError, EOFError) as errors:
        failed = repr(errors.exceptions[0])
    if failed or min(map(len, latencies)) < 2:
        print(failed or "too few answers; try more --seconds", file=sys.stderr)
        return 1
    print(json.dumps([summary(port_latencies) for port_latencies in latencies]))
    return 0


def summary(latencies_ms: Sequence[float]) -> tuple[float, float, int]:
    """Return the median, the 99th percentile and the number of latencies."""
    return statistics.median(latencies_ms), statistics.quantiles(latencies_ms, n=100)[98], len(latencies_ms)


async def measure(ports: Sequence[int], connections: int, seconds: float) -> list[list[float]]:
    """Load all ports at the same time, and return the latencies of each, in milliseconds."""
    begin_s = time.monotonic() + WARM_UP_S
    latencies: list[list[float]] = [[] for _ in ports]
    async with asyncio.TaskGroup() as group:
        for port, latencies_ms in zip(ports, latencies, strict=True):
            for _ in range(connections):
                group.create_task(send_requests(port, begin_s, begin_s + seconds, latencies_ms))
    return latencies


async def send_requests(port: int, begin_s: float, end_s: float, latencies_ms: list[float]) -> None:
    """Send the requests of one connection, and append their latencies; those sent before begin_s do not count."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (pause_s := random.expovariate(1 / MEAN_PAUSE_S)) < end_s - time.monotonic():
        await asyncio.sleep(pause_s)
        sent_s = time.monotonic()
        writer.write(REQUEST)
        await reader.readuntil(ANSWER_END)
        if sent_s >= begin_s:
            latencies_ms.append(1000 * (time.monotonic() - sent_s))
    writer.close()
    await writer.wait_closed()


if __name__ == "__main__":
    sys.exit(main())
