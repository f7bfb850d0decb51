"""What the lab says while it waits."""

import re
import threading
import time

import pytest

from locust_asyncdjango.lab.environment.waiting import announced_wait


def test_a_wait_is_announced_again_and_again_until_it_ends(capsys: pytest.CaptureFixture[str]) -> None:
    printed, threads = "", threading.active_count()
    deadline_s = time.monotonic() + 60
    with announced_wait("PostgreSQL starts", first_s=0.001, interval_s=0.001):
        while printed.count("\n") < 3 and time.monotonic() < deadline_s:
            printed += capsys.readouterr().err
    notice = re.compile(r"still waiting: PostgreSQL starts \(\d+ s so far; Ctrl-C stops\)")
    lines = printed.splitlines()[:3]
    assert (len(lines), all(map(notice.fullmatch, lines))) == (3, True)
    assert threading.active_count() == threads


def test_a_short_wait_is_not_announced(capsys: pytest.CaptureFixture[str]) -> None:
    with announced_wait("PostgreSQL starts", first_s=3600):
        pass
    assert capsys.readouterr() == ("", "")


def test_an_exception_ends_the_announcements() -> None:
    threads = threading.active_count()
    with pytest.raises(ZeroDivisionError), announced_wait("PostgreSQL starts", first_s=3600):
        1 / 0  # noqa: B018
    assert threading.active_count() == threads
