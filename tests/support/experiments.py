"""Results of an experiment that was never run."""

from pathlib import Path
from typing import Any

from locust_asyncdjango.analysis.saturation import KindOnset
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import Baseline, PeakUsage, Result
from locust_asyncdjango.lab.experiment.spec import Experiment, Load, Trial
from tests.support.figures import figures, onset

VERSION_3 = Path(__file__).with_name("results_version_3")
"""A results folder as ``run`` wrote it before version 4 of the format; copy it before anything is written to it."""
FIRST = onset(24, 125)
SYNC = Result(Trial("io_read", "gunicorn-sync", 1000, 100), figures(23.0, 60, 4100, onset(3, 20)), "", {})

ASYNC = Result(
    Trial("io_read", "gunicorn-uvicorn", 1000, 100),
    figures(28.34, 105, 4210, onset(3, 20), FIRST, (KindOnset("db_too_many_clients", 97, FIRST),)),
    "",
    {"interface": "asgi"},
    Baseline(40.5, 1.5, 12),
    PeakUsage(70.5, 40, 97, 0, 12.5),
    ("other programs used 35 % of a processor",),
)
BROKEN = Result(Trial("cpu", "gunicorn-sync", 1000, 100), None, "gunicorn-sync did not start: no", {})


def experiment(**changes: Any) -> Experiment:
    asked = {
        "routes": ("io_read",),
        "servers": ("gunicorn-sync",),
        "load": Load("RampTo500"),
        "posts": 1000,
        "max_connections": (100,),
    }
    return Experiment(**{**asked, **changes})


def found(results: list[Result], **changes: Any) -> Findings:
    """What they say."""
    return Findings(experiment(**changes), tuple(results), {})
