"""Thresholds that end or fail a run: ``p95>800ms for 10s`` -> Threshold; rows of a series -> Crossing.

Start reading at ``parse_threshold`` and ``ThresholdMonitor``.

Definitions
    without ``for``: the metric of all seconds so far together.
    for N: the metric of each second by itself, in N seconds in a row. A second without a value (a latency without
        successes, a share without requests) is skipped: it neither counts nor breaks the row.
    {NAME}: of the requests with this name only, and of all methods where the name has none.
    percentile: nearest rank, the lowest latency such that at least so many per cent of successes took no longer.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from locust_asyncdjango.analysis.conditions.parser import METRICS, OPERATORS, ConditionError, parse_condition
from locust_asyncdjango.analysis.request_names import matching_names, nearest_name
from locust_asyncdjango.metrics.histogram import Histogram, sum_ms
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.request_names.sums import RequestSums, sum_of_all
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.statistics import percentile


class ThresholdError(ValueError):
    """Raised for a text that is not a threshold. The message is one line that says what is wrong and what is valid."""


NAMES_SHOWN = 3
"""How many names of requests a message shows."""

_DURATIONS_S = {"": 1, "s": 1, "m": 60, "h": 3600}

_PARTS = re.compile(r"([^{}<>=!]*(?:\{.*\})?\s*[<>=!]*.*?)(for.*)?\Z", re.DOTALL)
_DURATION = re.compile(r"([0-9]{1,9})\s*([smh]?)")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition that ends or fails a run when it comes true.

    text: as the user wrote it.
    metric: mean, rps, requests, failures, ratio, a percentile such as p99.9, or a failure kind.
    value: a count, a share from 0 to 1, milliseconds, or a rate per second.
    unit: which of these it is, as shown: "", "%", "ms" or "/s".
    seconds: how many seconds in a row must cross it; 0 stands for the whole run together.
    name: of the requests that it is about, with their method or without; "" for all.
    """

    text: str
    metric: str
    operator: str
    value: float
    unit: str
    seconds: int = 0
    name: str = ""

    def crossed_by(self, value: float) -> bool:
        """Return whether the metric crosses the threshold at this value."""
        return OPERATORS[self.operator](value, self.value)


@dataclass(frozen=True, slots=True)
class Crossing:
    """A threshold that was crossed.

    t: the second since the start of the run. users: those at that time. value: that of the metric.
    """

    threshold: Threshold
    t: int
    users: int
    value: float

    @property
    def text(self) -> str:
        """Return one line to print."""
        users = counted(self.users, "user")
        return f"{' '.join(self.threshold.text.split())}: {self._value_text()} at {users}, after {self.t} s"

    def _value_text(self) -> str:
        """Return the value with one decimal, or with as many as show that it crosses the threshold."""
        unit = self.threshold.unit
        power = -2 if unit == "%" else 0
        for decimals in range(1, 18):
            text = f"{self.value / 10**power:.{decimals}f}"
            if self.threshold.crossed_by(float(f"{text}e{power}")):
                break
        return text.rstrip("0").rstrip(".") + (" ms" if unit == "ms" else unit)


