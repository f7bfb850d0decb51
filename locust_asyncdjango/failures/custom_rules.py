"""Rules that a locustfile adds. They come before the rules of the table.

``FailureClassifier`` in ``classify`` owns a CustomRules. Users add rules with ``locust_asyncdjango.add_rule``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from locust_asyncdjango.failures.evidence import BODY_LIMIT, exception_chain, exception_message
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Kind
from locust_asyncdjango.failures.normalize import OnceLogger, safe_line, safe_logger

log = safe_logger(__name__)

Condition = Callable[[BaseException | None, int, bytes], bool]

DEFAULT_ADVICE = "a rule of the locustfile's own names it"

ERROR_OF_RULE = (
    "The rule for %s raised an error and is ignored for this failure. Later errors of this rule are not logged; correct"
    " the rule in the locustfile."
)


@dataclass(frozen=True, slots=True)
class CustomRule:
    """Hold the kind that a rule gives, and the criteria that a failure has to meet; "" and 0 stand for no criterion.

    status: the HTTP status. text: a pattern for the body or the exception's message. exception: the name of a class.
    condition: a function of exception, status and body. advice: what to do about failures that fit.
    """

    kind: str
    origin: str
    advice: str
    status: int
    text: re.Pattern[str] | None
    exception: str
    condition: Condition | None

    def fits(self, exception: BaseException | None, status: int, body: bytes, text: str) -> bool:
        """Return whether a failure meets all criteria. text: of its body and its exception."""
        return bool(
            (not self.status or status == self.status)
            and (not self.exception or self.exception in _class_names(exception))
            and (self.text is None or self.text.search(text))
            and (self.condition is None or self.condition(exception, status, body))
        )


class CustomRules:
    """Keep the rules that were added, the last one first, and the new kinds that they define.

    kinds: the new kinds by name, without the built-in ones.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self._rules: list[CustomRule] = []
        self._errors = OnceLogger(log)
        """Logs errors of rules by their kinds."""

    def add(
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
        """Add a rule, as ``locust_asyncdjango.add_rule`` documents it. Raise ValueError."""
        if not re.fullmatch(r"[a-zA-Z]\w*", kind, re.ASCII):
            raise ValueError(f"{kind!r} is not a kind's name; use letters, digits and _, as in quota_spent")
        if not (status or text or exception or when):
            raise ValueError(f"the rule for {kind} would fit every failure; give it a status, text, exception or when")
        try:
            pattern = re.compile(text, re.IGNORECASE) if text else None
        except re.error as error:
            raise ValueError(f"the rule for {kind}: {text!r} is not a regular expression ({error})") from None
        origin, advice = safe_line(origin), safe_line(advice)
        named = KINDS.get(kind) or self.kinds.setdefault(kind, Kind(origin, advice or DEFAULT_ADVICE))
        class_name = exception if isinstance(exception, str) else exception.__name__
        self._rules.insert(0, CustomRule(kind, named.origin, advice or named.advice, status, pattern, class_name, when))

    def find(self, exception: BaseException | None, status: int, body: bytes) -> CustomRule | None:
        """Return the first rule that fits. A rule that raises is logged once and passed over."""
        if not self._rules:
            return None
        message = "" if exception is None else exception_message(exception)
        text = f"{body[:BODY_LIMIT].decode('utf-8', 'replace')}\n{message}"
        for rule in self._rules:
            try:
                if rule.fits(exception, status, body, text):
                    return rule
            except Exception:  # noqa: BLE001 - whatever a locustfile's own function raises
                self._errors.exception(rule.kind, ERROR_OF_RULE, rule.kind)
        return None


def _class_names(exception: BaseException | None) -> set[str]:
    chain = exception_chain(exception) if exception is not None else ()
    return {base.__name__ for each in chain for base in type(each).__mro__}
