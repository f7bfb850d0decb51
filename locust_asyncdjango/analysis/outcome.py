"""How a run ended: what failed, which thresholds were crossed, and what is told of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from locust_asyncdjango.analysis.junit import Case
from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.analysis.thresholds import Crossing, Threshold
from locust_asyncdjango.failures.counts import FailureRow


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run's figures, and what else became of it.

    failures: most frequent first. crossed: of --fail-on. stopped_by: of --stop-on. unrecorded: missing ones.
    health_problems: what kept the generator from the load that it was to make. found: what the shape has found out.
    """

    figures: Saturation
    failures: tuple[FailureRow, ...] = ()
    crossed: tuple[Crossing, ...] = ()
    stopped_by: Crossing | None = None
    unrecorded: int = 0
    health_problems: tuple[str, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestStats:
    """All requests of one name, as Locust counts them. errors: what Locust says of each, with how many there were."""

    name: str
    requests: int
    failures: int
    errors: tuple[tuple[int, str], ...]


def junit_cases(outcome: Outcome, fail_on: Iterable[Threshold], requested: Iterable[RequestStats]) -> Iterator[Case]:
    """What a CI server shows: a case a threshold, and a case a name of requests.

    Where thresholds are given, they alone decide; otherwise each name of which a request failed is a failed case.
    """
    crossed = {crossing.threshold: crossing.text for crossing in outcome.crossed}
    limits = list(fail_on)
    for limit in limits:
        yield Case("thresholds", limit.text, crossed.get(limit, ""))
    for each in requested:
        failed = f"{each.failures} of {each.requests} requests failed" if each.failures else ""
        detail = "\n".join(f"{count} x {error}" for count, error in each.errors)
        yield Case(
            "requests", each.name, "" if limits else failed, f"{failed}\n{detail}" if limits and failed else detail
        )
