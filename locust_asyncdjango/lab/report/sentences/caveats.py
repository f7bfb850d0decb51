"""How many trials have caveats, in words."""

from collections.abc import Sequence

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.processor_use import FULL
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.metrics.plural import counted


def caveats_note(findings: Findings, results: Sequence[Result]) -> str:
    """Return how many of these trials have caveats, in a few words; "" for none."""
    count = sum(bool(findings.caveats(result)) for result in results)
    return f"{count} of {counted(len(results), 'trial')} {'has' if count == 1 else 'have'} caveats" if count else ""


def full_machine_note(findings: Findings, results: Sequence[Result]) -> str:
    """Return in how many of these trials the machine was full, in a few words; "" for none."""
    count = sum(any(caveat.startswith(FULL) for caveat in findings.caveats(result)) for result in results)
    return f"the machine was full in {count} of {counted(len(results), 'trial')}" if count else ""
