"""Record each finished request of this process: its time, its failure kind and a few examples of failures.

``Recording.on_request`` is the listener that Locust calls once for each request. It is the hot path of the plugin.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from time import monotonic, time
from typing import Any, cast

from gevent import Greenlet
from locust.env import Environment

from locust_asyncdjango.analysis.request_names import clean_name
from locust_asyncdjango.client.exceptions import failure_from_event, sample_fields, unreported_request
from locust_asyncdjango.failures.classify import DEFAULT_CLASSIFIER
from locust_asyncdjango.failures.counts import FailureCounts, FailureSample
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.load.arrivals import ArrivalQueue, attach_queue
from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.request_names.sums import NameLimit

log = safe_logger(__name__)

RECORDING_ATTRIBUTE = "locust_asyncdjango_recording"
"""The attribute of a Locust environment that holds its Recording."""

ON_TIME_MS = 10.0
"""A request of an open model is on time if it begins at most so many milliseconds after it was due."""

KNOWN_LIMIT = 1000
"""How many methods and names are remembered with the name under which they count."""


class RequestNames(dict[tuple[str, str], str]):
    """The name under which a request counts, by its method and the name that Locust has for it.

    It is a dict because one is looked up for each request. What is not in it is made, and remembered up to KNOWN_LIMIT.
    """

    def __init__(self, limit: NameLimit) -> None:
        """limit: of the names in this run."""
        super().__init__()
        self._limit = limit

    def __missing__(self, key: tuple[str, str]) -> str:
        method, name = key
        counted_as = self._limit.admit(clean_name(f"{method} {name}"))
        if len(self) < KNOWN_LIMIT:
            self[key] = counted_as
        return counted_as


class Recording:
    """What this process has recorded of the current run: rows, failures, and requests that could not be recorded."""

    recorder: Recorder
    failure_counts: FailureCounts
    unrecorded: int
    """Requests that could not be recorded: of this process, and on a master of its workers too."""
    refused_updates: int
    """On a master: messages of workers that were no updates. What they had recorded is missing."""

    def __init__(self, arrivals: ArrivalQueue) -> None:
        """arrivals: the queue of the open model, which knows by how much a request was delayed."""
        self.arrivals = arrivals
        self._has_logged_error = False
        self.begin(time())

    def begin(self, now: float) -> None:
        """Forget the run before and begin a new one. now: epoch seconds."""
        self._epoch_s = now - monotonic()
        self.recorder = Recorder(now)
        self._names = RequestNames(self.recorder.name_limit)
        self.failure_counts = FailureCounts(self.recorder.started)
        self.unrecorded = self.refused_updates = 0
        # The exceptions of FastUser show no more messages than the same classifier admits.
        DEFAULT_CLASSIFIER.start_run()

    def now(self) -> float:
        """Return the time in epoch seconds, as if nobody had set the system's clock since the run began."""
        return monotonic() + self._epoch_s

    def on_request(
        self,
        name: str,
        response_time: float | None,
        response_length: int | None,
        exception: BaseException | None = None,
        response: Any = None,
        # The unused parameters are named so that Python does not have to make a dict of them.
        request_type: str = "",
        context: Any = None,  # noqa: ARG002
        start_time: float = 0,  # noqa: ARG002
        url: str | None = None,
        **_: Any,
    ) -> None:
        """Record a finished request. The parameters are those of Locust's request event; it never raises."""
        now = monotonic() + self._epoch_s  # as now(), without a call
        try:
            duration_ms = None if response_time is None else float(response_time)
            failure = failure_from_event(exception, response) if exception else None
            kind = failure.kind if failure else ""
            delay_ms = self.arrivals.pop_delay_ms()
            if delay_ms > ON_TIME_MS:
                self.recorder.add_late_start(now)
            if duration_ms is not None:
                duration_ms += delay_ms
            self.recorder.add((now, kind, duration_ms, int(response_length or 0), self._names[request_type, name]))
            if failure and exception:
                self.failure_counts.add(failure, now)
                if self.failure_counts.wants_sample(kind):
                    self._keep_sample(failure, now, f"{request_type} {name}", url, exception, response)
        except Exception:
            # A listener that raises would disturb the run that it measures. Log the first error, and count the others.
            self.unrecorded += 1
            if not self._has_logged_error:
                self._has_logged_error = True
                log.exception("A request could not be recorded. Later ones are only counted, for the summary")

    def end_arrivals(self) -> None:
        """End the open model, and count the requests that were due and never begun as missed."""
        if waits_s := self.arrivals.end():
            now = self.now()
            self.recorder.add_missed(now, len(waits_s))
            self.recorder.add_cut_off(now, waits_s)

    def add_in_flight(self, waits_s: Mapping[Greenlet, float]) -> None:
        """Count the requests that were in flight when the run ended.

        waits_s: by greenlet, for how many seconds its request has waited since it began.
        """
        if waits_s:
            now = self.now()
            self.recorder.add_in_flight(now, len(waits_s), max(waits_s.values()))
            self.recorder.add_cut_off(now, [s + self.arrivals.delay_s(each) for each, s in waits_s.items()])

    def _keep_sample(
        self, failure: Failure, now: float, name: str, url: str | None, exception: BaseException, response: Any
    ) -> None:
        with suppress(Exception):  # a client's own classes may raise anything: the failure counts without an example
            t, fields = int(now) - self.failure_counts.started, sample_fields(url, exception, response)
            self.failure_counts.keep(FailureSample.redacted(failure.kind, failure.message, t, name, **fields))


def attached_recording(environment: Environment) -> Recording | None:
    """Return the recording of an environment; None where nothing is recorded yet."""
    return cast("Recording | None", getattr(environment, RECORDING_ATTRIBUTE, None))


def attach_recording(environment: Environment, arrivals: ArrivalQueue) -> Recording:
    """Record the requests of an environment from now on, and make its users wait on this queue."""
    attach_queue(environment, arrivals)
    recording = Recording(arrivals)
    setattr(environment, RECORDING_ATTRIBUTE, recording)
    environment.events.request.add_listener(recording.on_request)
    environment.events.user_error.add_listener(partial(_report_unreported_request, environment))
    return recording


def _report_unreported_request(environment: Environment, exception: BaseException, **_: Any) -> None:
    """Fire the request event of a request that raised in the task of one of Locust's own users."""
    if event := unreported_request(exception):
        environment.events.request.fire(**event)
