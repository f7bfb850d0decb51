"""A TCP proxy that delays, throttles and breaks connections: ``python -m locust_asyncdjango.lab.proxy``.

It prints a JSON object with its addresses when it is ready, and ends with exit code 0 on SIGTERM and SIGINT. At the
control address GET / tells the settings, and PATCH / with a JSON object changes those named in it.
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
    """Proxies until it is told to end."""
    try:
        uvloop.run(serve(parse_options(arguments)))
    except UsageError as error:
        print(f"proxy: error: {error}", file=sys.stderr)
        return 2
    return 0


async def serve(options: Options) -> None:
    """Until SIGTERM or SIGINT. Raises UsageError where it cannot listen."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    raise_open_file_limit()
    proxy = ProxyServer(options.toxics, connector_to(options.upstream))
    with contextlib.ExitStack() as sockets:
        listener = sockets.enter_context(listen(options.listen))
        control = sockets.enter_context(listen(options.control)) if options.control else None
        ready = json.dumps({"listen": address_text(listener), "control": address_text(control) if control else None})
        server = await loop.create_server(proxy.accept, sock=listener, backlog=BACKLOG)
        control_task = loop.create_task(serve_control(proxy, control)) if control else None
        # What has been made so far stays: it need not be looked at again while connections come and go.
        gc.freeze()
        print(ready, flush=True)
        await stop.wait()
        server.close()
        for connection in list(proxy.open_connections):
            connection.abort()
        if control_task:
            control_task.cancel()
        await asyncio.sleep(0)


if __name__ == "__main__":
    sys.exit(main())
