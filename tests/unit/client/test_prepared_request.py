"""Prepared requests: their bytes, what is left to the fallback, and how long they are kept."""

import io
from collections.abc import Callable
from itertools import count, islice
from typing import Any

import pytest
from geventhttpclient.url import URL
from locust.contrib.fasthttp import LocustUserAgent

from locust_asyncdjango.client.http11 import InvalidRequestError
from locust_asyncdjango.client.prepared_request import (
    FORM,
    MAX_KEPT_BYTES,
    MAX_KEPT_FORM_CHARACTERS,
    MAX_KEPT_FORMS,
    MAX_KEPT_REQUESTS,
    RequestPreparer,
    request_target,
    with_accept_encoding,
)
from tests.support.traced_memory import kept_bytes

BASE = "http://host"
AGENT = {"User-Agent": "test"}
CODINGS = b"Accept-Encoding: gzip, deflate, br\r\n"


def preparer(**settings: Any) -> RequestPreparer:
    return RequestPreparer(LocustUserAgent(**{"max_retries": 0, "headers": AGENT, **settings}))


def sent(
    url: str,
    method: str = "GET",
    *,
    base_url: str = BASE,
    headers: dict[str, Any] | None = None,
    data: Any = None,
    **settings: Any,
) -> tuple[bytes, bytes] | None:
    """Return the head and the body of a request, or None where the fallback has to send it."""
    prepared, body = preparer(**settings).prepare(base_url, method, url, headers, data)
    if prepared is None:
        return None
    return (prepared.head if body else prepared.complete), body


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"url": "/a?b=c"}, b"GET /a?b=c HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n", id="GET"),
        pytest.param(
            {"url": "/", "method": "POST"},
            b"POST / HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\nContent-Length: 0\r\n\r\n",
            id="POST without a body",
        ),
        pytest.param(
            {"url": "/", "base_url": "https://host"},
            b"GET / HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n",
            id="TLS",
        ),
        pytest.param(
            {"url": "/", "base_url": "https://host:80"},
            b"GET / HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host:80\r\n\r\n",
            id="TLS on another port",
        ),
        pytest.param(
            {"url": "/", "proxy_host": "127.0.0.1", "proxy_port": 1},
            b"GET http://host:80/ HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n",
            id="a proxy",
        ),
        pytest.param(
            {"url": "https://host/", "proxy_host": "127.0.0.1", "proxy_port": 1},
            b"GET / HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n",
            id="TLS by a proxy",
        ),
        pytest.param({"url": ""}, b"GET / HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n", id="no path"),
        pytest.param(
            {"url": "/ü b#part"},
            b"GET /%%C3%%BC%%20b HTTP/1.1\r\nUser-Agent: test\r\n%bHost: host\r\n\r\n",
            id="a path to be encoded",
        ),
        pytest.param(
            {"url": "http://[::1]:81/x"},
            b"GET /x HTTP/1.1\r\nUser-Agent: test\r\n%bHost: [::1]:81\r\n\r\n",
            id="an absolute URL",
        ),
        pytest.param(
            {"url": "/", "headers": {"X-A": 1, "Host": "other"}},
            b"GET / HTTP/1.1\r\nUser-Agent: test\r\nX-A: 1\r\nHost: other\r\n%b\r\n",
            id="headers",
        ),
    ],
)
def test_requests_without_a_body(arguments: dict[str, Any], expected: bytes) -> None:
    assert sent(**arguments) == (expected % CODINGS, b"")


