"""Count the calls of a request into threads (``sync_to_async``).

The loop's class stays as it is: the method is set on the instance.
"""

from asyncio import AbstractEventLoop
from typing import Any

from ..recording.record import CURRENT

_CHILD = 4
"""The place of the function among the arguments of asgiref's ``thread_handler``."""


def count_hops(loop: AbstractEventLoop) -> None:
    """Note each call into a thread in the record of the request that makes it."""
    original = loop.run_in_executor

    def run_in_executor(executor: Any, func: Any, *args: Any) -> Any:
        record = CURRENT.get()
        if record is not None:
            record.hops.append(hop_name(func))
        return original(executor, func, *args)

    loop.run_in_executor = run_in_executor  # type: ignore[assignment,method-assign]


def hop_name(func: Any) -> str:
    """Return the name of what runs in the thread. asgiref wraps it into a call of its own."""
    arguments = getattr(func, "args", ())
    if isinstance(arguments, tuple) and len(arguments) > _CHILD:
        func = arguments[_CHILD]
    func = getattr(func, "func", func)
    return str(getattr(func, "__qualname__", None) or type(func).__qualname__)
