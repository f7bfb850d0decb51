"""Its views: what works, what fails, what streams, and what blocks the event loop."""

import os
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, connections, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import engines
from django.template.response import TemplateResponse

from .middleware import BusyError

BLOCK_S = 0.3


def ok(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


async def ok_async(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def number(_request: HttpRequest, number: int) -> JsonResponse:
    return JsonResponse({"number": number})


def queries(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(_sum_of_queries()))


async def queries_async(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(await sync_to_async(_sum_of_queries)()))


def _sum_of_queries() -> int:
    with transaction.atomic():
        return sum(_query(number) for number in (1, 2, 3))


def _query(number: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", [number])
        return int(cursor.fetchone()[0])


def calls(request: HttpRequest) -> HttpResponse:
    with urllib.request.urlopen(f"http://{request.META['HTTP_X_API']}/", timeout=10) as response:
        return HttpResponse(response.read())


def fails(_request: HttpRequest) -> HttpResponse:
    raise ValueError("a secret of the shop")


async def fails_async(_request: HttpRequest) -> HttpResponse:
    raise ValueError("a secret of the shop")


def refused(_request: HttpRequest) -> HttpResponse:
    _connect()
    return HttpResponse("never")


async def refused_async(_request: HttpRequest) -> HttpResponse:
    await sync_to_async(_connect)()
    return HttpResponse("never")


def _connect() -> None:
    connections["refused"].ensure_connection()


def wraps(request: HttpRequest) -> HttpResponse:
    try:
        return refused(request)
    except OperationalError as error:
        raise BusyError("wrapped") from error


def swallows(request: HttpRequest) -> HttpResponse:
    try:
        return refused(request)
    except OperationalError:
        pass
    raise ValueError("of another cause")


def fails_in_template(request: HttpRequest) -> TemplateResponse:
    template = engines["django"].from_string("{{ total }}")
    return TemplateResponse(request, template, {"total": _raise_key_error})


def _raise_key_error() -> None:
    raise KeyError("in a template")


def missing(_request: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{_query(number)}" for number in (1, 2, 3))


async def stream_async(_request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for number in (1, 2, 3):
            yield f"{await sync_to_async(_query)(number)}"

    return StreamingHttpResponse(parts())


def broken_stream(_request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(_break_off())


async def broken_stream_async(_request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[str]:
        for part in _break_off():
            yield part

    return StreamingHttpResponse(parts())


def _break_off() -> Iterator[str]:
    yield "a part"
    raise ValueError("in the stream")


def file(_request: HttpRequest) -> FileResponse:
    return FileResponse(Path(os.environ["SERVED_FILE"]).open("rb"))


async def blocks(_request: HttpRequest) -> HttpResponse:
    time.sleep(BLOCK_S)  # the mistake that the probe has to name
    return HttpResponse("ok")


async def computes(_request: HttpRequest) -> HttpResponse:
    end_s = time.monotonic() + BLOCK_S
    while time.monotonic() < end_s:
        pass
    return HttpResponse("ok")


def short(_request: HttpRequest) -> HttpResponse:
    time.sleep(0.005)
    return HttpResponse("ok")