@pytest.mark.parametrize(
    ("data", "headers", "content_type", "body"),
    [
        pytest.param({"a": "ü", "b": [1, 2]}, None, FORM.encode(), b"a=%C3%BC&b=%5B1%2C+2%5D", id="form"),
        pytest.param("ü", None, b"text/plain; charset=utf-8", "ü".encode(), id="text"),
        pytest.param(b"\xff", None, b"application/octet-stream", b"\xff", id="bytes"),
        pytest.param("<a/>", {"content-type": "text/xml"}, b"text/xml", b"<a/>", id="a type of its own"),
    ],
)
def test_requests_with_a_body(data: Any, headers: dict[str, Any] | None, content_type: bytes, body: bytes) -> None:
    result = sent("/", "POST", data=data, headers=headers)
    assert result is not None
    assert result[1] == body
    assert b"\r\ncontent-type: %b\r\n" % content_type in result[0].replace(b"Content-Type", b"content-type")
    assert b"Content-Length" not in result[0]  # it is added with the body


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"base_url": "http://host/app"}, id="a base URL with a path"),
        pytest.param({"method": "POST", "data": io.BytesIO(b"x")}, id="a file"),
        pytest.param({"headers": {"Expect": "100-continue"}}, id="a header about how it is sent"),
        pytest.param({"max_retries": 1}, id="retries"),
    ],
)
def test_what_is_left_to_the_fallback(arguments: dict[str, Any]) -> None:
    assert sent(**{"url": "/", **arguments}) is None


