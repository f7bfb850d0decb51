"""Seconds of runs whose knee, scalability and pauses are known."""

from collections import Counter
from collections.abc import Callable
from random import Random

from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

Throughput = Callable[[float], float]


def climbed(per_s: Throughput, peak: float, seed: int = 0, noise: float = 0.03, **more: float) -> list[Interval]:
    """Return forty seconds in which users climb to a peak without pauses. per_s: the rate of responses for some users.

    noise: the relative standard deviation of the rate. more: pause_ms of users, and cpu of the generator in percent.
    """
    chance, rows = Random(seed), []
    pause_ms, cpu = more.get("pause_ms", 0), more.get("cpu", 10.0)
    for t in range(40):
        users = peak * (t + 0.5) / 40  # in the middle of the second
        rate = per_s(users)
        ok = max(round(rate * chance.gauss(1, noise)), 1)
        ms = users / rate * 1000 - pause_ms
        rows.append(Row(t, round(peak * (t + 1) / 40), ok, ok_ms=Counter({ms: ok}), cpu=cpu))
    return list(Series.from_rows({}, rows).intervals)


def slots(n: float, service_s: float = 0.1) -> Throughput:
    """Return the throughput of a server with slots: its knee is at n users."""
    return lambda users: min(users, n) / service_s


def gradual(n: float, service_s: float = 0.1) -> Throughput:
    """Return the throughput of a server that still gets a little faster after its knee at n users."""
    return lambda users: users / (service_s * max(1.0, 1 + 0.8 * (users - n) / n))


def collapsing(n: float, service_s: float = 0.1) -> Throughput:
    """Return the throughput of a server that gets slower after its knee at n users."""
    return lambda users: users / service_s if users <= n else max(2 * n - users, 0.1) / service_s


def scalability_law(n: float) -> float:
    """Return the throughput at n users by the Universal Scalability Law, with its peak at 44.3 users."""
    return 20 * n / (1 + 0.02 * (n - 1) + 0.0005 * n * (n - 1))
