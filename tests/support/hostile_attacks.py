"""The attacks on FastUser: each hostile answer by each transport, and what comes before a request."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote

import gevent.ssl

from tests.support.hostile_answers import ANSWERS, HANDSHAKES, TLS, TUNNELS, Answer
from tests.support.recorded_user import RecordedUser

Act = Callable[[RecordedUser, str], object]
"""What a user does with a URL."""

READ_BYTES = 64 * 1024 * 1024
"""How much of a stream is read in pieces."""


@dataclass
class Attack:
    """One request of one user, what it must come to, and what it came to.

    wanted: the kinds of failure that it may be reported as, "" for a success. heavy: see Answer.
    """

    answer: str
    transport: str
    url: str
    wanted: set[str]
    act: Act
    settings: dict[str, Any]
    heavy: bool = False
    events: list[str] = field(default_factory=list)
    """The kinds of its request events."""
    raised: str = ""
    """What it raised in the task."""

    @property
    def withstood(self) -> bool:
        """Whether the request ended, and was reported once and as it should be."""
        return not self.raised and len(self.events) == 1 and self.events[0] in self.wanted


def streamed(read: Callable[[Any], object]) -> Act:
    """Return the act of requesting a stream and reading it. It raises what reading raises."""

    def act(user: RecordedUser, url: str) -> None:
        response = user.client.get(url, stream=True)
        if response.status_code:
            read(response)

    return act


def read_pieces(response: Any) -> None:
    """Read a stream in pieces: an endless one, as far as READ_BYTES."""
    size = 0
    for piece in response.iter_content(chunk_size=65536):
        size += len(piece)
        if size > READ_BYTES:
            break
    response.release()


def read_little(response: Any) -> None:
    """Close a stream after its first byte."""
    response.read(1)
    response.release()


GET: Act = lambda user, url: user.client.get(url)  # noqa: E731
HEAD: Act = lambda user, url: user.client.head(url)  # noqa: E731
POST: Act = lambda user, url: user.client.post(url, data=b"x" * 1000)  # noqa: E731
STREAMS: dict[str, Act] = {
    "content read": streamed(lambda response: response.content),
    "read in pieces": streamed(read_pieces),
    "closed early": streamed(read_little),
    "never read": streamed(lambda _: None),
}


def every_attack(where: dict[str, Any], authority: str) -> list[Attack]:
    """Return all of the attacks. where: what the hostile server has printed. authority: a file with a certificate."""
    return [
        *(attack for name, answer in ANSWERS.items() for attack in by_transport(name, answer, where["urls"])),
        *before_a_request(where),
        *certificates(where["urls"], authority),
    ]


def by_transport(name: str, answer: Answer, urls: dict[str, str]) -> Iterator[Attack]:
    """Yield the attacks with an answer. urls: of the servers, by scheme."""
    path = f"/{quote(name)}"
    plain, secure = {answer.kind}, {answer.kind if answer.tls_kind is None else answer.tls_kind}
    limits = {"network_timeout": 1.0} if answer.slow else {}
    to_https, to_http = (f"{scheme}/{{}}/{urls[scheme].rpartition('/')[2]}{path}" for scheme in ("https", "http"))
    make = partial(Attack, name, heavy=answer.heavy, settings=limits)
    yield make("http", urls["http"] + path, plain, GET)
    yield make("https", urls["https"] + path, secure, GET)
    yield make("POST, https", urls["https"] + path, secure, POST)
    yield make("HEAD, https", urls["https"] + path, {answer.stream_kind}, HEAD)
    yield make("http, 302 to https", f"{urls['http']}/to/{to_https.format(302)}", secure, GET)
    yield make("http, 307 to https", f"{urls['http']}/to/{to_https.format(307)}", secure, POST)
    yield make("https, 302 to http", f"{urls['https']}/to/{to_http.format(302)}", plain, GET)
    if not answer.leads_away:
        proxy = {**limits, "proxy_host": "127.0.0.1", "proxy_port": int(urls["http"].rpartition(":")[2])}
        yield make("proxy, http", f"http://site.invalid{path}", plain, GET, settings=proxy)
        yield make("proxy, https", f"https://site.invalid{path}", secure, GET, settings=proxy)
    for scheme in ("http", "https"):
        for how, act in STREAMS.items():
            # What is wrong with a body that comes with its head may be noticed with the head.
            yield make(f"{scheme}, streamed, {how}", urls[scheme] + path, {answer.stream_kind, *plain}, act)


def before_a_request(where: dict[str, Any]) -> Iterator[Attack]:
    """Yield the attacks within TLS handshakes, and by proxies that are asked for a tunnel."""
    acts = {"get": GET, "streamed": STREAMS["content read"]}
    for name, answer in HANDSHAKES.items():
        limits = {"connection_timeout": 1.0} if answer.slow else {}
        url = f"https://127.0.0.1:{where['handshakes'][name]}/"
        for how, act in acts.items():
            yield Attack(f"handshake: {name}", f"https, {how}", url, {answer.kind}, act, limits)
    for name, answer in TUNNELS.items():
        limits = {"connection_timeout": 1.0} if answer.slow else {}
        proxy = {**limits, "proxy_host": "127.0.0.1", "proxy_port": where["tunnels"][name]}
        for how, act in acts.items():
            yield Attack(f"CONNECT: {name}", f"proxy, {how}", "https://site.invalid/", {answer.kind}, act, proxy)


def certificates(urls: dict[str, str], authority: str) -> Iterator[Attack]:
    """Yield requests to servers whose certificates are good and bad, with and without verification."""

    def trusting(_user: Any) -> gevent.ssl.SSLContext:
        return gevent.ssl.create_default_context(cafile=authority)

    verified = {"insecure": False, "ssl_context_factory": trusting}
    for name in ("https", "expired", "another host", "unknown"):
        url, wanted = f"{urls[name]}/fine", {"" if name == "https" else TLS}
        yield Attack(f"certificate: {name}", "https", url, wanted, GET, verified)
        yield Attack(f"certificate: {name}", "https, unverified", url, {""}, GET, {})
    yield Attack("certificate: the system's", "https", f"{urls['https']}/fine", {TLS}, GET, {"insecure": False})
