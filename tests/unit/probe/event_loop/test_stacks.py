"""Where a thread is."""

import sys
import sysconfig
import threading
import time
from pathlib import Path

import pytest

from locust_asyncdjango.probe.event_loop import stacks
from locust_asyncdjango.probe.event_loop.stacks import LOCK, SYSTEM_CALL, Sample, is_own_file, own_frames, sample_thread
from locust_asyncdjango.probe.protocol import OVERLAY_VARIABLE
from tests.support.programs import wait_for

PROBE = Path(stacks.__file__).parents[1]


@pytest.mark.parametrize(
    ("name", "is_own"),
    [
        (__file__, True),
        ("/srv/shop/views.py", True),
        ("/srv/shop/.venv/lib/python3.11/site-packages/django/db/models.py", False),
        ("/usr/lib/python3/dist-packages/django/apps.py", False),
        (f"{sysconfig.get_path('stdlib')}/asyncio/base_events.py", False),
        (f"{sys.prefix}/bin/gunicorn", False),
        (f"{PROBE}/application.py", False),
        ("<frozen importlib._bootstrap>", False),
        ("<string>", False),
        ("views.py", False),
    ],
)
def test_the_projects_own_files(name: str, is_own: bool) -> None:
    assert is_own_file(name) is is_own


def test_servers_that_the_lab_has_installed_are_not_the_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OVERLAY_VARIABLE, "/cache/overlay-3.12")
    assert not is_own_file("/cache/overlay-3.12/uvicorn/server.py")
    assert is_own_file("/cache/overlay-of-a-shop/views.py")


def sample_while(wait: object) -> Sample:
    """Return a sample of a thread that runs a function, once that function waits."""
    ids: list[tuple[int, int]] = []

    def run() -> None:
        ids.append((threading.get_ident(), threading.get_native_id()))
        wait()  # type: ignore[operator]

    thread = threading.Thread(target=run)
    thread.start()

    def waiting() -> Sample | None:
        sample = sample_thread(*ids[0]) if ids else None
        return sample if sample and sample.state in {LOCK, SYSTEM_CALL} else None

    sample = wait_for(waiting, lambda: "the thread does not wait")
    thread.join()
    return sample


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_thread_that_sleeps_and_one_that_waits_for_a_lock() -> None:
    sleeping = sample_while(lambda: time.sleep(0.5))
    assert (sleeping.state, sleeping.place is not None) == (SYSTEM_CALL, True)
    event = threading.Event()
    timer = threading.Timer(0.5, event.set)
    timer.start()
    waiting = sample_while(event.wait)
    timer.join()
    assert waiting.state == LOCK
    assert waiting.place is not None
    assert Path(waiting.place.file).name == "test_stacks.py"


def test_a_stack_on_which_a_thread_is_started_counts_not() -> None:
    def _adjust_thread_count() -> int:
        return len(own_frames(sys._getframe()))

    assert _adjust_thread_count() == 0
    assert len(own_frames(sys._getframe())) > 0


def test_a_thread_that_has_ended() -> None:
    assert sample_thread(-1, -1) == Sample(None, stacks.UNKNOWN)
