"""One trial: a fresh database, a server, Locust against it, and the figures of its series."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.analysis.caveats import marks
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.latency_proxy import running_proxy
from locust_asyncdjango.lab.environment.machine import Speedometer
from locust_asyncdjango.lab.environment.pinning import Pins, pinned_to
from locust_asyncdjango.lab.environment.process import Program, free_port
from locust_asyncdjango.lab.environment.servers import Server, running_server, site_env
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import Result, read_resource_samples
from locust_asyncdjango.lab.experiment.spec import Load, Trial
from locust_asyncdjango.lab.measure import preflight, resource_usage
from locust_asyncdjango.lab.measure.baseline import measure_baseline
from locust_asyncdjango.lab.measure.locust_process import Watch, run_locust
from locust_asyncdjango.metrics import series_file

MAX_MISSING_S = 5
"""So long before its end may a run have been recorded last: nothing may have ended since."""


def measure_trial(trial: Trial, server: Server, load: Load, pins: Pins, folder: Path, watch: Watch) -> Result:
    """Runs a trial with its files in the folder. Raises TrialError, and UsageError where none can be run."""
    file, looks = folder / "series.jsonl", folder / "costs.jsonl"
    with running_site(trial, server, pins, folder) as (url, program):
        about = preflight.inspect_server(trial, server, url, os.environ)
        before_load = measure_baseline(trial, url)
        with ExitStack() as stack:
            with pinned_to(pins.services):
                proxy = url_for_users(url, trial.client_latency_ms, folder / "proxy-client.log")
                users_url = stack.enter_context(proxy)
            speedometer = stack.enter_context(Speedometer())
            look = partial(
                _append_usage, looks, resource_usage.ResourceMeter(program.pid if program else None, speedometer)
            )
            run_locust(trial, users_url, load, file, watch, look, pins.generator)
        if program and program.exit_code() is not None:
            raise TrialError(f"{server.name} ended during the trial: {program.last_log_line()}")
    recorded = read_complete_series(file)
    looked = read_resource_samples(looks)
    return Result(
        trial=trial,
        figures=find_saturation(recorded.intervals),
        error="",
        site=about,
        baseline=before_load,
        peak_usage=resource_usage.peak_usage(looked) if program and looked else None,
        caveats=marks(looked, recorded.intervals, all_ours=program is not None and not services.user_services()),
    )


@contextmanager
def running_site(trial: Trial, server: Server, pins: Pins, folder: Path) -> Iterator[tuple[str, Program | None]]:
    """The URL of the site on a server, with what the trial's route needs, and its program, None if it ran already."""
    if server.url:
        if not responds(server.url):
            raise TrialError(f"{server.name} does not answer at {server.url}")
        yield server.url, None
        return
    with ExitStack() as stack:
        with pinned_to(pins.services):
            started = services.running_services(
                [trial.route], trial.posts, trial.max_connections, folder, trial.latency_ms
            )
            env = stack.enter_context(started)
        with pinned_to(pins.server):
            started_server = running_server(server, free_port(), folder, site_env(env), trial.workers)
            served = stack.enter_context(started_server)
        yield served.url, served.program


def url_for_users(url: str, latency_ms: int, log: Path) -> AbstractContextManager[str]:
    """The URL by which users reach the site, with latency added to what it sends."""
    return running_proxy(url, latency_ms, log) if latency_ms else nullcontext(url)


def read_complete_series(file: Path) -> series_file.Series:
    """What was recorded. Raises TrialError where the run went on without being recorded, as on a full disk."""
    try:
        recorded = series_file.read(file)
    except series_file.SeriesError as error:
        raise TrialError(f"Locust left no series: {error}") from None
    length_s, recorded_s = recorded.header.get("run_time") or 0, recorded.total.t + 1
    if recorded_s < length_s - MAX_MISSING_S:
        raise TrialError(f"only {recorded_s} of {length_s:g} s were recorded; see that the disk has room")
    return recorded


def _append_usage(looks: Path, meter: resource_usage.ResourceMeter) -> None:
    resource_usage.append_sample(looks, meter.sample())
