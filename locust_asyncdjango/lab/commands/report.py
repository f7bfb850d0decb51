"""``report``: the report of one run, or of a results folder."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.findings import Findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder


def tell(folder: "ResultsFolder", found: "Findings", console: "Console") -> None:
    """Writes the report of an experiment, and prints what it comes to."""
    from locust_asyncdjango.lab.report import experiment_report
    from locust_asyncdjango.lab.report.verdict import verdict

    about = folder.provenance()
    html, md, as_json = (
        render(found, about)
        for render in (experiment_report.html, experiment_report.markdown, experiment_report.as_json)
    )
    page = folder.write_report(html=html, md=md, json=as_json)
    console.print(experiment_report.terminal_table(found))
    for sentence in verdict(found):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    console.print(f"Report: {page}", highlight=False, markup=False, soft_wrap=True)


def report(options: Namespace) -> int:
    """Writes a report and says where it is."""
    if options.made_of.is_dir():
        return report_experiment(options)
    return report_run(options)


def report_experiment(options: Namespace) -> int:
    """Of a results folder, into it, also of a run that was stopped."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

    if options.output or options.failures:
        raise UsageError("the report of a results folder goes into it: leave --output and --failures out")
    folder = ResultsFolder(options.made_of)
    with read_whole(folder):
        found = findings.read(folder)
        if not found.results:
            raise UsageError(f"{folder.path} holds no result yet; go on with run --resume")
        tell(folder, found, Console())
    return 0


@contextmanager
def read_whole(*folders: "ResultsFolder") -> Iterator[None]:
    """Within it, what cannot be made of folders that somebody has changed is a UsageError."""
    from locust_asyncdjango.lab.experiment.results_folder import MALFORMED

    try:
        yield
    except MALFORMED as error:
        raise UsageError(f"{' or '.join(str(folder.path) for folder in folders)} is damaged: {error!r}") from None


def report_run(options: Namespace) -> int:
    """Of one run, beside its series."""
    from locust_asyncdjango.lab.report import run_report
    from locust_asyncdjango.metrics.series_file import SeriesError, read

    output: Path = options.output or options.made_of.with_suffix(".html")
    check_html(output)
    made_of = {path.resolve() for path in (options.made_of, options.failures) if path}
    if overwritten := [path for path in run_report.written(output) if path.resolve() in made_of]:
        raise UsageError(f"{overwritten[0]}, of which the report is made, would be overwritten; name another --output")
    try:
        series = read(options.made_of)
    except SeriesError as error:
        raise UsageError(str(error)) from None
    failures = run_report.read_failures(options.failures, series.header)
    try:
        told = run_report.told(series, failures)
        run_report.write(told, output)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{options.made_of} or its failures are damaged: {error!r}") from None
    print(told.verdict)
    print(f"Report: {output}")
    return 0


def check_html(output: Path | None) -> None:
    """Raises UsageError for a report that is named as if it were no page."""
    if output and output.suffix != ".html":
        raise UsageError(f"--output {output} does not end with .html; beside it come .md and .json")
