"""Call two applications in turns, each in a process of its own, without a server.

``python benchmarks/support/in_process_calls.py PLAIN PROBED INTERFACE PAIRS CALLS`` prints a line for each pair of
batches: the microseconds of processor time for each call of PLAIN, and of PROBED, which wraps it. Both are given as
``module:attribute``. The batches are in the order ABBA, so that what slows the machine slows both. The calls have the
token of the environment, by which the probe records them.
"""

import asyncio
import io
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from locust_asyncdjango.probe.protocol import (
    APPLICATION_VARIABLE,
    NAME_HEADER,
    SENT_HEADER,
    TOKEN_HEADER,
    TOKEN_VARIABLE,
    environ_key,
)

HEADERS = {TOKEN_HEADER: os.environ.get(TOKEN_VARIABLE, ""), SENT_HEADER: f"{time.time():.6f}", NAME_HEADER: "empty"}
Batch = Callable[[int], None]


def main(plain: str, probed: str, interface: str, pairs: int, calls: int) -> None:
    """Print the costs of both applications, pair by pair."""
    sides = [Side(plain, "", interface, calls), Side(probed, plain, interface, calls)]
    for side in sides:
        side.batch_us()  # imports, and fills caches
    for pair in range(pairs):
        first, second = sides if pair % 2 == 0 else reversed(sides)
        costs_us = {side: side.batch_us() for side in (first, second)}
        print(*(costs_us[side] for side in sides))


class Side:
    """An application in a process of its own. own: the application that it wraps; "" for none. calls: of a batch."""

    def __init__(self, name: str, own: str, interface: str, calls: int) -> None:
        # A fresh process, because the probe changes classes of Django.
        context = get_context("spawn")
        self._connection, its_end = context.Pipe()
        context.Process(target=serve_batches, args=(its_end, name, own, interface, calls), daemon=True).start()
        its_end.close()

    def batch_us(self) -> float:
        """Run a batch, and return the microseconds of a call."""
        self._connection.send(None)
        return float(self._connection.recv())


def serve_batches(connection: Connection, name: str, own: str, interface: str, calls: int) -> None:
    """Run a batch whenever the other end asks for it, and send what a call has cost."""
    os.environ[APPLICATION_VARIABLE] = own
    module, _, attribute = name.partition(":")
    application: Any = getattr(import_module(module), attribute)
    run_batch = batch_of_wsgi(application) if interface == "wsgi" else batch_of_asgi(application)
    with suppress(EOFError):  # where the other end has ended
        while True:
            connection.recv()
            begin_s = time.process_time()
            run_batch(calls)
            connection.send(1e6 * (time.process_time() - begin_s) / calls)


def batch_of_wsgi(application: Any) -> Batch:
    """Return a function that calls a WSGI application so often."""
    fields = {environ_key(name): value for name, value in HEADERS.items()}
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/wsgi/empty/",
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        **fields,
    }

    def call(calls: int) -> None:
        for _ in range(calls):
            response = application({**environ, "wsgi.input": io.BytesIO()}, lambda *_: None)
            b"".join(response)
            if hasattr(response, "close"):
                response.close()

    return call


def batch_of_asgi(application: Any) -> Batch:
    """Return a function that calls an ASGI application so often, always in the same loop, as a server does."""
    headers = [(b"host", b"127.0.0.1"), *((name.lower().encode(), value.encode()) for name, value in HEADERS.items())]
    scope = {"type": "http", "method": "GET", "path": "/asgi/empty/", "query_string": b"", "headers": headers}
    loop = asyncio.new_event_loop()

    async def call(calls: int) -> None:
        for _ in range(calls):
            messages = [{"type": "http.request", "body": b"", "more_body": False}]

            async def receive(messages: list[Any] = messages) -> Any:
                # The client stays, as long as the application responds.
                return messages.pop() if messages else await asyncio.Event().wait()

            await application(dict(scope), receive, ignore)

    async def ignore(_message: Any) -> None:
        pass

    return lambda calls: loop.run_until_complete(call(calls))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
