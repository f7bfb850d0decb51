"""``locust-asyncdjango compare``: what changed from one results folder, or from one run of Locust, to another."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.commands.arguments import Command, parse_share, require_html
from locust_asyncdjango.lab.commands.console import print_lines
from locust_asyncdjango.lab.commands.report import (
    damage_as_usage_error,
    read_series,
    require_other_files,
    require_outside,
    write_report_files,
)
from locust_asyncdjango.lab.errors import UsageError

if TYPE_CHECKING:
    from locust_asyncdjango.lab.analysis.changes.arm_change import Changes

WORSE = 3
"""Exit code where an arm carries less than is tolerated: a threshold was crossed."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the two folders and the flags of ``compare``."""
    for name in ("before", "after"):
        parser.add_argument(name, type=Path, metavar=name.upper(), help="a results folder, or a file of --series")
    parser.add_argument(
        "--tolerate",
        type=parse_share,
        default=0.1,
        metavar="SHARE",
        help="how much less an arm may carry, such as 10%% or 0.1; beyond that the exit code is 3 (default: 10%%)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write an HTML report here, and .md and .json files next to it; missing folders are made",
    )


def compare_sources(options: Namespace) -> int:
    """Print what changed, and write a report of it if --output names one.

    Return 0, or 3 where an arm carries less than is tolerated. Raise UsageError where the sources cannot be compared.
    """
    from rich.console import Console

    from locust_asyncdjango.lab.report.comparison_report import change_sentences

    tolerated: float = options.tolerate
    sources: tuple[Path, Path] = (options.before, options.after)
    _check_output(options.output, sources)
    are_files = [path.is_file() for path in sources]
    if any(path.is_dir() for path in sources) and any(are_files):
        raise UsageError(f"{sources[0]} and {sources[1]} are a folder and a file; compare two of the same sort")
    changes = _series_changes(*sources) if any(are_files) else _folder_changes(*sources)
    console = Console()
    print_lines(console, change_sentences(changes, tolerated))
    if options.output:
        title = f"What changed from {sources[0].absolute().name} to {sources[1].absolute().name}"
        _write_report(options.output, changes, title, tolerated)
        print_lines(console, [f"Report: {options.output}"])
    return WORSE if changes.is_worse(tolerated) else 0


def _folder_changes(before: Path, after: Path) -> "Changes":
    from locust_asyncdjango.lab.analysis.changes.find_changes import find_changes
    from locust_asyncdjango.lab.analysis.findings import read_findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder

    folders = ResultsFolder(before), ResultsFolder(after)
    with damage_as_usage_error(*folders):
        findings = read_findings(folders[0]), read_findings(folders[1])
        changes = find_changes(*findings, (folders[0].provenance(), folders[1].provenance()))
    if not changes.arms:
        raise UsageError(f"{before} and {after} have no arm in common; compare two that have")
    return changes


def _series_changes(before: Path, after: Path) -> "Changes":
    from locust_asyncdjango.lab.analysis.changes.find_changes import find_run_changes

    return find_run_changes(read_series(before), read_series(after))


def _check_output(output: Path | None, sources: Sequence[Path]) -> None:
    """Raise UsageError if the report is not an HTML file, or would be in a source or in place of one."""
    require_html(output)
    if output is None:
        return
    require_outside(output, sources)
    require_other_files(output, sources)


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
    summary="Show what changed from one results folder, or one run of Locust, to another.",
    add_arguments=add_arguments,
    execute=compare_sources,
    required_extra=lambda options: "report" if options.before.is_file() else "lab",
)
