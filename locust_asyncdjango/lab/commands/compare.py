"""``compare``: what has changed from one results folder to another."""

from argparse import Namespace
from pathlib import Path

from locust_asyncdjango.lab.commands.report import check_html, read_whole
from locust_asyncdjango.lab.errors import UsageError


def compare(options: Namespace) -> int:
    """Prints what has changed between two results folders; 3 when an arm has become worse than is tolerated."""
    from rich.console import Console

    from locust_asyncdjango.lab.analysis import findings
    from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_each
    from locust_asyncdjango.lab.report import comparison_report

    output: Path | None = options.output
    check_html(output)
    folders = ResultsFolder(options.before), ResultsFolder(options.after)
    if output and output.resolve().parent in [folder.path.resolve() for folder in folders]:
        raise UsageError(f"--output {output} lies in a folder that is compared; name another place")
    with read_whole(*folders):
        before, after = map(findings.read, folders)
        found = comparison_report.changes(before, after, (folders[0].provenance(), folders[1].provenance()))
    if not found.arms:
        raise UsageError(f"{options.before} and {options.after} have no arm in common that was measured in both")
    console = Console()
    for sentence in found.sentences(options.tolerate):
        console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    if output:
        title = f"What changed from {folders[0].path.name} to {folders[1].path.name}"
        texts = {
            "html": comparison_report.html(found, title, options.tolerate),
            "md": comparison_report.markdown(found, title, options.tolerate),
            "json": comparison_report.as_json(found, options.tolerate),
        }
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            write_each(output, texts)
        except OSError as error:
            reason = error.strerror if output.parent.is_dir() else "its folder cannot be made"
            raise UsageError(f"cannot write {output} ({reason}); choose another --output") from None
        console.print(f"Report: {output}", highlight=False, markup=False, soft_wrap=True)
    return 3 if any(change.is_worse(options.tolerate) for change in found.arms) else 0
