"""Rules of a locustfile's own."""

import re
from typing import Any

import pytest

from locust_asyncdjango.failures.classify import FailureClassifier
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Failure, Kind
from tests.support.failure_examples import chained


@pytest.fixture
def classifier() -> FailureClassifier:
    return FailureClassifier()


def kind(classifier: FailureClassifier, **request: Any) -> str:
    failure = classifier.classify(**request)
    assert failure is not None
    return failure.kind


def test_a_rule_of_the_locustfile_comes_first(classifier: FailureClassifier) -> None:
    classifier.add_rule("quota_spent", status=403, text="monthly quota", origin="upstream", advice="buy more")
    assert classifier.classify(status=403, body=b"your Monthly Quota of 100") == Failure(
        "quota_spent", "upstream", "HTTP 403, your Monthly Quota of N", "buy more"
    )
    assert kind(classifier, status=402, body=b"your monthly quota") == "client_error"


def test_a_rule_by_exception_and_by_function(classifier: FailureClassifier) -> None:
    classifier.add_rule("upset", exception=ValueError)
    classifier.add_rule("tea_time", when=lambda _exception, status, _body: status == 418)
    assert kind(classifier, exception=chained(RuntimeError(), ValueError())) == "upset"
    assert kind(classifier, status=418) == "tea_time"


def test_the_rule_added_last_is_tried_first(classifier: FailureClassifier) -> None:
    classifier.add_rule("earlier", status=500)
    classifier.add_rule("later", status=500)
    assert kind(classifier, status=500) == "later"


def test_a_check_that_fits_a_rule_has_its_own_message(classifier: FailureClassifier) -> None:
    classifier.add_rule("no_posts", text="no posts")
    assert classifier.classify(exception=AssertionError("no posts on page 7"), status=200) == Failure(
        "no_posts", "server", "no posts on page N", "a rule of the locustfile's own names it"
    )


def test_one_of_our_kinds_keeps_its_origin_and_its_advice(classifier: FailureClassifier) -> None:
    classifier.add_rule("timeout", status=408, origin="database")
    failure = classifier.classify(status=408)
    assert failure == Failure("timeout", KINDS["timeout"].origin, "HTTP 408", KINDS["timeout"].advice)
    assert dict(classifier.kinds()) == dict(KINDS)


def test_a_new_kind_keeps_the_origin_that_it_was_added_with(classifier: FailureClassifier) -> None:
    classifier.add_rule("quota_spent", status=403, origin="upstream", advice="buy more")
    classifier.add_rule("quota_spent", status=402, origin="server")
    failure = classifier.classify(status=402)
    assert failure == Failure("quota_spent", "upstream", "HTTP 402", "buy more")
    assert classifier.kinds()["quota_spent"] == Kind("upstream", "buy more")
    assert classifier.advice("quota_spent") == "buy more"


def test_classifiers_do_not_share_rules(classifier: FailureClassifier) -> None:
    classifier.add_rule("quota_spent", status=403)
    assert kind(FailureClassifier(), status=403) == "client_error"
    assert "quota_spent" not in KINDS


def test_one_that_raises_is_logged_once_and_passed_over(
    classifier: FailureClassifier, caplog: pytest.LogCaptureFixture
) -> None:
    classifier.add_rule("broken", when=lambda *_: bool(1 / 0))
    for _ in range(3):
        assert kind(classifier, status=500, body=b"x") == "app_error"
    assert [record.message for record in caplog.records] == [
        "The rule for broken raised an error and is ignored for this failure. Later errors of this rule are not logged;"
        " correct the rule in the locustfile."
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
def test_an_invalid_rule_is_refused(classifier: FailureClassifier, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        classifier.add_rule(**arguments)
