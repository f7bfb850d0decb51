"""A decision: what the repeats of a comparison have shown, as it was when it was made. It is never taken back."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from locust_asyncdjango.metrics.strict_json import read_dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """How many times as much the best arm of a subject carries as one other arm, and how sure that is.

    subject: as ``Trial.subject`` names it. criterion: what was compared, the value of a ``Criterion``.
    best, other: the arms, as ``Trial.arm`` names them.
    ratio: of the best arm to the other; low, high: its interval.
    is_different: whether the arms differ. Otherwise none of them is better by more than matters.
    repeats: how many runs of each arm had been compared when the decision was made.
    """

    subject: str
    criterion: str
    best: str
    other: str
    ratio: float
    low: float
    high: float
    is_different: bool
    repeats: int

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object of plain types, which ``from_json`` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the decision that ``to_json`` wrote. Raise ValueError where the content is damaged."""
        return read_dataclass(cls, content)
