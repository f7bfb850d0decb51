"""Responses without a connection: what a locustfile reads, and what a with-block reports."""

import gzip
from types import TracebackType
from typing import Any

import pytest
from geventhttpclient.header import Headers
from locust.contrib.fasthttp import FastRequest
from locust.event import EventHook
from locust.exception import RescheduleTask, StopUser

from locust_asyncdjango.client.content_coding import MEMORY_BUDGET, MEMORY_BUDGET_BYTES, PIECE_BYTES, Share
from locust_asyncdjango.client.exceptions import FailedRequestError
from locust_asyncdjango.client.http11 import ResponseReader
from locust_asyncdjango.client.response import Response, ResponseContext, WholeResponseContext
from tests.support.responses import chunked, http_response


class Source:
    url = "http://host/path"

    def __init__(self) -> None:
        self.made = 0

    def request(self, body: bytes) -> FastRequest:
        self.made += 1
        return FastRequest(self.url, method="POST", headers=Headers(), payload=body)


def response(received: bytes, source: Source | None = None) -> Any:
    raw = ResponseReader().feed(received)
    assert raw is not None
    return Response(raw, source or Source(), b"sent")


def kind(error: Any) -> str:
    return error.failure.kind if isinstance(error, FailedRequestError) else ""


def test_a_response_has_all_attributes() -> None:
    source = Source()
    result = response(http_response(201, b'{"a": 1}', "X-A: 1", "x-a: 2", "Content-Type: application/json"), source)
    assert (result.status_code, result.ok, result.url, result.content) == (201, True, "http://host/path", b'{"a": 1}')
    assert (result.json(), result.headers["X-A"], result.history, result.error) == ({"a": 1}, ["1", "2"], [], None)
    assert (result.elapsed, result.text) == (None, '{"a": 1}')
    assert source.made == 0
    assert (result.request.method, result.request.body, result.request is result.request) == ("POST", b"sent", True)


@pytest.mark.parametrize(
    ("received", "content", "error_kind"),
    [
        pytest.param(http_response(200, b"plain"), b"plain", "", id="no coding"),
        pytest.param(chunked(b"o", b"k"), b"ok", "", id="chunks"),
        pytest.param(http_response(200, gzip.compress(b"ok"), "Content-Encoding: gzip"), b"ok", "", id="gzip"),
        pytest.param(http_response(200, b"", "Content-Encoding: gzip"), b"", "", id="nothing to decode"),
        pytest.param(
            http_response(200, b"raw", "Content-Encoding: gzip"), b"raw", "protocol_error", id="not what it says"
        ),
        pytest.param(
            http_response(200, b"raw", "Content-Encoding: zstd"), b"raw", "protocol_error", id="an unknown coding"
        ),
    ],
)
def test_the_content_is_decoded(received: bytes, content: bytes, error_kind: str) -> None:
    result = response(received)
    assert (result.content, kind(result.error)) == (content, error_kind)
    assert result.content == content


LARGE_GZIP = http_response(200, gzip.compress(bytes(4 * PIECE_BYTES), 1), "Content-Encoding: gzip")


def test_a_body_that_the_process_cannot_hold_as_well_is_a_failure_of_the_generator() -> None:
    full = Share()
    full.set_size(MEMORY_BUDGET_BYTES - MEMORY_BUDGET.total)
    result = response(LARGE_GZIP)
    assert result.content == result.raw.body
    assert (result.error.failure.kind, result.error.failure.where) == ("client_exhausted", "memory")
    del full
    assert len(response(LARGE_GZIP).content) == 4 * PIECE_BYTES


def test_a_large_body_counts_until_the_last_response_that_holds_it_is_gone() -> None:
    before = MEMORY_BUDGET.total
    result = response(LARGE_GZIP)
    assert len(result.content) == 4 * PIECE_BYTES
    block = WholeResponseContext(result, EventHook(), {}, catch_response=True)
    del result
    assert MEMORY_BUDGET.total == before + 4 * PIECE_BYTES
    del block
    assert MEMORY_BUDGET.total == before


