"""Sums by name as the member ``names`` of a row's JSON, and back.

The name with the most latencies has ``"rest": true`` in place of its latencies: they are those of the row that no other
name has. So a row of a single name is hardly longer than one without names, and no row is twice as long.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from unicodedata import category

from locust_asyncdjango.metrics import histogram
from locust_asyncdjango.metrics.columns import SUM_BY_KIND, SUM_BY_MS
from locust_asyncdjango.metrics.histogram import Histogram
from locust_asyncdjango.metrics.request_names.sums import LONGEST_NAME, NAMES_LIMIT, RequestsByName, RequestSums
from locust_asyncdjango.metrics.strict_json import read_value, whole_number

_LATENCIES = ("ok_ms", "failed_ms")


def names_to_json(names: RequestsByName, ok_ms: Histogram, failed_ms: Histogram) -> dict[str, Any]:
    """Return the sums of a row's names as plain types. ok_ms, failed_ms: of the whole row."""
    content = {name: _sums_to_json(sums) for name, sums in names.items()}
    timed = {name: len(sums.ok_ms) + len(sums.failed_ms) for name, sums in names.items()}
    all_have_names = (
        sum(sums.ok_ms.total() for sums in names.values()) == ok_ms.total()
        and sum(sums.failed_ms.total() for sums in names.values()) == failed_ms.total()
    )
    if all_have_names:
        rest = content[max(timed, key=timed.__getitem__)]
        for member in _LATENCIES:
            rest.pop(member, None)
        rest["rest"] = True
    return content


def names_from_json(content: Any, ok_ms: Histogram, failed_ms: Histogram) -> RequestsByName:
    """Return the sums that ``names_to_json`` wrote. Raise ValueError where the content is damaged.

    ok_ms, failed_ms: of the whole row.
    """
    members = read_value(dict[str, dict[str, Any]], content, "names")
    if len(members) > NAMES_LIMIT + 1:
        raise ValueError(f"there are {len(members)} names of requests, more than {NAMES_LIMIT} and the others")
    names = {_name(name): _sums_from_json(sums) for name, sums in members.items()}
    with_rest = [name for name, sums in members.items() if sums.get("rest")]
    if len(with_rest) > 1:
        raise ValueError(f"{len(with_rest)} names have the rest of the latencies")
    for name in with_rest:
        others = [sums for other, sums in names.items() if other != name]
        names[name].ok_ms = _rest(ok_ms, [sums.ok_ms for sums in others])
        names[name].failed_ms = _rest(failed_ms, [sums.failed_ms for sums in others])
    return names


def _sums_to_json(sums: RequestSums) -> dict[str, Any]:
    content: dict[str, Any] = {"ok": sums.ok}
    if sums.failed:
        content["failed"] = SUM_BY_KIND.to_json(sums.failed)
    content.update({name: histogram.to_json(counts) for name in _LATENCIES if (counts := getattr(sums, name))})
    return content


def _sums_from_json(content: Mapping[str, Any]) -> RequestSums:
    latencies = {name: SUM_BY_MS.from_json(content.get(name, {})) for name in _LATENCIES}
    return RequestSums(whole_number(content.get("ok")), SUM_BY_KIND.from_json(content.get("failed", {})), **latencies)


def _rest(total: Histogram, others: list[Histogram]) -> Histogram:
    if not others:
        return total.copy()
    rest = total.copy()
    for counts in others:
        rest.subtract(counts)
    if min(rest.values(), default=0) < 0:
        raise ValueError("the names have latencies that the row does not have")
    return Counter({ms: count for ms, count in rest.items() if count})


def _name(text: str) -> str:
    # A name is shown on terminals, so it has no control characters: the recording has escaped them.
    if not 0 < len(text) <= LONGEST_NAME or not all(each.isprintable() or category(each) == "Zs" for each in text):
        raise ValueError(f"{text!r:.60} is not the name of requests")
    return text
