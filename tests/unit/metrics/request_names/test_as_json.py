"""Sums by name as JSON and back."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.metrics.request_names.as_json import names_from_json, names_to_json
from locust_asyncdjango.metrics.request_names.sums import RequestSums, sum_of_all

latencies = st.dictionaries(st.sampled_from([1.0, 2.0, 12.5, 300.0]), st.integers(1, 9)).map(Counter)
sums = st.builds(
    lambda ok_ms, failed_ms, unknown: RequestSums(
        ok_ms.total() + unknown,
        Counter(timeout=failed_ms.total()) if failed_ms else Counter(),
        ok_ms,
        failed_ms,
    ),
    latencies,
    latencies,
    st.integers(0, 3),
)


@given(st.dictionaries(st.sampled_from(["GET /", "GET /posts/", "POST /é\u00a0/"]), sums))
def test_names_are_read_as_they_were_written(names: dict[str, RequestSums]) -> None:
    total = sum_of_all(names.values())
    content = names_to_json(names, total.ok_ms, total.failed_ms) if names else {}
    assert sum("rest" in member for member in content.values()) == bool(names)
    assert names_from_json(content, total.ok_ms, total.failed_ms) == names


def test_where_some_requests_have_no_name_each_name_has_its_latencies() -> None:
    names = {"GET /": RequestSums(1, ok_ms=Counter({12.5: 1}))}
    content = names_to_json(names, Counter({12.5: 2}), Counter())
    assert content == {"GET /": {"ok": 1, "ok_ms": {"12.5": 1}}}
    assert names_from_json(content, Counter({12.5: 2}), Counter()) == names


def test_the_rest_is_never_less_than_nothing() -> None:
    content = {"GET /": {"ok": 1, "rest": True}, "POST /": {"ok": 2, "ok_ms": {"12.5": 2}}}
    with pytest.raises(ValueError, match="latencies that the row does not have"):
        names_from_json(content, Counter({12.5: 1}), Counter())
