"""What must hold for a load to count as carried: ``failures <= 1% and p95 <= 1s`` -> Objective.

Start reading at ``parse_objective``. A threshold says what must not be; an objective says what must hold, at each load.
So it is about what a user notices of a request: latencies, and shares of failures.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from locust_asyncdjango.analysis.conditions.parser import (
    OPERATORS,
    Condition,
    ConditionError,
    is_percentile,
    parse_condition,
)

EXAMPLE = "p95<=1s"
DEFAULT_TEXT = "failures <= 1% and p95 <= 1s"

_SEPARATOR = re.compile(r"(?:,|\band\b)(?![^{}]*\})")
"""Separates the clauses; not within braces, which may enclose a request name."""


class ObjectiveError(ValueError):
    """Raised for a text that is not an objective. The message is one line that says what is wrong and what is valid."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition of an objective.

    text: the condition in the form in which all texts show it, such as "p95 <= 1s".
    """

    text: str
    condition: Condition

    @property
    def metric(self) -> str:
        """Return what is compared: a percentile, mean, failures, or a failure kind."""
        return self.condition.metric

    @property
    def limit(self) -> float:
        """Return the most that the metric may be: milliseconds, or a share from 0 to 1."""
        return self.condition.value

    @property
    def is_latency(self) -> bool:
        """Return whether it is about the latency of successful requests; otherwise it is about failures."""
        return self.condition.unit == "ms"

    @property
    def percent(self) -> Fraction | None:
        """Return the percentile, such as 95; None for the mean and for failures."""
        return Fraction(self.metric[1:]) if is_percentile(self.metric) else None

    def holds_for(self, value: float) -> bool:
        """Return whether the clause holds where the metric has this value."""
        return self.condition.holds_for(value)

    def violations(self, counts: Mapping[float, int]) -> int:
        """Return how many values violate the clause. counts: how often each value occurred."""
        compare, limit = OPERATORS[self.condition.operator], self.condition.value
        return sum(n for value, n in counts.items() if not compare(value, limit))


@dataclass(frozen=True, slots=True)
class Objective:
    """What must hold at a load: all of its clauses.

    text: the clauses in the form in which all texts show them.
    """

    clauses: tuple[Clause, ...]

    @property
    def text(self) -> str:
        """Return the objective in the form in which all texts show it."""
        return " and ".join(clause.text for clause in self.clauses)

    def __str__(self) -> str:
        return self.text


def parse_objective(text: str) -> Objective:
    """Return the objective that a text describes, such as ``p95<=300ms, failures<=0.1%``.

    Conditions are separated by commas or by "and". Raise ObjectiveError where the text is no objective.
    """
    return _parse(text)


def objective_of(header: Mapping[str, Any]) -> Objective:
    """Return the objective in the header of a series; the default one where it has none, or none that is valid.

    Failure kinds of the user's own are known to the process that wrote it only, so that any name may be one.
    """
    try:
        return _parse(header["objective"], is_any_kind=True)
    except (KeyError, ObjectiveError):
        return DEFAULT_OBJECTIVE


def _parse(text: str, *, is_any_kind: bool = False) -> Objective:
    clauses = tuple(_clauses(text, is_any_kind))
    metrics = [clause.metric for clause in clauses]
    for metric in metrics:
        if metrics.count(metric) > 1:
            raise ObjectiveError(f"{_one_line(text)!r}: it limits {metric} twice; keep one of the two")
    return Objective(clauses)


def _clauses(text: str, is_any_kind: bool) -> Iterator[Clause]:
    for part in _SEPARATOR.split(text):
        try:
            yield _parse_clause(part.strip(), is_any_kind)
        except ConditionError as error:
            raise ObjectiveError(f"{_one_line(part)!r}: {error}") from None


def _parse_clause(text: str, is_any_kind: bool) -> Clause:
    if not text:
        raise ConditionError(f"name what must hold, separated by commas or by and, such as {DEFAULT_TEXT}")
    condition = parse_condition(text, EXAMPLE, is_any_kind=is_any_kind)
    if condition.name:
        raise ConditionError("an objective is about all requests of a load; limit those of one name with --fail-on")
    metric = "failures" if condition.metric == "ratio" else condition.metric
    unit = condition.unit
    if metric in ("rps", "requests"):
        raise ConditionError(
            f"{metric} depends on how many users there are, so that it cannot break at a load; limit latencies and"
            f" failures, as in {DEFAULT_TEXT}"
        )
    if condition.operator not in ("<", "<="):
        raise ConditionError(f"an objective says what must hold; write {metric}<=..., as in {EXAMPLE}")
    if not unit:  # a count of failures or of a kind: only none at all is a share too
        if condition.value:
            raise ConditionError(f"a number of failures means nothing at a load; give their share, as in {metric}<=1%")
        unit = "%"
    if condition.operator == "<" and not condition.value:
        raise ConditionError(f"nothing is below 0; write {metric}<=0")
    value = "".join(text.partition(condition.operator)[2].split())
    return Clause(
        f"{metric} {condition.operator} {value}", Condition(metric, condition.operator, condition.value, unit)
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


DEFAULT_OBJECTIVE = parse_objective(DEFAULT_TEXT)
