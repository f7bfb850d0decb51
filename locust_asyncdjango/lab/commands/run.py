"""``run``: measures an experiment, prints its table and verdict, and writes its report.

What needs the extra ``lab`` or ``report`` is imported in the command itself: the others go without.
"""

import os
import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.environment.process import Interrupted
from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS, is_installed
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import ALL, Experiment, Load

if TYPE_CHECKING:
    pass

FACTORS = "TARGET_SITE_"
"""What the variables of the environment begin with that the site is set by."""


def run(options: Namespace) -> int:
    """Measures, prints the table and the verdict; 1 when a trial could not be measured."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.commands import progress
    from locust_asyncdjango.lab.commands.report import tell
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
    from locust_asyncdjango.lab.measure import runner
    from locust_asyncdjango.lab.measure.locust_process import check_load, planned_length_s
    from locust_asyncdjango.lab.report.verdict import plan_text

    folder = ResultsFolder(
        options.resume or options.output or Path("results") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    )
    if options.resume:
        experiment = folder.experiment()
        set_factors(experiment)
    else:
        experiment = experiment_of(options)
    if options.dry_run:
        experiment.check_here()
        with TemporaryDirectory() as logs:
            check_load(experiment.routes[0], experiment.load, Path(logs))
        print(plan_text(experiment, planned_length_s(experiment.load)))
        return 0
    console = Console()
    try:
        with progress.shown(console) as announce:
            results = runner.run(experiment, folder, announce)
    except Interrupted:
        print(f"stopped; locust-asyncdjango run --resume {folder.path} goes on from here", file=sys.stderr)
        raise
    tell(folder, findings.read(folder), console)
    return 0 if all(result.figures for result in results) else 1


def set_factors(experiment: Experiment) -> None:
    """Sets the site's environment as it was when an experiment began. Raises UsageError."""
    for name in [name for name in os.environ if name.startswith(FACTORS)]:
        del os.environ[name]
    for name, value in experiment.factors:
        if not (isinstance(name, str) and isinstance(value, str) and name.startswith(FACTORS)):
            raise UsageError(f"experiment.json is damaged: {name!r} = {value!r} is no setting of the site")
        os.environ[name] = value


def experiment_of(options: Namespace) -> Experiment:
    """What is to be measured. Raises UsageError."""
    names_of_own = tuple(server.name for server in options.own_servers)
    if options.servers == ALL:
        fitting = (s for s in SERVERS.values() if is_installed(s) and (options.workers == 1 or s.has_workers))
        options.servers = (*(server.name for server in fitting), *names_of_own)
    return Experiment(
        routes=options.routes,
        arms=options.arms,
        servers=options.servers or (() if options.arms else (*PUBLISHED, *names_of_own)),
        load=Load(options.shape, options.users, options.spawn_rate, options.run_time),
        posts=options.posts,
        max_connections=options.max_connections,
        variants=options.variants,
        factors=tuple(sorted(item for item in os.environ.items() if item[0].startswith(FACTORS))),
        latencies_ms=options.latency_ms,
        client_latency_ms=options.client_latency_ms,
        workers=options.workers,
        own_servers=options.own_servers,
        repeats=options.repeats,
        a_a_pairs=int(options.repeats > 1) if options.a_a_pairs is None else options.a_a_pairs,
        until_decided=options.until_decided,
        pin=options.pin,
    )
