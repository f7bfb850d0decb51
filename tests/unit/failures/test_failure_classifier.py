"""What a classifier keeps from one response to the next: results, messages and rules, within a limit in bytes."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from locust_asyncdjango.failures.classify import REMEMBERED_BYTES, FailureClassifier, classify
from locust_asyncdjango.failures.counts import MESSAGES_LIMIT, OTHER
from tests.support.failure_examples import TEXT
from tests.support.traced_memory import kept_bytes

HEAD = b"HTTP/1.1 500 X\r\nContent-Type: text/plain\r\n\r\n"


class HeadParser:
    """A parser of heads that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, head: bytes) -> dict[str, str]:
        assert head == HEAD
        self.calls += 1
        return TEXT


def test_a_response_like_one_before_is_remembered_until_a_rule_is_added() -> None:
    classifier, parse = FailureClassifier(), HeadParser()
    kinds = [classifier.classify_raw(500, HEAD, b"no posts", parse).kind for _ in range(3)]
    assert (kinds, parse.calls) == (["app_error"] * 3, 1)
    classifier.add_rule("no_posts", text="no posts")
    assert classifier.classify_raw(500, HEAD, b"no posts", parse).kind == "no_posts"
    assert parse.calls == 2


def test_a_long_response_is_not_remembered() -> None:
    classifier, parse = FailureClassifier(), HeadParser()
    for _ in range(2):
        classifier.classify_raw(500, HEAD, b"x" * (REMEMBERED_BYTES + 1), parse)
    assert parse.calls == 2


def test_a_run_shows_a_bounded_number_of_messages() -> None:
    classifier = FailureClassifier()
    shown = [classifier.shown_message(f"message {n}") for n in range(MESSAGES_LIMIT + 1)]
    assert shown == [*(f"message {n}" for n in range(MESSAGES_LIMIT)), OTHER]
    assert classifier.shown_message("message 0") == "message 0"
    classifier.start_run()
    assert classifier.shown_message("a new one") == "a new one"


def test_a_new_run_keeps_the_rules_of_the_locustfile() -> None:
    classifier = FailureClassifier()
    classifier.add_rule("no_posts", text="no posts")
    classifier.start_run()
    failure = classifier.classify(status=500, body=b"no posts")
    assert failure is not None
    assert failure.kind == "no_posts"


def text_with_a_number(n: int) -> dict[str, Any]:
    return {"status": 500, "head": b"", "body": b"%d " % n + "ü".encode() * 7000}


def long_head(n: int) -> dict[str, Any]:
    return {"status": 500, "head": b"X-A: %d%b" % (n, b"x" * 60_000), "body": b"broken"}


def many_names(n: int) -> dict[str, Any]:
    names = [[[f"N{n}_{i}_{j}_{'x' * 190}" for j in range(5)] for i in range(5)] for _ in range(5)]
    return {"status": 500, "head": b"", "body": json.dumps({"exception": names, "cause": names}).encode()}


def a_long_name(n: int) -> dict[str, Any]:
    body = b"Traceback (most recent call last):\n  x\n%d%b: broken" % (n, "ü".encode() * 1900)
    return {"status": 500, "head": b"", "body": body}


@pytest.mark.parametrize("response", [text_with_a_number, long_head, many_names, a_long_name])
def test_the_memory_of_failures_has_a_limit_in_bytes(response: Callable[[int], dict[str, Any]]) -> None:
    numbers, classifier = iter(range(10**6)), FailureClassifier()

    def classify_many() -> None:
        for n in islice(numbers, 400):
            classifier.classify_raw(**response(n), parse_head=lambda _: {})

    assert kept_bytes(classify_many) < 10 * 2**20


def test_exceptions_with_long_messages_are_not_kept() -> None:
    numbers = iter(range(10**6))

    def classify_many() -> None:
        for n in islice(numbers, 300):
            classify(exception=ValueError(f"{n} {'x' * 1_000_000}"))
            classify(exception=AssertionError(f"{n} {'x' * 1_000_000}"), status=200)

    assert kept_bytes(classify_many) < 2**20
