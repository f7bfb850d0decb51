"""A TCP proxy that delays, throttles and breaks connections: ``python -m locust_asyncdjango.lab.proxy``.

It prints a JSON object with its addresses when it is ready, and ends with exit code 0 on SIGTERM and SIGINT. At the
control address GET / returns the settings, and PATCH / with a JSON object changes those named in it.

``options`` reads the command line. ``server`` accepts clients and keeps their connections. ``connection`` ties a client
to its server with two ``stream``s, which deliver bytes when ``toxics`` says that they are due. ``control`` serves the
settings by HTTP.
"""

import asyncio
import contextlib
import gc
import json
import signal
import sys
from collections.abc import Sequence

import uvloop

from locust_asyncdjango.lab.environment.process import raise_open_file_limit
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.control import serve_control
from locust_asyncdjango.lab.proxy.options import Options, parse_options
from locust_asyncdjango.lab.proxy.server import BACKLOG, ProxyServer, address_text, connector_to, listen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the proxy until a signal ends it, and return the exit code: 0, or 2 for flags that cannot be used."""
    try:
        uvloop.run(serve(parse_options(arguments)))
    except UsageError as error:
        print(f"proxy: error: {error}", file=sys.stderr)
        return 2
    return 0


async def serve(options: Options) -> None:
    """Pass connections on until SIGTERM or SIGINT. Raise UsageError for an address that cannot be listened on."""
    stopped = stop_event()
    raise_open_file_limit()
    proxy = ProxyServer(options.toxics, connector_to(options.upstream))
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(listen(options.listen))
        control = sockets.enter_context(listen(options.control)) if options.control else None
        addresses = {"listen": address_text(listener), "control": address_text(control) if control else None}
        loop = asyncio.get_running_loop()
        server = await loop.create_server(proxy.accept, sock=listener, backlog=BACKLOG)
        control_task = loop.create_task(serve_control(proxy, control)) if control else None
        # All objects that exist now will stay. The garbage collector need not visit them for each new connection.
        gc.freeze()
        print(json.dumps(addresses), flush=True)
        await stopped.wait()
        server.close()
        proxy.abort_all()
        if control_task:
            control_task.cancel()
        await asyncio.sleep(0)


def stop_event() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set."""
    event = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, event.set)
    return event


if __name__ == "__main__":
    sys.exit(main())
