"""How busy the machine was at full load, and how much of it was the generator, in words."""

from collections.abc import Iterable

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.metrics.plural import counted


def processor_sentences(findings: Findings) -> list[str]:
    """Return how busy the processors were and what the generator used of them; nothing where it is not known."""
    uses = [use for runs in findings.runs if (use := findings.processor_use(runs))]
    if not uses:
        return []
    busy, generator = _range_text(use.busy for use in uses), _range_text(use.generator for use in uses)
    processors = counted(max(use.processors for use in uses), "processor")
    return [
        f"processor time at full load ({processors}): {busy} % of it was used, {generator} % of it by the generator"
    ]


def _range_text(percents: Iterable[float]) -> str:
    rounded = sorted({round(percent) for percent in percents})
    return f"{rounded[0]}" if len(rounded) == 1 else f"{rounded[0]} to {rounded[-1]}"
