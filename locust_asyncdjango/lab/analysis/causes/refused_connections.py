"""Failures whose responses hide that the database refused connections. Start reading at ``find_refused``.

A middleware or a view that swallows the exception answers a bare 500. Neither the response nor the probe can name the
cause, but the database's log has each refused connection, with its time.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.lab.experiment.result import RefusedConnections, ResourceSample
from locust_asyncdjango.metrics.interval import Interval

OPAQUE_KINDS = ("server_error_opaque", "app_error", "unavailable_503")
"""The kinds of failures of which only the status may be known."""
MIN_FAILURES = 5
"""The fewest opaque failures that are explained: a few may fall into the same second by chance."""
MIN_SHARE = 0.8
"""The share of the opaque failures that refusals of the same second must account for, and the share of the refusals
that must be in seconds with such failures."""
_NAMED = re.compile(r"HTTP \d+, (?:(?:[A-Za-z_]\w*\.)+\w+|\w*(?:Error|Exception|Timeout))(?::|$)")
"""A message that begins with the name of an exception."""


def find_refused(
    intervals: Sequence[Interval],
    failures: Iterable[Mapping[str, Any]],
    refusals: Mapping[int, int],
    samples: Sequence[ResourceSample] = (),
    started_s: int = 0,
) -> RefusedConnections | None:
    """Return the opaque failures that refused connections account for; None where they do not.

    intervals: the seconds of the run. failures: the rows of its failures file. refusals: connections that the database
    refused, by the second since the epoch. samples: one a second, with the connections that were open.
    started_s: the epoch second that is second 0 of the run.

    A refused connection accounts for one failure that ended in the same second. Failures that name the database come
    first, and those that name another exception may be among the opaque ones of any second, so that they are taken off.
    """
    opaque, named = _count_by_name(failures)
    total = opaque.total()
    by_second = {each.t + started_s: sum(each.failed[kind] for kind in OPAQUE_KINDS) for each in intervals}
    of_database = {each.t + started_s: _of_database(each.failed) for each in intervals}
    rest = {second: max(refusals.get(second, 0) - of_database[second], 0) for second in by_second}
    failing = [second for second, count in by_second.items() if count]
    refused = sum(rest[second] for second in failing)
    surplus = sum(refusals.get(second, 0) for second in by_second) - sum(of_database.values())
    explained = min(sum(min(by_second[second], rest[second]) for second in failing) - named, surplus)
    if total < MIN_FAILURES or explained < MIN_SHARE * total or refused < MIN_SHARE * sum(rest.values()):
        return None
    return RefusedConnections(dict(opaque.most_common()), refused, _most_connections(samples, failing))


def _count_by_name(failures: Iterable[Mapping[str, Any]]) -> tuple[Counter[str], int]:
    """Return the failures without a named exception by kind, and the number of the others of these kinds."""
    opaque: Counter[str] = Counter()
    named = 0
    for row in failures:
        if row["kind"] in OPAQUE_KINDS:
            # The row of all further messages has no "HTTP".
            if _NAMED.match(row["message"]) or not row["message"].startswith("HTTP "):
                named += row["count"]
            else:
                opaque[row["kind"]] += row["count"]
    return opaque, named


def _of_database(failed: Mapping[str, int]) -> int:
    return sum(count for kind, count in failed.items() if kind in KINDS and KINDS[kind].origin == "database")


def _most_connections(samples: Sequence[ResourceSample], seconds: Iterable[int]) -> int | None:
    """Return the most connections that were in use in some seconds; None where no sample of these knows it."""
    wanted = set(seconds)
    known = [sample.connections for sample in samples if int(sample.at_s) in wanted]
    # A connection that is refused is starting for a moment.
    in_use = (sum(states.values()) - states.get("starting", 0) for states in known if states is not None)
    return max(in_use, default=None)
