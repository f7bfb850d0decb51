"""Turn a response or an exception into a Failure. Start reading here.

A classification runs one way: a response or an exception -> Evidence (``evidence``) -> a rule (``matching``, by the
tables in ``rules`` and ``exception_rules``) -> a Failure. The rules that a locustfile adds (``custom_rules``) are tried
first.

State lives in a FailureClassifier: the locustfile's rules, the responses that were classified lately, and the messages
that Locust's table shows already. ``add_rule``, ``classify``, ``advice`` and ``known_kinds`` work on
DEFAULT_CLASSIFIER, which the user classes and the plugin share.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from locust_asyncdjango.failures.counts import MESSAGES_LIMIT, OTHER, DistinctLimit
from locust_asyncdjango.failures.custom_rules import Condition, CustomRule, CustomRules
from locust_asyncdjango.failures.evidence import (
    Evidence,
    exception_names,
    header_value,
    merge_chain,
    read_chain,
    read_exception,
    read_failure_header,
    read_one_exception,
    read_response,
)
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.matching import (
    is_check,
    is_from_service,
    is_status_error,
    rule_for_broken_connection,
    rule_for_client_exception,
    rule_for_evidence,
    rule_for_limit,
    rule_for_status,
)
from locust_asyncdjango.failures.memory import remember
from locust_asyncdjango.failures.model import Failure, Kind, Rule
from locust_asyncdjango.failures.normalize import escape_controls, fold_message, redact
from locust_asyncdjango.failures.rules import RULES

HeadParser = Callable[[bytes], Any]
"""Returns the header fields, by name, of a head in bytes."""

MESSAGE_LIMIT = 200
"""How many characters of a message are kept."""

REMEMBERED_BYTES = 16 * 1024
"""The longest response whose failure is remembered, because an overloaded server sends the same one thousands of
times."""

_CHECK_FAILED, _NO_RESPONSE, _OVERLOADED = Rule("check_failed"), Rule("no_response"), Rule("overloaded")
_LIMIT_STATUSES = {400, 402, 403, 413, 420, 429, 503}
"""Statuses with which a Retry-After field, or a phrase such as "too many requests", means that requests are limited."""


class FailureClassifier:
    """Classify failures by the rules of a locustfile and by our own, and keep what a run has to remember about them.

    A process has one, DEFAULT_CLASSIFIER. A run calls ``start_run`` when it begins. The rules stay, as a
    locustfile adds them once.
    """

    def __init__(self) -> None:
        self._custom_rules = CustomRules()
        self._shown_messages = DistinctLimit(MESSAGES_LIMIT)
        self._remembered = lru_cache(maxsize=128)(self._classify_raw)

    def start_run(self) -> None:
        """Forget the messages of the run before, so that Locust's table has room for those of a new run."""
        self._shown_messages = DistinctLimit(MESSAGES_LIMIT)

    def add_rule(
        self,
        kind: str,
        *,
        status: int = 0,
        text: str = "",
        exception: str | type[BaseException] = "",
        when: Condition | None = None,
        origin: str = "server",
        advice: str = "",
    ) -> None:
        """Add a rule to this classifier, as the function ``add_rule`` documents it. Raise ValueError."""
        self._custom_rules.add(
            kind, status=status, text=text, exception=exception, when=when, origin=origin, advice=advice
        )
        self._remembered.cache_clear()

    def classify(
        self,
        *,
        exception: BaseException | None = None,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Failure | None:
        """Return the failure, or None for a success, as the function ``classify`` documents it."""
        if exception is None and status < 400:
            return None
        media_type = header_value(headers, "content-type").lower() if headers else ""
        custom = self._custom_rules.find(exception, status, body)
        if custom is not None:
            return _custom_failure(custom, exception, status, media_type, body)
        if status >= 400:
            limited = status in _LIMIT_STATUSES and bool(headers and header_value(headers, "retry-after"))
            named = read_failure_header(headers).zeroed if headers else Evidence()
            return _failed_response(exception, status, read_response(media_type, body).zeroed, named, limited=limited)
        assert exception is not None, "a success has returned above"  # noqa: S101
        if is_check(exception_names(exception)):
            return _failed_check(exception, status, media_type, body)
        return _failed_request(exception, status, media_type, body)

    def classify_raw(self, status: int, head: bytes, body: bytes, parse_head: HeadParser) -> Failure:
        """Return the failure that a response with an error status means, and remember it for the next equal response.

        status: 400 or more. head: the status line and the header fields, as they came. body: decoded. parse_head: the
        function that reads the head's fields; it is only called for a response that is not remembered.
        """
        if len(head) + len(body) > REMEMBERED_BYTES:
            return self._classify_raw(status, head, body, parse_head)
        return self._remembered(status, head, body, parse_head)

    def _classify_raw(self, status: int, head: bytes, body: bytes, parse_head: HeadParser) -> Failure:
        failure = self.classify(status=status, headers=parse_head(head), body=body)
        assert failure is not None, "the status is an error"  # noqa: S101
        return failure

    def shown_message(self, message: str) -> str:
        """Return the message, or "other" if Locust's table shows MESSAGES_LIMIT different ones of this run already."""
        # This runs for each failure that FastUser reports; most messages are known.
        limit = self._shown_messages
        return message if message in limit.admitted or limit.admits(message) else OTHER

    def advice(self, kind: str, where: str = "") -> str:
        """Return what to do about a kind, as the function ``advice`` documents it."""
        for rule in RULES if where else ():
            if (rule.kind, rule.where) == (kind, where) and rule.advice:
                return rule.advice
        known = KINDS.get(kind) or self._custom_rules.kinds.get(kind)
        return known.advice if known else ""

    def kinds(self) -> Mapping[str, Kind]:
        """Return all kinds by name: our own, then those that rules have added."""
        return {**KINDS, **self._custom_rules.kinds}


DEFAULT_CLASSIFIER = FailureClassifier()
"""The classifier of this process. A locustfile adds its rules to it before a run begins."""


def classify(
    *,
    exception: BaseException | None = None,
    status: int = 0,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Failure | None:
    """Return the failure that the end of a request means, or None for a success.

    All parameters are optional: pass what you know about the request.

    status: the HTTP status of the response; 0 when no response came.
    headers: the response's header fields by name, in any case.
    body: the response's body as decoded bytes. The first 64 kB are read.
    exception: what the client raised, or what a check in the locustfile raised about a response that came
        (an AssertionError, or Locust's CatchResponseError).

    A status below 400 without an exception is a success. The function raises nothing of its own.

    >>> from locust_asyncdjango import classify
    >>> failure = classify(status=503, headers={"Retry-After": "5"})
    >>> failure.kind, failure.origin, failure.message
    ('overloaded', 'server', 'HTTP 503')
    >>> classify(exception=ConnectionRefusedError(111, "Connection refused")).kind
    'connect_refused'
    >>> classify(status=200) is None
    True
    """
    return DEFAULT_CLASSIFIER.classify(exception=exception, status=status, headers=headers, body=body)


def add_rule(
    kind: str,
    *,
    status: int = 0,
    text: str = "",
    exception: str | type[BaseException] = "",
    when: Condition | None = None,
    origin: str = "server",
    advice: str = "",
) -> None:
    """Add a rule: failures that fit it get this kind. Call it at the top of a locustfile.

    kind: the name of a kind of your own (ASCII letters, digits and _, beginning with a letter), or one of ours.

    Pass one or more of the next four parameters. A failure fits when it meets all that you pass.
    status: the HTTP status, such as 403.
    text: a regular expression that is searched for in the body (its first 64 kB) and in the exception's message.
        Upper and lower case are the same.
    exception: an exception class or its name, without its module. Its subclasses fit too, and so do exceptions that
        wrap one of it.
    when: a function that is called as ``when(exception, status, body)`` and returns whether the failure fits.
        exception is None and status is 0 where there is none. An error that it raises is logged once.

    origin: the part that a new kind comes from: "database", "cache", "upstream", "gateway", "server", "network",
        "generator", "check", or a word of your own.
    advice: one line that says what to do. Reports and the summary show it.

    The rule that was added last is tried first, and all of them before our own rules. A kind of our own, and a kind
    that was added before, keeps its origin.

    Raise ValueError when kind is not a valid name, when none of the four is passed, and when text is not a regular
    expression.

    >>> from locust_asyncdjango import add_rule
    >>> add_rule("quota_spent", status=403, text="monthly quota", origin="upstream", advice="buy more, or ask for less")
    """
    DEFAULT_CLASSIFIER.add_rule(
        kind, status=status, text=text, exception=exception, when=when, origin=origin, advice=advice
    )


def advice(kind: str, where: str = "") -> str:
    """Return in one line what to do about a kind of failure, or "" for a kind that is not known.

    where: the place of the failure, as in Failure; some places have advice of their own.
    """
    return DEFAULT_CLASSIFIER.advice(kind, where)


def known_kinds() -> Mapping[str, Kind]:
    """Return all kinds by name: our own, then those that the locustfile has added."""
    return DEFAULT_CLASSIFIER.kinds()


def _custom_failure(
    rule: CustomRule, exception: BaseException | None, status: int, media_type: str, body: bytes
) -> Failure:
    if status >= 400:
        message = _message(read_response(media_type, body).summary, status)
    else:
        assert exception is not None, "a success has no rule"  # noqa: S101
        evidence = read_one_exception(exception)
        message = _message(evidence.text if is_check(evidence.names) else evidence.description)
    return Failure(rule.kind, rule.origin, message, rule.advice)


def _failed_response(
    exception: BaseException | None, status: int, response: Evidence, named: Evidence, *, limited: bool
) -> Failure:
    """Classify a response with an error status.

    response: what its body says. named: what the probe in the server's process says. limited: whether it has a
    Retry-After field.
    """
    check = None
    if exception is not None and not is_status_error(type(exception).__name__):
        if is_check(exception_names(exception)):
            check = read_exception(exception).zeroed
        elif match := rule_for_broken_connection(read_chain(exception)):
            return _make_failure(*match)
    return _by_response(response, named, check, status, limited)


# An overloaded server sends the same response thousands of times; at most a number in it differs.
@remember(
    512,
    lambda response, named, check, status, limited: (  # noqa: ARG005
        response.size + named.size + (check.size if check else 0)
    ),
)
def _by_response(response: Evidence, named: Evidence, check: Evidence | None, status: int, limited: bool) -> Failure:
    if named.names_exception and (match := _by_named_exception(response, named, status)):
        return match
    rule = rule_for_evidence(response, by_phrases=status >= 500)
    if rule is None and status in _LIMIT_STATUSES:
        rule = rule_for_limit(response.text)
    if check is not None and (rule is None or rule.kind == "server_error_opaque"):
        rule = rule_for_evidence(check) or rule
    rule = rule or (_OVERLOADED if limited else rule_for_status(status, response.form))
    return _make_failure(rule, response.summary, status)


def _by_named_exception(response: Evidence, named: Evidence, status: int) -> Failure | None:
    """Return the failure that the probe's header means.

    Return None where its exception has no rule and the response says more than a page without a cause does.
    """
    rule = rule_for_evidence(named.or_else(response))
    if rule is None and status >= 500:
        by_page = rule_for_evidence(response)
        if by_page is None or by_page.kind == "server_error_opaque":
            # The exception is known, so that no proxy made this response.
            rule = rule_for_status(status, "json")
    if rule is None:
        return None
    return _make_failure(rule, (response if response.names else named).summary, status)


def _failed_check(exception: BaseException, status: int, media_type: str, body: bytes) -> Failure:
    """Classify a failed check of the locustfile on a response without an error status, or on a missing response."""
    response = read_response(media_type, body, success=True).zeroed if status else Evidence()
    return _by_check(read_exception(exception).zeroed, response)


@remember(512, lambda check, response: check.size + response.size)
def _by_check(check: Evidence, response: Evidence) -> Failure:
    return _make_failure(rule_for_evidence(response) or rule_for_evidence(check) or _CHECK_FAILED, check.text)


def _failed_request(exception: BaseException, status: int, media_type: str, body: bytes) -> Failure:
    """Classify an exception of the client. status: of the response whose body could not be read, 0 if none came."""
    chain = list(read_chain(exception))
    if match := rule_for_client_exception(chain):
        return _make_failure(*match)
    rule = rule_for_evidence(read_response(media_type, body, success=True)) if status else None
    if rule is None and is_from_service(chain):
        rule = rule_for_evidence(merge_chain(chain))
    return _make_failure(rule or (_CHECK_FAILED if status else _NO_RESPONSE), chain[0].description)


def _make_failure(rule: Rule, text: str, status: int = 0) -> Failure:
    kind = KINDS[rule.kind]
    return Failure(rule.kind, kind.origin, _message(text, status), rule.advice or kind.advice, rule.where)


def _message(text: str, status: int = 0) -> str:
    message = _fold(text)
    if not status:
        return message
    return f"HTTP {status}, {message}" if message else f"HTTP {status}"


@remember(256, len)
def _fold(text: str) -> str:
    return escape_controls(fold_message(redact(text)[: 2 * MESSAGE_LIMIT]))[:MESSAGE_LIMIT]