@pytest.mark.parametrize(
    ("body", "lines", "text"),
    [
        pytest.param("мир".encode("koi8-r"), ["Content-Type: text/plain; charset=koi8-r"], "мир", id="a charset"),
        pytest.param("мир".encode(), ["Content-Type: text/plain; charset=klingon"], "мир", id="an unknown charset"),
        pytest.param("мир".encode(), ["Content-Type: text/plain; charset=zlib"], "мир", id="a codec for bytes"),
        pytest.param("мир".encode(), ["Content-Type: text/a", "Content-Type: text/b"], "мир", id="two types"),
        pytest.param(b"\xff", ["Content-Type: text/plain; charset=klingon"], "\ufffd", id="not UTF-8 either"),
        pytest.param(b"", [], "", id="nothing"),
    ],
)
def test_text_can_always_be_read(body: bytes, lines: list[str], text: str) -> None:
    assert response(http_response(200, body, *lines)).text == text


def test_the_rest_of_fast_responses_api_reads_what_came() -> None:
    result = response(http_response(200, b"one\r\ntwo"))
    assert list(result.iter_content(3, decode_content=False)) == [b"one", b"\r\nt", b"wo"]


def test_the_error_of_a_status() -> None:
    error = response(http_response(500, b"sorry, too many clients already")).status_error()
    assert (error.failure.kind, error.code, error.url) == ("db_too_many_clients", 500, "http://host/path")


# In a with-block


class Block:
    """Runs a with-block, and keeps what was reported."""

    def __init__(self, received: bytes, error: Exception | None = None) -> None:
        self.reported: list[dict[str, Any]] = []
        event = EventHook()
        event.add_listener(lambda **meta: self.reported.append(meta))
        meta = {"request_type": "GET", "exception": error}
        result = response(received)
        result.error = error
        result._elapsed = 1.5
        self.context = WholeResponseContext(result, event, meta, catch_response=True)

    def run(self, raised: BaseException | None = None) -> str:
        """Leave the block with an exception or without, and return the kind that was reported, "" for a success."""
        with self.context:
            if raised is not None:
                raise raised
        return self.kind

    @property
    def kind(self) -> str:
        (meta,) = self.reported
        return kind(meta["exception"])


OK = http_response(200, b"ok")


def test_a_block_that_ends() -> None:
    assert Block(OK).run() == ""


def test_a_block_keeps_all_of_the_response() -> None:
    context = Block(OK).context
    assert (context.content, context.history, context.url, context.elapsed and context.elapsed.total_seconds()) == (
        b"ok",
        [],
        "http://host/path",
        1.5,
    )


def test_a_failed_check_is_a_failure_of_its_kind() -> None:
    block = Block(OK)
    with block.context as context:
        context.failure("no good")
    assert block.kind == "check_failed"
    assert repr(block.reported[0]["exception"].__cause__) == "CatchResponseError('no good')"


def test_success_outweighs_a_status() -> None:
    block = Block(http_response(404, b""), FailedRequestError("/", None, 404))  # type: ignore[arg-type]
    with block.context as context:
        context.success()
    assert block.reported[0]["exception"] is None


def test_a_request_is_reported_where_the_block_raises() -> None:
    block = Block(OK)
    with pytest.raises(KeyError):
        block.run(KeyError("x"))
    assert block.kind == "check_failed"


@pytest.mark.parametrize("raised", [StopUser(), RescheduleTask(), SystemExit()], ids=repr)
def test_leaving_a_task_is_no_failure(raised: BaseException) -> None:
    block = Block(OK)
    with pytest.raises(type(raised)):
        block.run(raised)
    assert block.kind == ""


def test_a_context_of_any_other_response_reports_too() -> None:
    reported: list[dict[str, Any]] = []
    event = EventHook()
    event.add_listener(lambda **meta: reported.append(meta))
    inner = response(OK)
    context: Any = ResponseContext(inner, event, {"exception": None}, catch_response=True)
    context.__enter__()
    traceback: TracebackType | None = None
    assert context.__exit__(ValueError, ValueError("x"), traceback) is False
    assert len(reported) == 1
