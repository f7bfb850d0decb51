"""What SIGINT and SIGTERM do to a Locust process: they stop it, whatever runs at that moment.

Python raises KeyboardInterrupt in the greenlet that runs when Ctrl-C comes. Where that is one of Locust's or of a user,
Locust counts an unhandled exception, and exits with code 2. Here it is raised in the main greenlet, where Locust
expects it. Start reading at ``watch_stop_signals``.
"""

import signal
from collections.abc import Callable
from types import FrameType

import gevent
from locust.env import Environment
from locust.runners import Runner

Note = Callable[[str], None]
"""Called with the name of a signal that stops a headless run before its shape is over."""


def watch_stop_signals(environment: Environment, runner: Runner, note: Note) -> None:
    """Stop a process by SIGINT, and a headless run with a shape by SIGTERM too.

    Locust installs its own SIGTERM handler only after a headless shape is over, so SIGTERM stops the run here.
    """
    parsed = environment.parsed_options
    if parsed is None or not parsed.headless or environment.shape_class is None:
        raise_interrupts_in_main()
        return

    def on_terminate() -> None:
        note(signal.SIGTERM.name)
        runner.quit()

    gevent.signal_handler(signal.SIGTERM, on_terminate)
    raise_interrupts_in_main(note)


def raise_interrupts_in_main(note: Note = lambda _name: None) -> None:
    """Make SIGINT raise KeyboardInterrupt in the main greenlet.

    Do nothing where SIGINT has another handler, or is ignored, as in the background of a shell.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Interrupts(note).handle)


class _Interrupts:
    """Takes SIGINT to the main greenlet by way of the event loop."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._is_pending = False

    def handle(self, signum: int, frame: FrameType | None) -> None:
        self._note(signal.SIGINT.name)
        if self._is_pending:  # the event loop does not get to run: a second Ctrl-C ends what keeps it from running
            signal.default_int_handler(signum, frame)
        self._is_pending = True
        gevent.get_hub().loop.run_callback_threadsafe(self._raise)

    def _raise(self) -> None:
        self._is_pending = False
        gevent.get_hub().parent.throw(KeyboardInterrupt)  # the parent of the hub is the main greenlet
