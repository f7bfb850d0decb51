"""Calls into threads."""

import asyncio
import functools
from typing import Any

import pytest

from locust_asyncdjango.probe.event_loop.hops import count_hops, hop_name
from locust_asyncdjango.probe.recording.record import CURRENT, RequestRecord


def view() -> str:
    """What runs in a thread."""
    return "done"


def any_call(*_: Any) -> None:
    """Take any arguments, as asgiref's own function that runs another one does."""


def record_hops(call: Any) -> list[str]:
    """Return the calls into threads of a request that awaits this."""

    async def request() -> list[str]:
        count_hops(asyncio.get_running_loop())
        await call()
        record = RequestRecord("", "GET", None, 0.0)
        CURRENT.set(record)
        assert await call() == "done"
        return record.hops

    return asyncio.run(request())


def test_a_call_of_the_loops_own_method() -> None:
    async def call() -> str:
        return await asyncio.get_running_loop().run_in_executor(None, view)

    assert record_hops(call) == ["view"]


def test_a_call_of_asgiref_has_the_name_of_the_function() -> None:
    pytest.importorskip("asgiref", reason="needs Django: pip install 'locust-asyncdjango[target]'")
    from asgiref.sync import sync_to_async

    assert record_hops(sync_to_async(view)) == ["view"]


@pytest.mark.parametrize(
    ("func", "name"),
    [(view, "view"), (functools.partial(view), "view"), (functools.partial(any_call, 1, 2, 3, 4, 5), "int")],
)
def test_names(func: Any, name: str) -> None:
    assert hop_name(func) == name
