"""Messages of the lab are one line."""

import shutil

import pytest

from locust_asyncdjango.lab.errors import MESSAGE_LIMIT, TrialError, UsageError, during_set_up, one_line, os_error_text


def test_a_message_is_one_line_and_keeps_its_beginning_and_its_end() -> None:
    assert str(TrialError("it failed:\n  Traceback\n\tboom; try again")) == "it failed: Traceback boom; try again"
    line = one_line(f"it failed: {'x' * 42_000}; see that the disk has room")
    assert len(line) <= MESSAGE_LIMIT
    assert line.startswith("it failed: xxx")
    assert " ... " in line
    assert line.endswith("xxx; see that the disk has room")


def test_a_message_is_safe_wherever_it_is_cut() -> None:
    assert str(TrialError("\x1b[2J at redis://:planted@h")) == r"\x1b[2J at redis://***@h"
    for n in range(0, 3 * MESSAGE_LIMIT, 7):
        assert "planted" not in one_line(f"{'x ' * n}http://me:{'planted' * 9}@h {'y ' * 2 * MESSAGE_LIMIT}")
        assert "planted" not in one_line(f"{'x ' * 2 * MESSAGE_LIMIT}http://me:{'planted' * 9}@h {'y ' * n}")
    assert len(one_line("\x1b" * 3 * MESSAGE_LIMIT)) <= MESSAGE_LIMIT


def test_an_error_about_many_files_is_that_of_the_first_one() -> None:
    why = "[Errno 28] No space left on device"
    assert os_error_text(shutil.Error([(f"a/{n}", f"b/{n}", f"{why}: 'b/{n}'") for n in range(900)])) == f"{why}: 'b/0'"
    assert os_error_text(shutil.Error("`a` and `b` are the same file")) == "`a` and `b` are the same file"
    assert os_error_text(OSError(28, "No space left on device")) == why


def test_what_does_not_start_before_the_first_trial_is_no_trial() -> None:
    with pytest.raises(UsageError, match=r"^Redis did not start: no memory$"), during_set_up():
        raise TrialError("Redis did not start: no memory")
