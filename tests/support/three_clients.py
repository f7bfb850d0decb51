"""What the three clients make of the same failure, all at once: ours, and the two that Locust has."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import gevent
import gevent.ssl
from locust import FastHttpUser, HttpUser

from locust_asyncdjango import FastUser
from locust_asyncdjango.client.exceptions import failure_from_event
from tests.support.recorded_user import Recorded

TIMEOUT_S = 0.3


class Kinds(NamedTuple):
    """Of one failure, with its place if it has one; "" for what Locust takes for a success."""

    fast_user: str
    fast_http_user: str
    http_user: str


def all_three(kind: str) -> Kinds:
    """They agree."""
    return Kinds(kind, kind, kind)


def kinds(
    url: str, path: str = "/", *, data: bytes = b"", timeout_s: float = TIMEOUT_S, trusted: Path | None = None
) -> Kinds:
    """Asks by each of them. data: of a POST. trusted: the authority of certificates, which are not verified without."""
    kind = partial(_kind, url=url, path=path, data=data, timeout_s=timeout_s, trusted=trusted)
    with ThreadPoolExecutor(1) as beside:
        # requests would stop gevent here, where it has not patched the process.
        blocking = beside.submit(kind, HttpUser)
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
    user = Recorded(
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
