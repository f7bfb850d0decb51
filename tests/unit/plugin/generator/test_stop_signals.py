"""A signal stops the main greenlet, whichever greenlet runs when it comes."""

import os
import signal
from collections.abc import Iterator

import gevent
import pytest
from gevent.event import Event

from locust_asyncdjango.plugin.generator.stop_signals import raise_interrupts_in_main


@pytest.fixture(autouse=True)
def _python_handles_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(times: int = 1) -> str:
    """Interrupt this process, and do something after it."""
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)
    return "finished"


def test_an_interrupt_within_a_greenlet_is_raised_in_the_main_one() -> None:
    noted: list[str] = []
    raise_interrupts_in_main(noted.append)
    greenlet = gevent.spawn(interrupt)
    with pytest.raises(KeyboardInterrupt):
        Event().wait(timeout=30)
    greenlet.join()
    assert (greenlet.value, noted) == ("finished", ["SIGINT"])


def test_a_second_interrupt_ends_what_lets_nothing_else_run() -> None:
    raise_interrupts_in_main()
    with pytest.raises(KeyboardInterrupt):
        interrupt(times=2)
    with pytest.raises(KeyboardInterrupt):
        Event().wait(timeout=30)


def test_what_ignores_interrupts_still_does() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise_interrupts_in_main()
    os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
