"""Results of an experiment that was never run."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from locust_asyncdjango.analysis.saturation import Capacity, Goodput, KindOnset, Saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import Baseline, PeakUsage, ResourceSample, Result
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.bundled import BundledSite
from locust_asyncdjango.metrics.request_names.sums import RequestSums, sum_of_all
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.figures import HEADER, figures, onset

VERSION_3 = Path(__file__).with_name("results_version_3")
"""A results folder as ``run`` wrote it before version 4 of the format; copy it before anything is written to it."""
FIRST = onset(24, 125)
OBJECTIVE = "failures <= 1% and p95 <= 1s"


def goodput(per_s: float, p50_ms: float = 100.0) -> Goodput:
    """Return the goodput of a plateau of a minute, at 100 users."""
    return Goodput(per_s, None, None, 30, 90, 100, 0.0, p50_ms, 1.5 * p50_ms, 2 * p50_ms)


def capacity(users: int, *, is_reached: bool = True) -> Capacity:
    """Return a capacity within the default objective. is_reached: whether a load of the run broke it."""
    return Capacity(OBJECTIVE, users, max(users - 1, 0), users + 1, users / 2, "p95 1.4 s" if is_reached else "")


def at_full_load(run: Saturation) -> Saturation:
    """Return the figures of a run whose plateau brought as much as its peak."""
    return replace(run, goodput=goodput(run.peak_per_s), is_saturated=True)


def peak_only(result: Result) -> Result:
    """Return a result as earlier versions wrote it: with neither goodput nor capacity."""
    assert result.figures
    return replace(result, figures=replace(result.figures, goodput=None, capacity=None, is_saturated=None))


SYNC = Result(Trial("io_read", "gunicorn-sync", 1000, 100), at_full_load(figures(23.0, 60, 4100, onset(3, 20))), "", {})

ASYNC = Result(
    Trial("io_read", "gunicorn-uvicorn", 1000, 100),
    at_full_load(figures(28.34, 105, 4210, onset(3, 20), FIRST, (KindOnset("db_too_many_clients", 97, FIRST),))),
    "",
    {"interface": "asgi"},
    Baseline(40.5, 1.5, 12),
    PeakUsage(70.5, 40, 97, 0, 12.5),
    ("other programs used 35 % of a processor",),
)
BROKEN = Result(Trial("cpu", "gunicorn-sync", 1000, 100), None, "gunicorn-sync did not start: no", {})


SERVERS = ("gunicorn-sync", "gunicorn-uvicorn")


class UnpreparedSite(BundledSite):
    """The bundled site for a run whose trials are faked: nothing has to be prepared for them."""

    def check_load(self, experiment: Experiment, logs: Path) -> None:
        """Start no Locust."""

    def prepare(self, experiment: Experiment, logs: Path) -> None:
        """Start no services."""


def experiment(**changes: Any) -> Experiment:
    """Return an experiment of one route and one server, with some members changed."""
    usual = {
        "routes": ("io_read",),
        "servers": ("gunicorn-sync",),
        "load": Load("RampTo500"),
        "posts": 1000,
        "max_connections": (100,),
    }
    return Experiment(**{**usual, **changes})


def findings_of(results: Iterable[Result], **changes: Any) -> Findings:
    """Return the findings of an experiment with these results and nothing recorded."""
    return Findings(experiment(**changes), tuple(results), {})


def measured(trial: Trial, peak_per_s: float, baseline: Baseline | None = None) -> Result:
    """Return the result of a trial with this peak, as much goodput, and no failures."""
    return Result(trial, at_full_load(figures(peak_per_s, 60, 4100)), "", {}, baseline)


def unloaded(request_ms: float) -> Baseline:
    """Return a baseline whose service time is a millisecond less."""
    return Baseline(request_ms, 1.0, 5)


def repeated(*peaks: tuple[float, float], a_a: tuple[float, ...] = (), until_decided: bool = False) -> Findings:
    """Return the findings of a sync and an async server that ran several times.

    peaks: of both servers in each repeat. a_a: peaks of the A/A runs, two of each pair.
    """
    wanted = experiment(
        servers=SERVERS, repeats=max(len(peaks), 2), a_a_pairs=len(a_a) // 2, until_decided=until_decided
    )
    in_order = [*a_a, *(peak for n, pair in enumerate(peaks) for peak in (pair[::-1] if n % 2 else pair))]
    results = (measured(trial, peak) for trial, peak in zip(trials(wanted), in_order, strict=False))
    return Findings(wanted, tuple(results), {})


def at_two_latencies() -> Findings:
    """Return the findings of a sync and two async arms at two latencies, of which one trial was not measured."""
    wanted = experiment(servers=SERVERS, latencies_ms=(0, 100), max_connections=(100, 1000))
    peaks = [50.0, 80.0, 50.5, 90.0, 5.0, 60.0, 5.1, None]
    results = (
        measured(trial, peak) if peak else Result(trial, None, "it did not start", {})
        for trial, peak in zip(trials(wanted), peaks, strict=True)
    )
    return Findings(wanted, tuple(results), {})


def runs_of_servers(sync: tuple[float, ...], async_: tuple[float, ...] = ()) -> Findings:
    """Return the findings of one server or two, with a peak for each repeat."""
    wanted = experiment(servers=SERVERS if async_ else SERVERS[:1], repeats=len(sync))
    peaks = dict(zip(SERVERS, (sync, async_), strict=True))
    results = (measured(trial, peaks[trial.server][trial.repeat - 1]) for trial in trials(wanted))
    return Findings(wanted, tuple(results), {})


def with_busy_processors(findings: Findings, *busy_percents: float, generator_percent: float) -> Findings:
    """Return the findings with a sample a second, in which each processor is as busy as this, and a series."""
    series = Series.from_rows(HEADER, (Row(0, 10, 5), Row(99, 10)))
    samples = [
        ResourceSample(
            *(t, 50.0, 40.0, 2, 3),
            own_percent=generator_percent + 60.0,
            at_s=series.started_s + t,
            generator_percent=generator_percent,
            busy_percents=list(busy_percents),
        )
        for t in range(100)
    ]
    trial_ids = [result.trial.id for result in findings.results]
    return replace(
        findings, series=dict.fromkeys(trial_ids, series), resource_samples=dict.fromkeys(trial_ids, samples)
    )


def with_names(findings: Findings, **completed: dict[str, int]) -> Findings:
    """Return the findings with series: in each trial these requests by name succeeded, in ten seconds.

    completed: by the name of the server, with _ for -.
    """
    series = {}
    for result in findings.results:
        requests = completed[result.trial.server.replace("-", "_")]
        names = {name: RequestSums(count, ok_ms=Counter({10.0: count})) for name, count in requests.items()}
        total = sum_of_all(names.values())
        rows = (Row(0, 10, total.ok, ok_ms=total.ok_ms, names=names), Row(9, 10))
        series[result.trial.id] = Series.from_rows({}, rows)
    return Findings(findings.experiment, findings.results, series)
