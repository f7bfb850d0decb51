"""What blocked an event loop: the decision over the samples of one late beat, and the list of all blocks."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .stacks import GIL, LOCK, RUNNING, SYSTEM_CALL, UNKNOWN, Place, Sample

COMPUTING_SHARE = 0.6
"""From this share of a processor on, a late loop is late because it computes."""
COMPUTING_S = 0.05
"""From so many seconds on a processor on, it is too, however long it waited for one on a busy machine."""
RUNNING_SHARE = 0.3
"""The share of a processor that a loop gets at least where it computes on a busy machine."""
BLOCKS_LIMIT = 100
"""How many different places are kept."""


def blocking_place(samples: Sequence[Sample], processor_s: float, passed_s: float) -> Place | None:
    """Return the line of the project that blocked the loop; None where the loop was late for another reason.

    samples: of the loop's thread, while it was late. passed_s: seconds since its last beat. processor_s: those of them
    in which the thread was on a processor.

    No line is to blame where the loop only waits for the interpreter, because other threads compute, or for a processor
    of a busy machine, and where many requests have each taken a little: one call has to be in most of the samples.
    """
    processor_share = processor_s / max(passed_s, 1e-6)
    if processor_share >= COMPUTING_SHARE or processor_s >= COMPUTING_S:
        states = {LOCK, SYSTEM_CALL, UNKNOWN, RUNNING, GIL}
    elif processor_share >= RUNNING_SHARE:
        states = {LOCK, SYSTEM_CALL, UNKNOWN, RUNNING}
    else:
        states = {LOCK, SYSTEM_CALL, UNKNOWN}
    blocking = [sample for sample in samples if sample.state in states and sample.place]
    calls = Counter(id(sample.call) for sample in blocking)
    call, times = calls.most_common(1)[0] if calls else (0, 0)
    if 2 * times <= len(samples):
        return None
    places = Counter(sample.place for sample in blocking if id(sample.call) == call)
    return places.most_common(1)[0][0]


class Blocks:
    """The places that blocked a loop, with their times."""

    def __init__(self) -> None:
        self._times: dict[Place, list[float]] = {}

    def add(self, place: Place, lateness_s: float) -> None:
        """Add a block of a line. lateness_s: how long it kept the loop from its next beat."""
        if place in self._times or len(self._times) < BLOCKS_LIMIT:
            self._times.setdefault(place, []).append(lateness_s)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the places, the one that blocked longest first. ms: the sum, most_ms: the longest block."""
        # A copy: the watching thread may add a place meanwhile.
        blocks = sorted(dict(self._times).items(), key=lambda item: -sum(item[1]))
        return [
            {
                **place._asdict(),
                "ms": round(1000 * sum(times_s), 1),
                "most_ms": round(1000 * max(times_s), 1),
                "times": len(times_s),
            }
            for place, times_s in blocks
        ]
