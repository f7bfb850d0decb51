"""Silences: seconds in which users ran and no request was answered, although many answers were due.

A silence is a reason to doubt a run: the server, a service behind it, or the generator stood still, and the other
figures of the run need not show it. Start reading at ``find_silences``.

Some runs are silent by nature: a few users of a slow route get an answer every few seconds, and users who wait in step
get all answers in one second and none in the next. So a silence counts only if answers were due in it at the rate
before it, and if it is longer than the silences that are usual in the run. Before the first answer there is no rate: a
silence there counts if it is longer than requests usually took in the seconds after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from locust_asyncdjango.metrics.interval import Interval

MIN_SILENCE_S = 2
"""The shortest silence that counts, in seconds; where silences are usual, by how much it must exceed twice these."""
NEAR = 10
"""The intervals before a silence, or after one at the beginning of a run, with which it is compared."""
MIN_DUE = 8
"""The fewest answers that must have been due in a silence: by chance, none of eight comes once in 3000 times."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Seconds without an answer. t: the first of them, from the start of the run. length_s: how many there are."""

    t: int
    length_s: int

    @property
    def text(self) -> str:
        """Return in words how long it was, and when it began."""
        return f"nothing was answered for {self.length_s} s, from second {self.t} on"


def find_silences(intervals: Sequence[Interval]) -> list[Silence]:
    """Return the silences of a run, in their order. intervals: from its first second to its last."""
    ranges = list(_silent_ranges(intervals))
    usual_s = _usual_silence_s(intervals, ranges)
    return [
        Silence(intervals[begin].t, _length_s(intervals[begin:end]))
        for begin, end in ranges
        if _is_unusual(intervals, begin, end, usual_s)
    ]


def _silent_ranges(intervals: Sequence[Interval]) -> Iterator[tuple[int, int]]:
    """Yield the first index, and the one after the last, of each row of intervals with users and without an answer."""
    for is_silent, group in groupby(range(len(intervals)), key=lambda n: _is_silent(intervals[n])):
        indexes = list(group)
        if is_silent:
            yield indexes[0], indexes[-1] + 1


def _is_unusual(intervals: Sequence[Interval], begin: int, end: int, usual_s: float) -> bool:
    near = intervals[max(begin - NEAR, 0) : begin]
    if not any(map(_answers, near)):
        near = intervals[end : end + NEAR]
        usual_s = max(usual_s, _usual_latency_s(near))
    length_s = _length_s(intervals[begin:end])
    due = length_s * sum(map(_answers, near)) / max(_length_s(near), 1)
    return length_s >= MIN_SILENCE_S + 2 * usual_s and due >= MIN_DUE


def _usual_silence_s(intervals: Sequence[Interval], ranges: Sequence[tuple[int, int]]) -> float:
    """Return the median length of what follows each interval with an answer before the next one; mostly 0."""
    lengths_s = {begin: _length_s(intervals[begin:end]) for begin, end in ranges}
    answered = (n for n, interval in enumerate(intervals) if _answers(interval))
    return median([lengths_s.get(n + 1, 0) for n in answered] or [0])


def _usual_latency_s(intervals: Sequence[Interval]) -> float:
    return median([each.busy_s / _answers(each) for each in intervals if _answers(each)] or [0.0])


def _is_silent(interval: Interval) -> bool:
    return interval.users > 0 and not _answers(interval)


def _answers(interval: Interval) -> int:
    return interval.ok + interval.failures


def _length_s(intervals: Sequence[Interval]) -> int:
    return sum(interval.length for interval in intervals)
