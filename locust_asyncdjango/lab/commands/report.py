"""``locust-asyncdjango report``: the report of one Locust run, or of a results folder."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.lab.commands.arguments import Command, argument_type, require_html
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import objective_text
from locust_asyncdjango.metrics.series_file import Series, SeriesError, read

if TYPE_CHECKING:
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.findings import Findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder


def add_arguments(parser: ArgumentParser) -> None:
    """Add the source and the flags of ``report``."""
    parser.add_argument(
        "source",
        type=Path,
        metavar="SERIES",
        help="a file that Locust wrote with --series, or a results folder of run",
    )
    parser.add_argument(
        "--failures", type=Path, metavar="FILE", help="the file that Locust wrote with --failures in the same run"
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where the report goes; missing folders are made (default: SERIES with the ending .html, or report.html in"
        " the results folder)",
    )
    parser.add_argument(
        "--objective",
        type=argument_type(objective_text),
        metavar="OBJECTIVE",
        help="what must hold at a load for the capacity to include it, such as 'p95<=300ms, failures<=0.1%%' (default:"
        " that of the run)",
    )


def report_source(options: Namespace) -> int:
    """Write the report of a series or of a results folder, and print its verdict and its path. Return 0."""
    if options.source.is_dir():
        _report_folder(options)
    else:
        _report_series(options)
    return 0


def write_experiment_report(
    folder: "ResultsFolder", findings: "Findings", console: "Console", output: Path | None = None
) -> None:
    """Write the report of an experiment, and print its table and verdict.

    output: the HTML page; None for the one in the results folder.
    """
    from locust_asyncdjango.lab.report import experiment_report
    from locust_asyncdjango.lab.report.answer.overall import overall_text
    from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
    from locust_asyncdjango.lab.report.verdict import verdict_sentences

    provenance = folder.provenance()
    texts = {
        "html": experiment_report.render_html(findings, provenance),
        "md": experiment_report.render_markdown(findings, provenance),
        "json": experiment_report.render_json(findings, provenance),
    }
    if output:
        write_report_files(output, texts)
    page = output or folder.write_report(**texts)
    for table in (experiment_report.terminal_table(findings), *experiment_report.names_tables(findings)):
        console.print(table)
    answers = answers_of(findings)
    recommendations = [answer.recommendation.sentence for answer in answers]
    recommendations += [f"{overall}."] if (overall := overall_text(answers)) else []
    print_lines(console, [*verdict_sentences(findings), f"Report: {page}", *recommendations])


def write_report_files(output: Path, texts: Mapping[str, str]) -> None:
    """Write a report: the HTML page, and the other texts beside it. Missing folders are made. Raise UsageError.

    texts: by the ending of the file's name. Each file is either complete, or as it was before.
    """
    from locust_asyncdjango.lab.experiment.results_folder import write_each

    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_each(output, texts)
    except OSError as error:
        reason = error.strerror if output.parent.is_dir() else "its folder cannot be made"
        raise UsageError(f"cannot write {output} ({reason}); choose another --output") from None


def read_series(path: Path) -> Series:
    """Return the series in a file. Raise UsageError where it cannot be read."""
    try:
        return read(path)
    except SeriesError as error:
        raise UsageError(str(error)) from None


def require_other_files(output: Path, sources: Iterable[Path]) -> None:
    """Raise UsageError where a report would be written over a file that it is made from."""
    written = {path.resolve(): path for path in (output.with_suffix(ending) for ending in (".html", ".md", ".json"))}
    if overwritten := [written[path.resolve()] for path in sources if path.resolve() in written]:
        raise UsageError(f"the report would overwrite {overwritten[0]}, which it is made from; name another --output")


def require_outside(output: Path, folders: Iterable[Path]) -> None:
    """Raise UsageError where a report would be written into a results folder, over what that has."""
    if any(folder.resolve() in output.resolve().parents for folder in folders):
        raise UsageError(f"--output {output} is in a results folder; name another place")


@contextmanager
def damage_as_usage_error(*folders: "ResultsFolder") -> Iterator[None]:
    """Turn an error within the context into a UsageError, if it means that somebody has edited the folders."""
    from locust_asyncdjango.lab.experiment.results_folder import MALFORMED

    try:
        yield
    except MALFORMED as error:
        raise UsageError(f"{' or '.join(str(folder.path) for folder in folders)} is damaged: {error!r}") from None


def _report_folder(options: Namespace) -> None:
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.findings import read_findings
    from locust_asyncdjango.lab.analysis.other_objective import for_objective
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

    if options.failures:
        raise UsageError("a results folder has the failures of its runs: leave out --failures")
    require_html(options.output)
    folder = ResultsFolder(options.source)
    with damage_as_usage_error(folder):
        content = read_findings(folder)
        if options.output:
            require_outside(options.output, [options.source])
        if not content.results:
            raise UsageError(f"{folder.path} holds no result yet; continue the run with run --resume")
        if options.objective:
            content = for_objective(content, options.objective)
        write_experiment_report(folder, content, Console(), options.output)


def _report_series(options: Namespace) -> None:
    from rich.console import Console

    from locust_asyncdjango.lab.report import run_report

    output: Path = options.output or options.source.with_suffix(".html")
    require_html(output)
    series = read_series(options.source)
    require_other_files(output, [path for path in (options.source, options.failures) if path])
    failures = run_report.read_failures(options.failures, series.header)
    objective = parse_objective(options.objective) if options.objective else None
    content = run_report.build_report(series, failures, objective)
    write_report_files(output, run_report.render_all(content))
    print_lines(Console(), [content.verdict, f"Report: {output}"])


COMMAND = Command(
    name="report",
    summary="Write the report of one Locust run, or write that of a results folder again.",
    add_arguments=add_arguments,
    execute=report_source,
    required_extra=lambda options: "lab" if options.source.is_dir() else "report",
)
