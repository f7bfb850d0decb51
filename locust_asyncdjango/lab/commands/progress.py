"""What is shown while trials run: a live line on a terminal, a line per trial elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.measure.locust_process import Watch
from locust_asyncdjango.lab.measure.runner import Announce
from locust_asyncdjango.metrics.series_file import Series


@contextmanager
def shown(console: Console) -> Iterator[Announce]:
    """What tells the runner's progress to a console."""
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        begins: list[float] = []

        def announce(trial: Trial, number: int, of: int) -> Watch:
            for task in progress.task_ids:
                progress.remove_task(task)
            begins.append(time.monotonic())
            told = f"{trial.title} ({number} of {of}{time_left(begins, of - number + 1)})"
            console.print(told, highlight=False, markup=False, soft_wrap=True)
            current = progress.add_task("starting", total=None)

            def watch(series: Series) -> None:
                length_s = series.header.get("run_time")
                progress.update(current, completed=len(series.intervals), total=length_s, description=_now(series))

            return watch

        yield announce


def time_left(begins: Sequence[float], trials: int) -> str:
    """How long so many trials may take, by when those before and the first of these began; "" where none was before."""
    if len(begins) < 2:
        return ""
    return f", about {format_duration((begins[-1] - begins[0]) / (len(begins) - 1) * trials)} left"


def _now(series: Series) -> str:
    if not series.intervals:
        return "starting"
    last = series.intervals[-1]
    failed = f", {last.failures} failed/s" if last.failed else ""
    return f"{last.users} users, {last.ok} ok/s{failed}"
