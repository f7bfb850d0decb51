"""The same failing request by three clients: FastUser and the two that Locust has."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import gevent
import gevent.ssl
from locust import FastHttpUser, HttpUser

from locust_asyncdjango import FastUser
from locust_asyncdjango.client.exceptions import failure_from_event
from tests.support.recorded_user import RecordedUser

TIMEOUT_S = 0.3


class Kinds(NamedTuple):
    """The kind of one failure by client, with its place if it has one; "" for what Locust counts as a success."""

    fast_user: str
    fast_http_user: str
    http_user: str


def all_three(kind: str) -> Kinds:
    """Return the same kind for all of them."""
    return Kinds(kind, kind, kind)


def failure_kinds(
    url: str, path: str = "/", *, data: bytes = b"", timeout_s: float = TIMEOUT_S, trusted: Path | None = None
) -> Kinds:
    """Send the same request by each client and return the kinds of the failures.

    data: the body of a POST. trusted: a certificate authority; without one, certificates are not verified.
    """
    kind = partial(_kind, url=url, path=path, data=data, timeout_s=timeout_s, trusted=trusted)
    with ThreadPoolExecutor(1) as executor:
        # In a process that gevent has not patched, requests blocks the whole thread: it gets one of its own.
        blocking = executor.submit(kind, HttpUser)
        fast = [gevent.spawn(kind, each) for each in (FastUser, FastHttpUser)]
        gevent.joinall(fast, raise_error=True)
        return Kinds(fast[0].value, fast[1].value, blocking.result())


def _kind(
    user_class: type[FastHttpUser | HttpUser],
    url: str,
    path: str,
    data: bytes,
    timeout_s: float,
    trusted: Path | None,
) -> str:
    user = RecordedUser(
        url,
        user_class,
        network_timeout=timeout_s,
        connection_timeout=timeout_s,
        insecure=trusted is None,
        ssl_context_factory=trusted and (lambda _user: gevent.ssl.create_default_context(cafile=str(trusted))),
    )
    if user_class is HttpUser:
        user.client.verify = str(trusted) if trusted else False
    try:
        user.client.request("POST" if data else "GET", path, data=data or None)
    except Exception as error:  # noqa: BLE001
        assert user.events == []
        return f"raises {type(error).__name__}"
    finally:
        user.close()
    (event,) = user.events
    if event["exception"] is None:
        return ""
    failure = failure_from_event(event["exception"], event["response"])
    return ", ".join(filter(None, (failure.kind, failure.where)))
