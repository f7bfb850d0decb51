"""The watch over an event loop, with a loop that blocks."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from locust_asyncdjango.probe.event_loop.watch import LoopWatches

LONGEST_S = 60


async def block(seconds: float) -> None:
    """Do what an async view must not do."""
    time.sleep(seconds)


async def compute(seconds: float) -> None:
    """Do the other thing that an async view must not do. seconds: on a processor, however long that takes."""
    end_s = time.thread_time() + seconds
    while time.thread_time() < end_s:
        sum(range(1000))


def figures_of(blocks_s: float, block: Callable[[float], Awaitable[None]] = block) -> dict[str, Any]:
    """Return the figures of a loop that blocks, once they name a line, or after some blocks."""
    watches = LoopWatches()

    async def run() -> dict[str, Any]:
        deadline_s = time.monotonic() + LONGEST_S
        watches.watch_running_loop()
        watches.watch_running_loop()
        figures = watches.as_json()
        while blocks_s and figures is not None and not figures["blocks"] and time.monotonic() < deadline_s:
            await block(blocks_s)
            await asyncio.sleep(0.1)
            figures = watches.as_json()
        assert figures is not None
        return figures

    return asyncio.run(run())


def test_the_line_that_blocks_is_named() -> None:
    figures = figures_of(0.3)
    (place,) = figures["blocks"]
    line = block.__code__.co_firstlineno + 2
    assert (Path(place["file"]).name, place["function"], place["line"]) == ("test_watch.py", "block", line)
    assert figures["lag_most_ms"] > 50
    assert 0 < figures["late_share"] <= 1


def test_the_line_that_computes_is_named_also_on_a_busy_machine() -> None:
    (place,) = figures_of(0.1, compute)["blocks"]
    first_line = compute.__code__.co_firstlineno
    assert (Path(place["file"]).name, place["function"]) == ("test_watch.py", "compute")
    assert place["line"] in (first_line + 3, first_line + 4)


def test_a_loop_has_one_watch_and_its_thread_ends_with_it() -> None:
    figures_of(0)
    threads = [each for each in threading.enumerate() if each.name == "locust-asyncdjango-probe"]
    for thread in threads:
        thread.join(LONGEST_S)
    assert [thread for thread in threads if thread.is_alive()] == []


def test_a_process_without_a_loop_has_no_figures() -> None:
    watches = LoopWatches()
    watches.watch_running_loop()
    assert watches.as_json() is None
