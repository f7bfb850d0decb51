"""Record, classify and report what Locust does: the only part of this package that subscribes to Locust's events.

Importing this module registers the plugin. The user classes of this package import it. A locustfile that has only
Locust's own user classes needs one line::

    import locust_asyncdjango.plugin

Start reading at ``run``, which wires the other modules together.
"""

import sys
from typing import Any, NoReturn

import gevent
from locust import events
from locust.env import Environment
from locust.runners import WorkerRunner

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.load.arrivals import ArrivalWaitError
from locust_asyncdjango.load.shape_registry import ShapeError
from locust_asyncdjango.plugin.options import Options, add_options
from locust_asyncdjango.plugin.output_files import OutputError, OutputFiles
from locust_asyncdjango.plugin.recording import attached_recording
from locust_asyncdjango.plugin.results import require_report_extra
from locust_asyncdjango.plugin.run import record_worker, subscribe_run, subscribe_worker
from locust_asyncdjango.plugin.setup import SetupError, make_locust_logs_safe, prepare_environment, prepare_users
from locust_asyncdjango.plugin.terminal import LiveDisplay

__all__ = ["on_init", "on_test_start", "register"]


def register() -> None:
    """Subscribe to Locust's events. Importing this module calls it; a second call does nothing."""
    # Locust has no public way to see who listens.
    if on_init not in events.init._handlers:
        events.init_command_line_parser.add_listener(add_options)
        events.init.add_listener(on_init)
        events.test_start.add_listener(on_test_start)


def on_init(environment: Environment, **_: Any) -> None:
    """Set up users, shape, files and recording, once Locust has made its environment and its runner.

    If the user's options cannot work, print one line that says why and exit with code 2.
    """
    # gevent's clock still shows the time before the imports. Without this, Locust's -t would count them too: on a busy
    # machine a short run would be over before its first user has started.
    gevent.get_hub().loop.update_now()
    make_locust_logs_safe()
    options = Options.from_parsed(environment.parsed_options)
    runner = environment.runner
    assert runner is not None, "Locust makes the runner before it fires init"  # noqa: S101
    try:
        prepare_environment(environment, options)
        if isinstance(runner, WorkerRunner):
            subscribe_worker(environment, runner)
        else:
            if options.report:
                require_report_extra()
            subscribe_run(environment, runner, options, OutputFiles(options), _live_display(environment, options))
    except (SetupError, ArrivalWaitError, ShapeError, OutputError) as error:
        _refuse(str(error))


def on_test_start(environment: Environment, **_: Any) -> None:
    """Begin to record a run that begins before Locust fires ``init``; do nothing in any other.

    So it is in a worker that joins a run which goes on already: Locust handles its master's messages while it still
    makes the runner, and while another listener to ``init`` takes its time.
    """
    is_worker = environment.runner is None or isinstance(environment.runner, WorkerRunner)
    if is_worker and attached_recording(environment) is None:
        prepare_users(environment)
        record_worker(environment)


def _live_display(environment: Environment, options: Options) -> LiveDisplay | None:
    """Return what shows a headless run; None with the web UI, with --only-summary and with --live none."""
    parsed = environment.parsed_options
    if parsed is None or not parsed.headless or parsed.only_summary:
        return None
    # The workers of --processes write their logs to the same terminal. They would destroy a panel.
    mode = options.live or ("lines" if parsed.processes else "")
    # With --json, standard output is for another program, which reads nothing but Locust's JSON.
    display = LiveDisplay.choose(mode, sys.stderr if getattr(parsed, "json", False) else sys.stdout)
    if display and display.replaces_tables:
        parsed.only_summary = True
    return display


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"locust: error: {safe_line(message)}\n")
    sys.exit(2)


register()
