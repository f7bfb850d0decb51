"""The settings of the proxy, named as in toxiproxy, and the calculation of when a piece of data is due.

Downstream is what the server sends to the client, upstream what the client sends to the server. Nothing here uses a
socket or a clock.
"""

import dataclasses
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from locust_asyncdjango.lab.errors import UsageError

JITTERS = ("uniform", "normal")
PIECE_S = 0.02
"""Seconds that sending a piece takes. At a limited rate, data are sent in pieces."""
MIN_PIECE_BYTES = 128
"""The smallest piece, which takes longer at a very low rate. A network sends whole packets as well."""
MAX_BACKLOG_S = 0.05
"""The sender is paused while the data that wait for a limited rate need longer than this."""
MAX_MS = 86_400_000
"""The longest delay: a day. A longer one is refused as a mistake."""
MIN_KB_PER_S = 0.1
MAX_KB_PER_S = 100_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """The delays of one direction. kb_per_s: bandwidth in kilobytes (1,000 bytes) a second; None for no limit."""

    latency_ms: float = 0
    jitter_ms: float = 0
    jitter: str = "uniform"
    kb_per_s: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether data pass without delay and without a limit."""
        return not self.latency_ms and not self.jitter_ms and self.kb_per_s is None

    def delay_s(self, rng: random.Random) -> float:
        """Return how many seconds one piece of data is in flight, which varies with the jitter; never less than 0."""
        latency_ms = self.latency_ms
        if self.jitter_ms:
            normal = self.jitter == "normal"
            latency_ms += rng.gauss(0, self.jitter_ms) if normal else rng.uniform(-self.jitter_ms, self.jitter_ms)
        return max(latency_ms, 0) / 1000


@dataclass(frozen=True, slots=True)
class Toxics:
    """All settings of a connection.

    reset_after_ms: when it is reset; None for never.
    timeout_after_ms: no data pass, and the connection is closed after this time; 0 to never close it, None for off.
    """

    downstream: Link = Link()
    upstream: Link = Link()
    reset_after_ms: float | None = None
    timeout_after_ms: float | None = None


def with_settings(toxics: Toxics, values: Mapping[str, object]) -> Toxics:
    """Return toxics with some settings replaced.

    values: by the names in SETTINGS, as text or as JSON values.
    Raise UsageError for a name that does not exist, or a value out of range.
    """
    links = {"downstream": toxics.downstream, "upstream": toxics.upstream}
    for name, value in values.items():
        if name not in SETTINGS:
            raise UsageError(f"there is no setting {name!r}; choose from {', '.join(SETTINGS)}")
        part, attribute = SETTINGS[name]
        field_value = {attribute: _checked(name, attribute, value)}
        if part:
            links[part] = dataclasses.replace(links[part], **field_value)  # type: ignore[arg-type]
        else:
            toxics = dataclasses.replace(toxics, **field_value)  # type: ignore[arg-type]
    return dataclasses.replace(toxics, **links)  # type: ignore[arg-type]


def settings_values(toxics: Toxics) -> dict[str, object]:
    """Return all settings by name, as ``with_settings`` takes them."""
    return {name: getattr(getattr(toxics, part) if part else toxics, key) for name, (part, key) in SETTINGS.items()}


SETTINGS = {
    **{f.name: ("downstream", f.name) for f in dataclasses.fields(Link)},
    **{f"upstream_{f.name}": ("upstream", f.name) for f in dataclasses.fields(Link)},
    "reset_after_ms": ("", "reset_after_ms"),
    "timeout_after_ms": ("", "timeout_after_ms"),
}
"""Name -> part of Toxics ("" for Toxics itself) and attribute. The flag of a setting has its name, with dashes."""

_OPTIONAL = ("kb_per_s", "reset_after_ms", "timeout_after_ms")


def _checked(name: str, attribute: str, value: object) -> object:
    if attribute == "jitter":
        if value not in JITTERS:
            raise UsageError(f"{name} must be {' or '.join(JITTERS)}")
        return value
    if value is None and attribute in _OPTIONAL:
        return None
    least, most = (MIN_KB_PER_S, MAX_KB_PER_S) if attribute == "kb_per_s" else (0, MAX_MS)
    number = _number(value)
    # This is also False for NaN, which stands for a value that is not a number.
    if not least <= number <= most:
        or_null = " (or null in JSON for none)" if attribute in _OPTIONAL else ""
        raise UsageError(f"{name} must be a number from {least} to {most}{or_null}")
    return number


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return math.nan
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


@dataclass(slots=True)
class DelaySchedule:
    """Computes when data of one direction are due. Moments are in seconds of ``time.monotonic()``."""

    link: Link
    rng: random.Random = field(default_factory=random.Random)
    sent_s: float = 0
    """When the link will have sent all that waits for its rate."""
    last_due_s: float = 0

    def due_s(self, arrival_s: float, size: int) -> float:
        """Return when a piece of ``size`` bytes is due, which is never before a piece that arrived earlier."""
        if self.link.kb_per_s is not None:
            self.sent_s = arrival_s = max(arrival_s, self.sent_s) + size / (1000 * self.link.kb_per_s)
        self.last_due_s = max(arrival_s + self.link.delay_s(self.rng), self.last_due_s)
        return self.last_due_s

    def backlog_s(self, now_s: float) -> float:
        """Return how many seconds the link needs to send the data that wait for its rate."""
        return 0 if self.link.kb_per_s is None else max(self.sent_s - now_s, 0)

    def pieces(self, chunk: bytes) -> Iterator[bytes | memoryview]:
        """Split a chunk into the pieces that leave one after the other."""
        if self.link.kb_per_s is None:
            yield chunk
            return
        size = max(MIN_PIECE_BYTES, int(1000 * self.link.kb_per_s * PIECE_S))
        view = memoryview(chunk)
        for begin in range(0, len(chunk), size):
            yield view[begin : begin + size]
