"""The proxy as a program: what it prints, and how it ends."""

import asyncio
import gc
import json
import os
import signal
import socket

import pytest

from locust_asyncdjango.lab.proxy.__main__ import main, serve
from locust_asyncdjango.lab.proxy.options import parse_options
from tests.support.proxy_transports import run

UPSTREAM = "--upstream=127.0.0.1:1"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_addresses_and_ends_at_a_signal(
    signum: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        proxy = asyncio.ensure_future(serve(parse_options([UPSTREAM, "--control=127.0.0.1:0"])))
        while not (output := capsys.readouterr().out) and not proxy.done():
            await asyncio.sleep(0)
        addresses = json.loads(output)
        assert list(addresses) == ["listen", "control"]
        for address in addresses.values():
            socket.create_connection(("127.0.0.1", int(address.removeprefix("127.0.0.1:")))).close()
        os.kill(os.getpid(), signum)
        await proxy

    try:
        run(scenario)
    finally:
        gc.unfreeze()  # the proxy keeps all objects of its process


def test_an_address_that_is_taken_is_one_line_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main([UPSTREAM, f"--listen={address}"]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", f"proxy: error: cannot listen on {address}: Address already in use\n")
