"""What broke, not just that it broke: a response or exception -> the kind of its failure.

The table is in ``rules``; ``evidence`` reads answers and exceptions, ``signs`` finds the row that fits. A locustfile's
own rules come before the table::

    from locust_asyncdjango import add_rule
    add_rule("quota_spent", status=403, text="monthly quota", origin="upstream", advice="buy more, or ask for less")
"""

import errno
import os
import ssl
from collections.abc import Mapping
from functools import lru_cache

from locust_asyncdjango.failures.custom_rules import own_row
from locust_asyncdjango.failures.evidence import (
    Evidence,
    field,
    of_answer,
    of_exception,
    said_by,
)
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.matching import (
    by_broken_connection,
    by_evidence,
    by_limit,
    by_raised,
    by_status,
    is_check,
    is_of_a_service,
)
from locust_asyncdjango.failures.model import Failure, Rule
from locust_asyncdjango.failures.normalize import folded, redact
from locust_asyncdjango.failures.rules import RULES

MESSAGE_LIMIT = 200
"""Characters of a message that are kept."""

MESSAGES_LIMIT = 200
"""Different messages that are told apart in a table."""

OTHER = "other"
"""The message of those beyond the limit."""

_CHECK_FAILED, _NO_RESPONSE, _OVERLOADED = Rule("check_failed"), Rule("no_response"), Rule("overloaded")
_MAY_BE_LIMITED = {400, 402, 403, 413, 420, 429, 503}
"""Statuses with which Retry-After, and words of a limit, speak of one."""


def classify(
    *,
    exception: BaseException | None = None,
    status: int = 0,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Failure | None:
    """The failure that a request's end means, or None for a success.

    status: the HTTP status, 0 when there was no answer. headers: of the answer, any case. body: decoded bytes of the
    answer. exception: what the client raised, also a check of the locustfile's own on an answer that came.
    """
    if exception is None and status < 400:
        return None
    row = own_row(exception, status, body)
    media_type = field(headers or {}, "content-type")
    if status < 400:
        assert exception is not None, "a success has been left"  # noqa: S101
        return _of_exception(row, exception, status, media_type, body)
    limited = status in _MAY_BE_LIMITED and bool(field(headers or {}, "retry-after"))
    check = exception if exception is not None and is_check(exception) else None
    broken = by_broken_connection(exception) if exception is not None and not (row or check) else None
    if broken:
        return _failure(broken[0], _named(broken[1]))
    return _of_answer(row, check, status, media_type, limited, body)


def advice(kind: str, where: str = "") -> str:
    """What to do about a kind, in one line; "" for one that is not known."""
    for row in RULES if where else ():
        if (row.kind, row.where) == (kind, where) and row.advice:
            return row.advice
    return KINDS[kind].advice if kind in KINDS else ""


def _of_answer(
    row: Rule | None, check: BaseException | None, status: int, media_type: str, limited: bool, body: bytes
) -> Failure:
    said = of_answer(media_type, body)
    if row is not None:
        return _failure(row, said.told, status)
    return _by_answer(said.alike, of_exception(check).alike if check is not None else None, status, limited)


# A server that is overloaded says the same thousands of times, but for a number.
@lru_cache(maxsize=512)
def _by_answer(said: Evidence, check: Evidence | None, status: int, limited: bool) -> Failure:
    row = by_evidence(said, by_words=status >= 500)
    if row is None and status in _MAY_BE_LIMITED:
        row = by_limit(said.text)
    if check is not None and (row is None or row.kind == "server_error_opaque"):
        row = by_evidence(check) or row
    row = row or (_OVERLOADED if limited else by_status(status, said.form))
    return _failure(row, said.told, status)


def _of_exception(row: Rule | None, exception: BaseException, status: int, media_type: str, body: bytes) -> Failure:
    if is_check(exception):
        if row is not None:
            return _failure(row, said_by(exception))
        return _by_check(
            of_exception(exception).alike, of_answer(media_type, body, of_success=True).alike if status else Evidence()
        )
    if row is None and (raised := by_raised(exception)):
        return _failure(raised[0], _named(raised[1]))
    if row is None and status:
        row = by_evidence(of_answer(media_type, body, of_success=True))
    if row is None and is_of_a_service(exception):
        row = by_evidence(of_exception(exception))
    return _failure(row or (_CHECK_FAILED if status else _NO_RESPONSE), _named(exception))


@lru_cache(maxsize=512)
def _by_check(check: Evidence, said: Evidence) -> Failure:
    return _failure(by_evidence(said) or by_evidence(check) or _CHECK_FAILED, check.text)


def _failure(row: Rule, told: str, status: int = 0) -> Failure:
    kind = KINDS[row.kind]
    message = _message(told)
    if status:
        message = f"HTTP {status}, {message}" if message else f"HTTP {status}"
    return Failure(row.kind, kind.origin, message, row.advice or kind.advice, row.where)


@lru_cache(maxsize=256)
def _message(told: str) -> str:
    return folded(redact(told)[: 2 * MESSAGE_LIMIT])[:MESSAGE_LIMIT]


def _named(exception: BaseException) -> str:
    # OpenSSL's numbers are none of the system's.
    number = None if isinstance(exception, ssl.SSLError) else getattr(exception, "errno", None)
    detail = os.strerror(number) if isinstance(number, int) and number in errno.errorcode else said_by(exception)
    return f"{type(exception).__name__}: {detail}" if detail else type(exception).__name__
