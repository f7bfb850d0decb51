"""Progress of a run in the terminal: a line per trial, and below it a live line where the output is a terminal."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from locust_asyncdjango.analysis.formatting import format_duration
from locust_asyncdjango.analysis.terminal_text import WIDTH
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.locust_process import Watch
from locust_asyncdjango.lab.measure.runner import WARM_UP, Announce
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.series_file import Series


@contextmanager
def progress_on(console: Console) -> Iterator[Announce]:
    """Yield the function that the runner calls when a trial begins. It shows the trial on the console."""
    # On a narrow terminal the bar would leave no room for the figures, which must not be cut.
    bar = [BarColumn()] if console.width >= WIDTH else []
    text = TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold"))
    with Progress(
        *bar, TimeElapsedColumn(), text, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        starts_s: list[float] = []

        def announce(trial: Trial, number: int, total: int) -> Watch:
            for task in progress.task_ids:
                progress.remove_task(task)
            if number == WARM_UP:
                print_lines(
                    console,
                    [f"warm-up, whose result is thrown away: {trial.subject} on {trial.name or trial.server_title}"],
                )
            else:
                starts_s.append(time.monotonic())
                left = time_left(starts_s, total - number + 1)
                print_lines(console, [f"{trial.title} ({number} of {total}{left})"])
            current = progress.add_task("starting", total=None)

            def watch(series: Series) -> None:
                length_s = series.header.get("run_time")
                progress.update(
                    current, completed=len(series.intervals), total=length_s, description=_latest_interval(series)
                )

            return watch

        yield announce


def time_left(starts_s: Sequence[float], trials: int) -> str:
    """Return in words how long the remaining trials may take; "" before the first trial has ended.

    starts_s: when each trial so far began, in seconds; the last one is the first of the trials that are left.
    """
    if len(starts_s) < 2:
        return ""
    mean_s = (starts_s[-1] - starts_s[0]) / (len(starts_s) - 1)
    return f", about {format_duration(mean_s * trials)} left"


def _latest_interval(series: Series) -> str:
    if not series.intervals:
        return "starting"
    last = series.intervals[-1]
    failed = f", {last.failures} failed/s" if last.failed else ""
    return f"{counted(last.users, 'user')}, {last.ok} ok/s{failed}"
