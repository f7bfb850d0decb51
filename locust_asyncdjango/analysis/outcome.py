"""How a run ended: its figures, its failures, the thresholds that were crossed, and the cases for a CI server."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from locust_asyncdjango.analysis.formatting import format_in_flight, not_measured_reason
from locust_asyncdjango.analysis.junit import Case
from locust_asyncdjango.analysis.request_names import RequestFigures
from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.analysis.silences import Silence
from locust_asyncdjango.analysis.thresholds import Crossing, Threshold, UncheckedThreshold
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.metrics.plural import counted


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the summary of a run says.

    failures: most frequent first. crossed: thresholds of --fail-on. unchecked: those of --fail-on for a name that no
    request had. stopped_by: the threshold of --stop-on that ended the run. unrecorded: how many requests could not be
    recorded. requests: by name, worst first.
    health_problems: why the generator did not keep up. shape_conclusions: what the load shape has found, such as how
    many users the server carries. refused_updates: how many messages of workers were no updates, so that what they
    recorded is missing. silences: when nothing was answered, and for how long. locust_ms: p50, p95 and p99 of Locust's
    own table in milliseconds; empty if unknown.
    """

    figures: Saturation
    failures: tuple[FailureRow, ...] = ()
    crossed: tuple[Crossing, ...] = ()
    stopped_by: Crossing | None = None
    unrecorded: int = 0
    health_problems: tuple[str, ...] = ()
    shape_conclusions: tuple[str, ...] = ()
    refused_updates: int = 0
    silences: tuple[Silence, ...] = ()
    locust_ms: tuple[float, ...] = ()
    unchecked: tuple[UncheckedThreshold, ...] = ()
    requests: tuple[RequestFigures, ...] = ()

    @property
    def failed_thresholds(self) -> tuple[Crossing | UncheckedThreshold, ...]:
        """Return the thresholds that fail the run: those that were crossed, and those that could not be checked."""
        return (*self.crossed, *self.unchecked)


@dataclass(frozen=True, slots=True)
class RequestStats:
    """All requests with one name, as Locust counts them.

    errors: each error's count, and its text in Locust's tables.
    """

    name: str
    requests: int
    failures: int
    errors: tuple[tuple[int, str], ...]


def junit_cases(outcome: Outcome, fail_on: Iterable[Threshold], stats: Iterable[RequestStats]) -> Iterator[Case]:
    """Yield the cases that a CI server shows: one for each threshold, and one for each name of requests.

    If there are thresholds, they alone decide what fails. Otherwise each name with a failed request is a failed case.
    A run that measured nothing fails in any case.
    """
    if outcome.figures.in_flight or not outcome.figures.is_measured:
        in_flight = f"in flight at the end: {format_in_flight(outcome.figures)}"
        yield Case("run", "requests were answered", not_measured_reason(outcome.figures), in_flight)
    crossed = {crossing.threshold: crossing.text for crossing in outcome.failed_thresholds}
    thresholds = list(fail_on)
    for threshold in thresholds:
        yield Case("thresholds", threshold.text, crossed.get(threshold, ""))
    for each in stats:
        failed = f"{each.failures} of {counted(each.requests, 'request')} failed" if each.failures else ""
        detail = "\n".join(f"{count} x {error}" for count, error in each.errors)
        if thresholds:
            yield Case("requests", each.name, detail=f"{failed}\n{detail}" if failed else detail)
        else:
            yield Case("requests", each.name, failed, detail)
