"""The grammar that thresholds and objectives have in common: ``p95 > 800ms`` -> Condition.

A condition compares a metric with a value: ``METRIC[{NAME}] OP VALUE[UNIT]``. NAME limits it to the requests with this
name, as in ``p95{GET /posts/} > 800ms``. Start reading at ``parse_condition``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from operator import ge, gt, le, lt

from locust_asyncdjango.analysis.request_names import clean_name
from locust_asyncdjango.failures.classify import known_kinds


class ConditionError(ValueError):
    """Raised for a text that is not a condition. The message is one line that says what is wrong and what is valid."""


# A unit as written -> the power of ten that leads to the base unit, and the unit shown.
_Units = dict[str, tuple[int, str]]
_LATENCY: _Units = {"": (0, "ms"), "ms": (0, "ms"), "s": (3, "ms")}
METRICS: dict[str, _Units] = {
    "mean": _LATENCY,
    "rps": {"": (0, "/s"), "/s": (0, "/s")},
    "requests": {"": (0, "")},
    "failures": {"": (0, ""), "%": (-2, "%")},
    "ratio": {"": (0, "%"), "%": (-2, "%")},
}
"""The metrics beside percentiles and failure kinds, each with its units."""
OPERATORS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}

# Digits are limited, so that no number overflows.
_NUMBER = r"([0-9]{0,9}\.?[0-9]{1,9})"
# A name may have any character: it ends at the last brace.
_PARTS = re.compile(r"([^{}<>=!]*)(?:\{(.*)\})?\s*([<>=!]*)(.*)", re.DOTALL)
_NAMED = "p95{GET /posts/}>800ms"
_PERCENTILE = re.compile(rf"p\s*{_NUMBER}")
_VALUE = re.compile(rf"{_NUMBER}\s*([^0-9]*)")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a metric with a value.

    metric: mean, rps, requests, failures, ratio, a percentile such as p99.9, or a failure kind.
    value: a count, a share from 0 to 1, milliseconds, or a rate per second.
    unit: which of these it is, as shown: "", "%", "ms" or "/s".
    name: of the requests that it is about, with their method or without; "" for all.
    """

    metric: str
    operator: str
    value: float
    unit: str
    name: str = ""

    def holds_for(self, value: float) -> bool:
        """Return whether the comparison is true for this value of the metric."""
        return OPERATORS[self.operator](value, self.value)


def parse_condition(text: str, example: str = "p95>800ms", *, is_any_kind: bool = False) -> Condition:
    """Return the condition that a text describes. Raise ConditionError where it is none.

    example: what messages show as a whole condition. is_any_kind: whether any name may be that of a failure kind.
    """
    before, name, operator, after = _PARTS.findall(text)[0]
    if ("{" in text or "}" in text) and not name.strip():
        raise ConditionError(f"write the name of the requests between two braces, as in {_NAMED}")
    if not (operator and after.strip()):
        raise ConditionError(f"say what it is compared with, as in {example}")
    if operator not in OPERATORS:
        raise ConditionError(f"there is no comparison {operator!r}; use one of {' '.join(OPERATORS)}")
    metric, units = _parse_metric(before.strip(), is_any_kind)
    number, unit = _parse_value(after.strip(), metric, units)
    return Condition(metric, operator, number, unit, clean_name(name.strip()))


def is_percentile(metric: str) -> bool:
    """Return whether the metric of a condition is a percentile of latency, such as p95."""
    return bool(_PERCENTILE.fullmatch(metric))


def _parse_metric(name: str, is_any_kind: bool) -> tuple[str, _Units]:
    if match := _PERCENTILE.fullmatch(name):
        if not 0 < float(match[1]) <= 100:
            raise ConditionError("a percentile is above 0 and at most 100, as in p95 or p99.9")
        return f"p{match[1]}", _LATENCY
    kinds = known_kinds()
    if name in METRICS or name in kinds or (is_any_kind and re.fullmatch(r"[a-z]\w{0,100}", name, re.ASCII)):
        return name, METRICS.get(name, METRICS["failures"])
    names = ["p95", *METRICS, *kinds]
    near = get_close_matches(name.lower(), names, n=1)
    advice = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(names)}"
    raise ConditionError(f"there is no metric or kind {name!r}; {advice}")


def _parse_value(value: str, metric: str, units: _Units) -> tuple[float, str]:
    match = _VALUE.fullmatch(value)
    if not match:
        raise ConditionError(f"{value!r} is not a number; write {' or '.join(f'{metric}>1{unit}' for unit in units)}")
    if match[2] not in units:
        advice = " or ".join(["a plain number", *(f"with {unit}" for unit in units if unit)])
        raise ConditionError(f"{metric} is not measured in {match[2]!r}; give {advice}")
    power, unit = units[match[2]]
    # The power is part of the text, because a division may add a rounding error.
    number = float(f"{match[1]}e{power}")
    if unit == "%" and number > 1:
        raise ConditionError("a share is at most 1, which is 100%; for one per cent write 1% or 0.01")
    return number, unit
