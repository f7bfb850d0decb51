"""Rules of a locustfile's own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from locust_asyncdjango.failures import custom_rules
from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.custom_rules import add_rule
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Failure
from tests.unit.failures.test_exception_rules import chained


@pytest.fixture
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(custom_rules, "_rules", [])
    monkeypatch.setattr(custom_rules, "_broken", set())
    kinds = dict(KINDS)
    yield
    KINDS.clear()
    KINDS.update(kinds)


@pytest.mark.usefixtures("_own_rules")
class TestOwnRules:
    def test_it_comes_first(self) -> None:
        add_rule("quota_spent", status=403, text="monthly quota", origin="upstream", advice="buy more")
        assert classify(status=403, body=b"your Monthly Quota of 100") == Failure(
            "quota_spent", "upstream", "HTTP 403, your Monthly Quota of N", "buy more"
        )
        other = classify(status=402, body=b"your monthly quota")
        assert other is not None
        assert other.kind == "client_error"

    def test_by_exception_and_function(self) -> None:
        add_rule("upset", exception=ValueError)
        add_rule("tea_time", when=lambda _exception, status, _body: status == 418)
        for arguments, kind in (
            ({"exception": chained(RuntimeError(), ValueError())}, "upset"),
            ({"status": 418}, "tea_time"),
        ):
            failure = classify(**arguments)
            assert failure is not None
            assert failure.kind == kind

    def test_one_that_raises_is_logged_once_and_passed_over(self, caplog: pytest.LogCaptureFixture) -> None:
        add_rule("broken", when=lambda *_: bool(1 / 0))
        for _ in range(3):
            failure = classify(status=500, body=b"x")
            assert failure is not None
            assert failure.kind == "app_error"
        assert [record.message for record in caplog.records] == [
            "The rule for broken raised, and is passed over; later times are not told"
        ]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                {"kind": "too many", "status": 500},
                "'too many' is not a kind's name; use letters, digits and _, as in quota_spent",
            ),
            ({"kind": "all"}, "the rule for all would fit every failure; give it a status, text, exception or when"),
            (
                {"kind": "odd", "text": "("},
                "the rule for odd: '(' is not a regular expression (missing ), unterminated subpattern at position 0)",
            ),
        ],
    )
    def test_a_wrong_one_is_refused(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(ValueError, match=re.escape(message)):
            add_rule(**arguments)
