"""What a proxied connection suffers, in toxiproxy's words, and the arithmetic of when a chunk is due.

Downstream is what the server sends to the client, upstream what the client sends to the server. Nothing here sees a
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
"""What is sent at a limited rate leaves in pieces worth this time."""
MAX_BACKLOG_S = 0.05
"""More than this waiting before a link of limited rate holds up the sender."""
MAX_MS = 86_400_000
"""A day: more is a slip of the pen."""
MIN_KB_PER_S = 0.1
MAX_KB_PER_S = 100_000_000


@dataclass(frozen=True, slots=True)
class Link:
    """One direction. kb_per_s is in kilobytes of 1,000 bytes; None is no limit."""

    latency_ms: float = 0
    jitter_ms: float = 0
    jitter: str = "uniform"
    kb_per_s: float | None = None

    @property
    def is_clear(self) -> bool:
        """Whether it delays nothing."""
        return not self.latency_ms and not self.jitter_ms and self.kb_per_s is None

    def delay_s(self, rng: random.Random) -> float:
        """How long one packet is under way: never less than 0."""
        latency_ms = self.latency_ms
        if self.jitter_ms:
            normal = self.jitter == "normal"
            latency_ms += rng.gauss(0, self.jitter_ms) if normal else rng.uniform(-self.jitter_ms, self.jitter_ms)
        return max(latency_ms, 0) / 1000


@dataclass(frozen=True, slots=True)
class Toxics:
    """All that is set. reset_after_ms and timeout_after_ms: None is off; a timeout after 0 ms closes nothing."""

    downstream: Link = Link()
    upstream: Link = Link()
    reset_after_ms: float | None = None
    timeout_after_ms: float | None = None


def with_settings(toxics: Toxics, values: Mapping[str, object]) -> Toxics:
    """With the settings of those names (SETTINGS) replaced, given as text or as JSON values. Raises UsageError."""
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
    """Name -> value of every setting, as changed() takes them."""
    return {name: getattr(getattr(toxics, part) if part else toxics, key) for name, (part, key) in SETTINGS.items()}


SETTINGS = {
    **{f.name: ("downstream", f.name) for f in dataclasses.fields(Link)},
    **{f"upstream_{f.name}": ("upstream", f.name) for f in dataclasses.fields(Link)},
    "reset_after_ms": ("", "reset_after_ms"),
    "timeout_after_ms": ("", "timeout_after_ms"),
}
"""Name -> part of Toxics ("" for the whole) and attribute. As a flag a name has dashes."""

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
    # Also false for what is not a number.
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
    """Stamps what one direction of a connection carries. Moments are those of time.monotonic()."""

    link: Link
    rng: random.Random = field(default_factory=random.Random)
    sent_s: float = 0
    """When the link has sent all that waits before it."""
    last_due_s: float = 0

    def due_s(self, arrival_s: float, size: int) -> float:
        """When a piece of so many bytes has come through: never before one that arrived earlier."""
        if self.link.kb_per_s is not None:
            self.sent_s = arrival_s = max(arrival_s, self.sent_s) + size / (1000 * self.link.kb_per_s)
        self.last_due_s = max(arrival_s + self.link.delay_s(self.rng), self.last_due_s)
        return self.last_due_s

    def backlog_s(self, now_s: float) -> float:
        """How long the link needs for what waits before it."""
        return 0 if self.link.kb_per_s is None else max(self.sent_s - now_s, 0)

    def pieces(self, chunk: bytes) -> Iterator[bytes | memoryview]:
        """A chunk in the pieces that leave one after the other."""
        if self.link.kb_per_s is None:
            yield chunk
            return
        size = max(1, int(1000 * self.link.kb_per_s * PIECE_S))
        view = memoryview(chunk)
        for begin in range(0, len(chunk), size):
            yield view[begin : begin + size]
