"""Rules of a locustfile's own, which come before the table's."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

from locust_asyncdjango.failures.evidence import BODY_LIMIT, causes, said_by
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Kind, Rule

log = logging.getLogger(__name__)

When = Callable[[BaseException | None, int, bytes], bool]


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A row of the table, and what has to be so for it, as far as it is given."""

    row: Rule
    status: int
    text: re.Pattern[str] | None
    raised: str
    when: When | None

    def fits(self, exception: BaseException | None, status: int, body: bytes, said: str) -> bool:
        """Whether all that is given is so. said: by the body and the exception."""
        return bool(
            (not self.status or status == self.status)
            and (not self.raised or self.raised in _names(exception))
            and (self.text is None or self.text.search(said))
            and (self.when is None or self.when(exception, status, body))
        )


_rules: list[OwnRule] = []
_broken: set[str] = set()


def add_rule(
    kind: str,
    *,
    status: int = 0,
    text: str = "",
    exception: str | type[BaseException] = "",
    when: When | None = None,
    origin: str = "server",
    advice: str = "",
) -> None:
    """Has failures that fit named ``kind``, before any other rule; the rule added last is tried first.

    A failure fits where all that is given is so: the answer's status; a regular expression found in its body or in the
    exception's message, in any case; the class of the exception, or of one that it derives from or wraps; a function of
    exception, status and body. kind: one of ours, or your own (letters, digits and _), of which origin and advice say
    where it comes from and what to do. Raises ValueError.
    """
    if not re.fullmatch(r"[a-zA-Z]\w*", kind, re.ASCII):
        raise ValueError(f"{kind!r} is not a kind's name; use letters, digits and _, as in quota_spent")
    if not (status or text or exception or when):
        raise ValueError(f"the rule for {kind} would fit every failure; give it a status, text, exception or when")
    try:
        pattern = re.compile(text, re.IGNORECASE) if text else None
    except re.error as error:
        raise ValueError(f"the rule for {kind}: {text!r} is not a regular expression ({error})") from None
    KINDS.setdefault(kind, Kind(origin, advice or "a rule of the locustfile's own names it"))
    raised = exception if isinstance(exception, str) else exception.__name__
    _rules.insert(0, OwnRule(Rule(kind, advice=advice), status, pattern, raised, when))


def rules_added() -> int:
    """How many there are; what was classified when there were fewer may be of another kind now."""
    return len(_rules)


def own_row(exception: BaseException | None, status: int, body: bytes) -> Rule | None:
    """The row of the first rule that fits. One that raises is logged once and passed over."""
    if not _rules:
        return None
    raised = "" if exception is None else said_by(exception)
    said = f"{body[:BODY_LIMIT].decode('utf-8', 'replace')}\n{raised}"
    for rule in _rules:
        try:
            if rule.fits(exception, status, body, said):
                return rule.row
        except Exception:
            if rule.row.kind not in _broken:
                _broken.add(rule.row.kind)
                log.exception("The rule for %s raised, and is passed over; later times are not told", rule.row.kind)
    return None


def _names(exception: BaseException | None) -> set[str]:
    found = causes(exception) if exception is not None else ()
    return {base.__name__ for each in found for base in type(each).__mro__}
