"""One trial: a fresh database, a server, Locust against it, and the result.

Start reading at ``measure_trial``.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust_asyncdjango.analysis.conditions.objective import objective_of
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.lab.analysis.causes.refused_connections import find_refused
from locust_asyncdjango.lab.analysis.caveats import trial_caveats
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.latency_proxy import running_proxy
from locust_asyncdjango.lab.environment.machine import Speedometer
from locust_asyncdjango.lab.environment.mysql import log as mysql_log
from locust_asyncdjango.lab.environment.pinning import Pins, pinned_to
from locust_asyncdjango.lab.environment.postgres import log as postgres_log
from locust_asyncdjango.lab.environment.process import running_programs
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.probe_figures import ProbeFigures
from locust_asyncdjango.lab.experiment.result import (
    Baseline,
    RefusedConnections,
    ResourceSample,
    Result,
    read_resource_samples,
)
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure import resource_usage
from locust_asyncdjango.lab.measure.baseline import measure_baseline
from locust_asyncdjango.lab.measure.locust_process import Watch, run_locust
from locust_asyncdjango.lab.measure.probe_figures import ProbeReader
from locust_asyncdjango.lab.measure.recorded_run import read_failures, read_run
from locust_asyncdjango.lab.measure.sites.measured_site import MeasuredSite
from locust_asyncdjango.lab.measure.supervision import Supervision
from locust_asyncdjango.metrics.series_file import Series

SERIES, SAMPLES, FAILURES = "series.jsonl", "costs.jsonl", "failures.json"
REFUSED_BY_LOG = {log.LOG_NAME: log.refused_connections for log in (postgres_log, mysql_log)}
"""The name of a database server's log -> how to read from it whom the server refused."""


@dataclass(frozen=True, slots=True)
class _Observed:
    """What was observed of a site while it ran. site: what it reports. has_program: whether the lab started it."""

    site: dict[str, Any]
    baseline: Baseline | None
    probe: ProbeFigures | None
    has_program: bool


def measure_trial(
    site: MeasuredSite, trial: Trial, server: Server, load: Load, pins: Pins, folder: Path, watch: Watch
) -> Result:
    """Run a trial and return its result.

    site: what is measured. server: what it runs on. load: what it gets. pins: the processors of each program.
    folder: where its series, its resource samples and the logs of all programs are written.
    watch: called with the series so far, twice a second.
    Raise TrialError where this trial cannot be measured, and UsageError where none can.
    """
    observed = _load_site(site, trial, server, load, pins, folder, watch)
    series = read_run(folder / SERIES, folder / FAILURES)
    samples = read_resource_samples(folder / SAMPLES)
    figures = _figures(series, unloaded_ms_of_users(trial, observed.baseline))
    is_ours = observed.has_program and not services.user_services()
    return Result(
        trial=trial,
        figures=figures,
        error="",
        site=observed.site,
        probe=observed.probe,
        refused=_refused(folder, series, samples),
        baseline=observed.baseline,
        peak_usage=resource_usage.peak_usage(samples) if observed.has_program and samples else None,
        caveats=(
            *map(str, observed.site.get("caveats", ())),
            *trial_caveats(
                samples,
                series.intervals,
                all_ours=is_ours,
                started_s=series.started_s,
                full_load=figures.goodput,
            ),
        ),
    )


def _load_site(
    site: MeasuredSite, trial: Trial, server: Server, load: Load, pins: Pins, folder: Path, watch: Watch
) -> _Observed:
    """Start the site of a trial, load it, and return what was observed of it beside the files that Locust writes."""
    earlier = running_programs()
    with ExitStack() as stack:
        running = stack.enter_context(site.running(trial, server, pins, folder))
        program = running.program
        with pinned_to(pins.services):
            users_url = stack.enter_context(
                url_for_users(running.site.url, trial.client_latency_ms, folder / "proxy-client.log")
            )
        supervision = Supervision(running_programs() - earlier)
        stack.enter_context(supervision.checked_at_end())
        site_info = site.inspect(trial, server, running)
        requests = site.requests(trial, server, running.site)
        baseline = measure_baseline(*requests) if requests else None
        probe = ProbeReader(running.site, trial.workers)
        probe.reset()
        speedometer = stack.enter_context(Speedometer())
        meter = resource_usage.ResourceMeter(program.pid if program else None, speedometer)

        def check_and_record_usage(locust_pid: int) -> None:
            supervision.check()
            resource_usage.append_sample(folder / SAMPLES, meter.sample(locust_pid))

        run_locust(running.users, users_url, load, folder / SERIES, watch, check_and_record_usage, pins.generator)
        return _Observed(site_info, baseline, probe.read(), program is not None)


def _figures(series: Series, unloaded_ms: float | None) -> Saturation:
    return find_saturation(
        series.intervals,
        series.load_levels,
        objective_of(series.header),
        total=series.total,
        unloaded_ms=unloaded_ms,
    )


def _refused(folder: Path, series: Series, samples: Sequence[ResourceSample]) -> RefusedConnections | None:
    """Return the failures that the log of the lab's database server explains; None for any other database."""
    log = next((folder / name for name in REFUSED_BY_LOG if (folder / name).exists()), None)
    if log is None:
        return None
    with log.open(encoding="utf-8", errors="replace") as lines:
        refusals = REFUSED_BY_LOG[log.name](lines)
    failures = read_failures(folder / FAILURES)["failures"]
    return find_refused(series.intervals, failures, refusals, samples, int(series.started_s))


def unloaded_ms_of_users(trial: Trial, baseline: Baseline | None) -> float | None:
    """Return the unloaded latency that users see; None where it is unknown, as with a latency between them and site.

    The baseline is measured at the site itself.
    """
    return None if baseline is None or trial.client_latency_ms else baseline.request_ms


def url_for_users(url: str, latency_ms: int, log: Path) -> AbstractContextManager[str]:
    """Return a context that yields the URL by which users reach the site, through a proxy where latency is added."""
    return running_proxy(url, latency_ms, log, name="the client proxy") if latency_ms else nullcontext(url)
