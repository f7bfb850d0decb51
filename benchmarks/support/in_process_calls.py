"""Call an application in this process: ``python benchmarks/support/in_process_calls.py APPLICATION INTERFACE CALLS``.

It prints the microseconds of processor time for each call, of the fastest of some batches. probe_cost.py runs it with
the site, and with the probe around the site, whose token the calls have.
"""

import asyncio
import io
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from locust_asyncdjango.probe.protocol import NAME_HEADER, SENT_HEADER, TOKEN_HEADER, TOKEN_VARIABLE

BATCHES = 10
HEADERS = {TOKEN_HEADER: os.environ.get(TOKEN_VARIABLE, ""), SENT_HEADER: f"{time.time():.6f}", NAME_HEADER: "empty"}


def main(name: str, interface: str, calls: int) -> None:
    """Print the cost of a call."""
    module, _, attribute = name.partition(":")
    application: Any = getattr(import_module(module), attribute)
    call_batch = batch_of_wsgi(application) if interface == "wsgi" else batch_of_asgi(application)
    call_batch(max(calls // BATCHES, 1))
    times_s = []
    for _ in range(BATCHES):
        begin_s = time.process_time()
        call_batch(calls)
        times_s.append(time.process_time() - begin_s)
    print(1e6 * min(times_s) / calls)


def batch_of_wsgi(application: Any) -> Callable[[int], None]:
    """Return a function that calls a WSGI application so often."""
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()}
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
            response.close()

    return call


def batch_of_asgi(application: Any) -> Callable[[int], None]:
    """Return a function that calls an ASGI application so often, in a loop of its own."""
    headers = [(b"host", b"127.0.0.1"), *((name.lower().encode(), value.encode()) for name, value in HEADERS.items())]
    scope = {"type": "http", "method": "GET", "path": "/asgi/empty/", "query_string": b"", "headers": headers}

    async def call(calls: int) -> None:
        for _ in range(calls):
            messages = [{"type": "http.request", "body": b"", "more_body": False}]

            async def receive(messages: list[Any] = messages) -> Any:
                # The client stays, as long as the application responds.
                return messages.pop() if messages else await asyncio.Event().wait()

            await application(dict(scope), receive, ignore)

    async def ignore(_message: Any) -> None:
        pass

    return lambda calls: asyncio.run(call(calls))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