SECRET = "hunter2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"headers": {"X-A": f"{SECRET}\r\nX-B: 2"}}, "invalid value for header 'X-A'", id="a header"),
        pytest.param({"headers": {"X-A": "→"}}, "invalid value for header 'X-A'", id="not latin-1"),
        pytest.param({"headers": {"X-A\n": "1"}}, "invalid header name", id="a header's name"),
        pytest.param({"method": "GET /\r\n"}, "invalid HTTP method", id="a method"),
        pytest.param({"url": f"//{SECRET}"}, "invalid path", id="two slashes"),
        pytest.param({"url": f"/{SECRET}\r\n"}, "the address has a control character", id="a line break in a path"),
        pytest.param({"url": f"http://me:{SECRET}@[::1/"}, "the address cannot be parsed", id="half an IPv6 address"),
        pytest.param({"url": f"http://me:{SECRET}#@host/"}, "the address cannot be parsed", id="a # in a password"),
        pytest.param({"url": "http://host:65536/"}, "the address cannot be parsed", id="a port that is too large"),
        pytest.param({"url": "http://host:http/"}, "the address cannot be parsed", id="a port in words"),
        pytest.param({"url": "http://host:0/"}, "the address has no port but 0", id="port 0"),
        pytest.param({"url": "http://a..b/"}, "the address cannot be parsed", id="an empty label"),
        pytest.param({"url": f"http://{'a' * 64}.org/"}, "the address cannot be parsed", id="a long label"),
        pytest.param({"url": "http:///path"}, "the address has no host", id="no host"),
        pytest.param({"base_url": "host:8000"}, "the address does not begin with http", id="no scheme"),
        pytest.param({"base_url": "ftp://host"}, "the address does not begin with http", id="another scheme"),
        pytest.param({"base_url": ""}, "the address does not begin with http", id="no base URL"),
    ],
)
def test_what_no_request_can_be_made_of(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{message}") as raised:
        sent(**{"url": "/", **arguments})
    assert SECRET not in str(raised.value)


def test_a_session_with_cookies_takes_the_fallback() -> None:
    requests = preparer()
    requests.jar.used = True
    assert requests.prepare(BASE, "GET", "/", None, None) == (None, b"")


def test_requests_are_kept_until_something_changes() -> None:
    requests = preparer()
    first, _ = requests.prepare(BASE, "GET", "/", None, None)
    assert requests.prepare(BASE, "GET", "/", None, None)[0] is first
    assert requests.kept[("GET", "/")] is first
    requests.agent.default_headers["X-A"] = "1"
    second, _ = requests.prepare(BASE, "GET", "/", None, None)
    assert second is not None
    assert b"X-A: 1\r\n" in second.head


def test_equal_keys_are_not_equal_headers() -> None:
    requests = preparer()
    heads = [requests.prepare(BASE, "GET", "/", {"X-A": value}, None)[0] for value in (1, True, 1.0, "1")]
    assert [head.head.partition(b"X-A: ")[2].partition(b"\r")[0] for head in heads if head] == [
        b"1",
        b"True",
        b"1.0",
        b"1",
    ]


def test_equal_forms_are_not_sent_alike() -> None:
    requests = preparer()
    bodies = [requests.prepare(BASE, "POST", "/", None, {"a": value})[1] for value in ("1", 1, True, "1")]
    assert bodies == [b"a=1", b"a=1", b"a=True", b"a=1"]


def test_not_all_requests_are_kept() -> None:
    requests = preparer()
    for n in range(3 * MAX_KEPT_REQUESTS):
        prepared, _ = requests.prepare(BASE, "GET", f"/?n={n}", None, None)
        assert prepared is not None
        assert prepared.head.startswith(b"GET /?n=%d HTTP/1.1" % n)
    assert len(requests.kept) <= MAX_KEPT_REQUESTS


def long_url(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", f"/{n}?{'x' * 1000}", None, None)


def huge_url(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", f"/{n}?{'x' * 50_000}", None, None)


def absolute_url(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", f"http://host/{n}?{'x' * 1000}", None, None)


def huge_absolute_url(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", f"http://host/{n}?{'x' * 50_000}", None, None)


def long_headers(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", "/", {"Authorization": f"Bearer {n}{'x' * 1000}"}, None)


def huge_headers(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "GET", "/", {"Authorization": f"Bearer {n}{'x' * 50_000}"}, None)


def long_name_of_a_method(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, f"M{n}{'x' * 1000}", "/", None, None)


def long_type(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "POST", "/", {"Content-Type": f"{n}{'x' * 1000}"}, "body")


def form(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "POST", "/", None, {"title": f"{n}{'ü' * 1000}"})


def huge_form(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "POST", "/", None, {"title": str(n), "content": "x" * 50_000})


def huge_body(requests: RequestPreparer, n: int) -> None:
    requests.prepare(BASE, "POST", "/", None, f"{n}{'x' * 50_000}")


@pytest.mark.parametrize(
    ("prepare", "most"),
    [
        (long_url, MAX_KEPT_BYTES),
        # Beside them, the standard library keeps the parts of 128 URLs.
        (absolute_url, MAX_KEPT_BYTES + 128 * 3000),
        (long_headers, 2 * MAX_KEPT_BYTES),
        (long_name_of_a_method, 2 * MAX_KEPT_BYTES),
        (long_type, 2 * MAX_KEPT_BYTES),
        # A letter that is not ASCII becomes six characters.
        (form, MAX_KEPT_FORMS * 10 * MAX_KEPT_FORM_CHARACTERS),
        (huge_url, 10_000),
        (huge_absolute_url, 200_000),
        (huge_headers, 10_000),
        (huge_form, 10_000),
        (huge_body, 10_000),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_kept_has_a_limit_in_bytes(prepare: Callable[[RequestPreparer, int], None], most: int) -> None:
    requests, numbers = preparer(), count()

    def prepare_many() -> None:
        for number in islice(numbers, 300):
            prepare(requests, number)

    assert kept_bytes(prepare_many) <= most


def test_the_request_object_is_the_request_as_it_was_sent() -> None:
    prepared, body = preparer().prepare(BASE, "post", "/a", {"X-A": "1"}, "text")
    assert prepared is not None
    request: Any = prepared.request(body)
    assert (request.method, request.url, request.body) == ("POST", "http://host/a", b"text")
    assert dict(request.headers.items()) == {
        **AGENT,
        "X-A": "1",
        "Accept-Encoding": "gzip, deflate, br",
        "content-type": "text/plain; charset=utf-8",
        "content-length": "4",
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (None, {"Accept-Encoding": "gzip, deflate, br"}),
        ({"A": "b"}, {"A": "b", "Accept-Encoding": "gzip, deflate, br"}),
        ({"accept-encoding": "identity"}, {"accept-encoding": "identity"}),
    ],
)
def test_content_codings_are_accepted(headers: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    assert with_accept_encoding(headers) == expected


@pytest.mark.parametrize(("url", "expected"), [("http://h", "/"), ("http://h?q=1", "/?q=1"), ("http://h/ü", "/%C3%BC")])
def test_a_target_is_percent_encoded(url: str, expected: str) -> None:
    assert request_target(URL(url)) == expected
