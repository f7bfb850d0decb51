"""``locust-asyncdjango compare``: what changed from one results folder to another."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.commands.arguments import Command, parse_share, require_html
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.commands.report import damage_as_usage_error, write_report_files
from locust_asyncdjango.lab.errors import UsageError

if TYPE_CHECKING:
    from locust_asyncdjango.lab.analysis.changes import Changes
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

WORSE = 3
"""Exit code where an arm carries less than is tolerated: a threshold was crossed."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the two folders and the flags of ``compare``."""
    for name in ("before", "after"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a results folder of run")
    parser.add_argument(
        "--tolerate",
        type=parse_share,
        default=0.1,
        metavar="SHARE",
        help="how much less an arm may carry, such as 10%% or 0.1; beyond that the exit code is 3 (default: 10%%)",
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write an HTML report here, and .md and .json files next to it"
    )


def compare_folders(options: Namespace) -> int:
    """Print what changed, and write a report of it if --output names one.

    Return 0, or 3 where an arm carries less than is tolerated. Raise UsageError where the folders cannot be compared.
    """
    from rich.console import Console

    from locust_asyncdjango.lab.analysis.changes import find_changes
    from locust_asyncdjango.lab.analysis.findings import read_findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
    from locust_asyncdjango.lab.report.comparison_report import change_sentences

    tolerated: float = options.tolerate
    folders = ResultsFolder(options.before), ResultsFolder(options.after)
    _check_output(options.output, folders)
    with damage_as_usage_error(*folders):
        before, after = map(read_findings, folders)
        changes = find_changes(before, after, (folders[0].provenance(), folders[1].provenance()))
    if not changes.arms:
        raise UsageError(f"{options.before} and {options.after} have no arm in common that was measured in both")
    console = Console()
    print_lines(console, change_sentences(changes, tolerated))
    if options.output:
        title = f"What changed from {folders[0].path.name} to {folders[1].path.name}"
        _write_report(options.output, changes, title, tolerated)
        print_lines(console, [f"Report: {options.output}"])
    return WORSE if any(change.is_worse(tolerated) for change in changes.arms) else 0


def _check_output(output: Path | None, folders: Iterable["ResultsFolder"]) -> None:
    """Raise UsageError if the report is not an HTML file, or is in one of the compared folders."""
    require_html(output)
    if output and output.resolve().parent in [folder.path.resolve() for folder in folders]:
        raise UsageError(f"--output {output} is in a folder that is compared; name another place")


def _write_report(output: Path, changes: "Changes", title: str, tolerated: float) -> None:
    from locust_asyncdjango.lab.report import comparison_report

    texts = {
        "html": comparison_report.render_html(changes, title, tolerated),
        "md": comparison_report.render_markdown(changes, title, tolerated),
        "json": comparison_report.render_json(changes, tolerated),
    }
    write_report_files(output, texts)


COMMAND = Command(
    name="compare",
    summary="Show what changed from one results folder to another.",
    add_arguments=add_arguments,
    execute=compare_folders,
)
