"""How busy the machine was at full load, and how much of it was the generator, in words."""

from collections.abc import Iterable

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.analysis.processor_use import FULL
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.metrics.plural import counted


def processor_sentences(findings: Findings) -> list[str]:
    """Return how busy the processors were and what the generator used of them; nothing where it is not known."""
    uses = [use for runs in findings.runs if (use := findings.processor_use(runs))]
    if not uses:
        return []
    busy, generator = _range_text(use.busy for use in uses), _range_text(use.generator for use in uses)
    processors = counted(max(use.processors for use in uses), "processor")
    return [
        f"processors: at full load the {processors} were busy to {busy} %; the generator used {generator} % of them"
    ]


def full_machine_note(findings: Findings, results: Iterable[Result]) -> str:
    """Return in how many of these trials the machine was full, in a few words; "" for none."""
    trials = list(results)
    full = sum(any(caveat.startswith(FULL) for caveat in findings.caveats(result)) for result in trials)
    return f"the machine was full in {full} of {counted(len(trials), 'trial')}" if full else ""


def _range_text(percents: Iterable[float]) -> str:
    rounded = sorted({round(percent) for percent in percents})
    return f"{rounded[0]}" if len(rounded) == 1 else f"{rounded[0]} to {rounded[-1]}"
