"""The figures of an arm as short texts, for tables, charts and sentences; "-" for what was not measured."""

from locust_asyncdjango.analysis.formatting import format_per_s
from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.report.answer.load_levels import FullLoad
from locust_asyncdjango.metrics.plural import counted

NONE = "-"
ARRIVALS = "arrivals/s"
"""The unit of an open model's load. Goodput is in req/s."""
SECOND_MS = 1000
"""Latencies from so many milliseconds on are shown in seconds."""


def duration_text(ms: float) -> str:
    """Return a latency with its unit: "83 ms" or "2.7 s"."""
    seconds = f"{ms / SECOND_MS:.1f}".removesuffix(".0")
    return f"{seconds} s" if ms >= SECOND_MS else f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"


def latencies_text(full: FullLoad | None) -> str:
    """Return the latencies at full load in one unit: "2.0 / 2.7 / 16.8 s"."""
    if full is None or full.p50_ms is None or full.p95_ms is None or full.p99_ms is None:
        return NONE
    values = (full.p50_ms, full.p95_ms, full.p99_ms)
    if full.p95_ms >= SECOND_MS:
        return f"{' / '.join(f'{ms / SECOND_MS:.1f}' for ms in values)} s"
    return f"{' / '.join(f'{ms:.{0 if values[0] >= 10 else 1}f}' for ms in values)} ms"


def load_text(capacity: Capacity | None) -> str:
    """Return the load of a capacity: "at least" it where no load broke the objective, "below" it where each did."""
    if capacity is None:
        return NONE
    at_most = capacity.users or capacity.high
    load = counted(at_most, "user") if not is_open(capacity) else f"{at_most} {ARRIVALS}"
    return f"{'below ' if not capacity.users else '' if capacity.is_reached else 'at least '}{load}"


def is_open(capacity: Capacity) -> bool:
    """Return whether the load of a capacity is that of an open model: arrivals a second, in place of users."""
    return capacity.unit != "users"


def full_load_text(full: FullLoad) -> str:
    """Return what full load was: "100 users" or "250 arrivals/s"."""
    return counted(full.users, "user") if full.due_per_s is None else f"{full.due_per_s:.0f} {ARRIVALS}"


def capacity_note(capacity: Capacity | None) -> str:
    """Return the rest of a capacity: its rate, its interval and what broke the objective; "" for None."""
    if capacity is None:
        return ""
    broken = capacity.broken_by
    if not capacity.users:
        return f"at the lowest load {broken}" if broken else ""
    is_exact = capacity.low == capacity.users == capacity.high
    interval = "" if is_exact else f"{capacity.low}-{capacity.high} {ARRIVALS if is_open(capacity) else 'users'}"
    parts = (f"{format_per_s(capacity.per_s)} req/s", interval, f"then {broken}" if broken else "")
    return "; ".join(filter(None, parts))


def goodput_text(full: FullLoad | None) -> str:
    """Return the goodput at full load with its interval, if it has one."""
    if full is None:
        return NONE
    interval = ""
    if full.low is not None and full.high is not None:
        interval = f" ({format_per_s(full.low, full.per_s)}-{format_per_s(full.high, full.per_s)})"
    return f"{format_per_s(full.per_s)}{interval} req/s"


def share_text(share: float) -> str:
    """Return a share in per cent: "52 %", "0.4 %", or "0 %" only where it is exactly that."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "< 0.1 %"
    return f"{percent:.{1 if 0 < percent < 9.95 else 0}f} %"


def count_text(count: float | None, unit: str = "") -> str:
    """Return a whole number with its unit; "-" for None."""
    return NONE if count is None else f"{count:.0f} {unit}".rstrip()
