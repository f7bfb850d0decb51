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
from locust_asyncdjango.lab.environment.latency_proxy import proxied
from locust_asyncdjango.lab.environment.machine import Speedometer
from locust_asyncdjango.lab.environment.pinning import Pins, on_cores
from locust_asyncdjango.lab.environment.process import Program, free_port
from locust_asyncdjango.lab.environment.servers import Server, serving, site_env
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import Result, read_resource_samples
from locust_asyncdjango.lab.experiment.spec import Load, Trial
from locust_asyncdjango.lab.measure import preflight, resource_usage
from locust_asyncdjango.lab.measure.baseline import alone
from locust_asyncdjango.lab.measure.locust_process import Watch, attack
from locust_asyncdjango.metrics import series_file

LATE_S = 5
"""So long before its end may a run have been recorded last: nothing may have ended since."""


def measure(trial: Trial, server: Server, load: Load, pins: Pins, folder: Path, watch: Watch) -> Result:
    """Runs a trial with its files in the folder. Raises TrialError, and UsageError where none can be run."""
    file, looks = folder / "series.jsonl", folder / "costs.jsonl"
    with site(trial, server, pins, folder) as (url, program):
        about = preflight.inspected(trial, server, url, os.environ)
        before_load = alone(trial, url)
        with ExitStack() as stack:
            with on_cores(pins.services):
                proxy = nearby(url, trial.client_latency_ms, folder / "proxy-client.log")
                users_url = stack.enter_context(proxy)
            speedometer = stack.enter_context(Speedometer())
            look = partial(_note, looks, resource_usage.Meter(program.pid if program else None, speedometer))
            attack(trial, users_url, load, file, watch, look, pins.generator)
        if program and program.exit_code() is not None:
            raise TrialError(f"{server.name} ended during the trial: {program.last_log_line()}")
    recorded = whole_series(file)
    looked = read_resource_samples(looks)
    return Result(
        trial=trial,
        figures=find_saturation(recorded.intervals),
        error="",
        site=about,
        baseline=before_load,
        peak_usage=resource_usage.most_of(looked) if program and looked else None,
        caveats=marks(looked, recorded.intervals, all_ours=program is not None and not services.users_own()),
    )


@contextmanager
def site(trial: Trial, server: Server, pins: Pins, folder: Path) -> Iterator[tuple[str, Program | None]]:
    """The URL of the site on a server, with what the trial's route needs, and its program, None if it ran already."""
    if server.url:
        if not responds(server.url):
            raise TrialError(f"{server.name} does not answer at {server.url}")
        yield server.url, None
        return
    with ExitStack() as stack:
        with on_cores(pins.services):
            started = services.started([trial.route], trial.posts, trial.max_connections, folder, trial.latency_ms)
            env = stack.enter_context(started)
        with on_cores(pins.server):
            started_server = serving(server, free_port(), folder, site_env(env), trial.workers)
            served = stack.enter_context(started_server)
        yield served.url, served.program


def nearby(url: str, latency_ms: int, log: Path) -> AbstractContextManager[str]:
    """The URL by which users reach the site, with latency added to what it sends."""
    return proxied(url, latency_ms, log) if latency_ms else nullcontext(url)


def whole_series(file: Path) -> series_file.Series:
    """What was recorded. Raises TrialError where the run went on without being recorded, as on a full disk."""
    try:
        recorded = series_file.read(file)
    except series_file.SeriesError as error:
        raise TrialError(f"Locust left no series: {error}") from None
    length_s, recorded_s = recorded.header.get("run_time") or 0, recorded.total.t + 1
    if recorded_s < length_s - LATE_S:
        raise TrialError(f"only {recorded_s} of {length_s:g} s were recorded; see that the disk has room")
    return recorded


def _note(looks: Path, meter: resource_usage.Meter) -> None:
    resource_usage.append(looks, meter.look())
