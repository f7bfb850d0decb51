"""What importing the plugin does, and what it does when Locust starts."""

import subprocess
import sys

import pytest
from locust import events

from locust_asyncdjango import plugin
from locust_asyncdjango.plugin.recording import attached_recording
from tests.support.locust_environments import Waiting, make_environment


def test_importing_registers_once() -> None:
    plugin.register()
    assert events.init._handlers.count(plugin.on_init) == 1
    assert events.test_start._handlers.count(plugin.on_test_start) == 1


@pytest.mark.parametrize(
    ("statements", "is_registered"),
    [
        ("import locust_asyncdjango.plugin", True),
        ("from locust_asyncdjango import FastUser", True),
        (
            "import locust_asyncdjango, locust_asyncdjango.shapes, locust_asyncdjango.client.user;"
            "import locust_asyncdjango.load.arrivals; from locust_asyncdjango import add_rule, classify",
            False,
        ),
    ],
    ids=["the plugin", "a user class", "everything else"],
)
def test_only_the_plugin_and_the_user_classes_register(statements: str, is_registered: bool) -> None:
    code = f"{statements}\nimport sys\nprint('locust_asyncdjango.plugin' in sys.modules)"
    program = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert program.stdout == f"{is_registered}\n"


def test_options_that_cannot_work_end_locust_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    environment = make_environment(shape="Ramp", num_users=0)
    with pytest.raises(SystemExit) as exit_:
        plugin.on_init(environment)
    assert exit_.value.code == 2
    assert capsys.readouterr().err == "locust: error: -u must be more than 0 with a shape\n"


def test_lines_leave_locusts_own_tables() -> None:
    environment = make_environment(headless=True, live="lines")
    plugin.on_init(environment)
    assert environment.parsed_options is not None
    assert environment.parsed_options.only_summary is False


def test_a_run_that_begins_before_init_is_recorded_in_a_worker_alone() -> None:
    environment = make_environment([Waiting])
    plugin.on_test_start(environment)
    assert attached_recording(environment) is None
    environment.runner = None  # Locust is still making it
    plugin.on_test_start(environment)
    recording = attached_recording(environment)
    assert recording is not None
    plugin.on_test_start(environment)
    assert attached_recording(environment) is recording
    assert environment.events.request._handlers.count(recording.on_request) == 1