@dataclass(frozen=True, slots=True)
class UncheckedThreshold:
    """A threshold for the requests with a name that no request had. It counts as crossed: nobody knows whether it is.

    names: those that requests had.
    """

    threshold: Threshold
    names: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return one line to print."""
        near = nearest_name(self.threshold.name, self.names)
        advice = f"did you mean {near}?" if near else f"requests were named {_first_names(self.names)}"
        return f"{' '.join(self.threshold.text.split())}: it was not checked, as no request has this name; {advice}"


def _first_names(names: Sequence[str]) -> str:
    others = f" and {len(names) - NAMES_SHOWN} others" if len(names) > NAMES_SHOWN else ""
    return ", ".join(sorted(names)[:NAMES_SHOWN]) + others


class ThresholdMonitor:
    """Follows one threshold over a run from second 0, row by row. It keeps sums only, so a run may be long.

    Rows come in order. A late row, for an earlier second, adds to the sums, but not to the seconds in a row. In a
    second without a row no request ended, and as many users ran as before.
    """

    def __init__(self, threshold: Threshold) -> None:
        self.threshold = threshold
        self._last_t = self._last_users = 0
        self._sums = RequestSums()
        self._matches: dict[str, bool] = {}
        """Whether the threshold is about the requests with a name, for each name so far."""
        self._passed_s = 0
        self._in_a_row = 0
        self._first: Crossing | None = None

    def add(self, row: Row) -> None:
        """Add the next row, or one that arrived late."""
        sums = self._select(row)
        if not self.threshold.seconds:
            self._sums.add(sums)
        if row.t >= self._passed_s:
            self._follow(RequestSums(), self._passed_s, row.t - self._passed_s, self._last_users)
            self._follow(sums, row.t, 1, row.users)
            self._last_t, self._last_users = row.t, row.users
            self._passed_s = row.t + 1

    def crossing(self) -> Crossing | None:
        """Return how the threshold is crossed; None if it is not.

        With ``for`` this is the first time that it was crossed; without, the run so far.
        """
        if self.threshold.seconds:
            return self._first
        value = _metric_value(self.threshold, self._sums, max(self._passed_s, 1))
        if value is None or not self.threshold.crossed_by(value):
            return None
        return Crossing(self.threshold, self._last_t, self._last_users, value)

    def unchecked(self) -> UncheckedThreshold | None:
        """Return why the threshold says nothing about the run so far, in which requests have other names."""
        if not self.threshold.name or not self._matches or any(self._matches.values()):
            return None
        return UncheckedThreshold(self.threshold, tuple(self._matches))

    def _select(self, row: Row) -> RequestSums:
        """Return the sums of the requests that the threshold is about."""
        if not self.threshold.name:
            return RequestSums(row.ok, row.failed, row.ok_ms)
        for name in row.names.keys() - self._matches.keys():
            self._matches[name] = bool(matching_names(self.threshold.name, [name]))
        return sum_of_all(sums for name, sums in row.names.items() if self._matches[name])

    def _follow(self, sums: RequestSums, t: int, seconds: int, users: int) -> None:
        """Count this many seconds from second t on, each with these sums and users."""
        is_open = seconds and self.threshold.seconds and not self._first
        value = _metric_value(self.threshold, sums, 1) if is_open else None
        if value is None:
            return
        missing = self.threshold.seconds - self._in_a_row
        self._in_a_row = self._in_a_row + seconds if self.threshold.crossed_by(value) else 0
        if self._in_a_row >= self.threshold.seconds:
            self._first = Crossing(self.threshold, t + missing - 1, users, value)


def crossings(monitors: Iterable[ThresholdMonitor]) -> Iterator[Crossing]:
    """Yield the crossings so far, in the order of the monitors."""
    return (crossing for monitor in monitors if (crossing := monitor.crossing()))


def unchecked_thresholds(monitors: Iterable[ThresholdMonitor]) -> Iterator[UncheckedThreshold]:
    """Yield the thresholds for names that no request had, in the order of the monitors; none without any request."""
    return (unchecked for monitor in monitors if (unchecked := monitor.unchecked()))


def parse_threshold(text: str) -> Threshold:
    """Return the threshold that a text describes, such as ``p95>800ms for 10s``.

    The form is ``METRIC[{NAME}] OP VALUE[UNIT] [for DURATION]``. Raise ThresholdError where the text is no threshold.
    """
    text = text.strip()
    comparison, duration = _PARTS.findall(text)[0]
    try:
        condition = parse_condition(comparison)
        seconds = _parse_duration(duration.removeprefix("for").strip()) if duration else 0
    except ConditionError as error:
        raise ThresholdError(f"{text!r}: {error}") from None
    return Threshold(
        text, condition.metric, condition.operator, condition.value, condition.unit, seconds, condition.name
    )


def _parse_duration(duration: str) -> int:
    match = _DURATION.fullmatch(duration)
    if not match or not int(match[1]):
        raise ConditionError(f"{duration!r} is not a duration; give at least one whole second, as in for 10s or for 2m")
    return int(match[1]) * _DURATIONS_S[match[2]]


def _metric_value(threshold: Threshold, sums: RequestSums, seconds: int) -> float | None:
    """Return the threshold's metric of the requests of so many seconds; None where it has no value."""
    if threshold.unit == "ms":
        return _latency_ms(threshold.metric, sums.ok_ms)
    if threshold.unit == "/s":
        return sums.ok / seconds
    failed = sums.failures
    if threshold.metric == "requests":
        return float(sums.requests)
    count = failed if threshold.metric in METRICS else sums.failed[threshold.metric]
    if threshold.unit != "%":
        return float(count)
    return count / sums.requests if sums.requests else None


def _latency_ms(metric: str, counts: Histogram) -> float | None:
    successes = counts.total()
    if not successes:
        return None
    if metric == "mean":
        return sum_ms(counts) / successes
    return percentile(counts, Fraction(metric[1:]))
