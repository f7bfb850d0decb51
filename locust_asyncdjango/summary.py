"""A run's figures as text, for the end of a Locust run. At most 80 columns wide, but for the advice."""

from locust_asyncdjango.failures import advice
from locust_asyncdjango.saturation import Onset, Saturation


def summary(figures: Saturation) -> str:
    """A block of lines to print."""
    peak = f"{figures.peak_per_s:.1f} req/s at {figures.peak_users} users" if figures.successes else "none"
    lines = [
        "locust-asyncdjango: where this run saturated",
        f"  peak of successful requests   {peak}",
        f"  successes                     {figures.successes}",
        f"  slowdown starts               {_at(figures.slowdown, 'not seen')}",
        f"  errors start                  {_at(figures.errors, 'none')}",
    ]
    for failure in figures.failures:
        lines.append(f"  {failure.count} x {failure.kind}, first {_at(failure.first)}")
        if advice(failure.kind):
            lines.append(f"      -> {advice(failure.kind)}")
    return "\n".join(lines)


def _at(onset: Onset | None, otherwise: str = "") -> str:
    return f"at {onset.users} users, after {onset.t} s" if onset else otherwise
