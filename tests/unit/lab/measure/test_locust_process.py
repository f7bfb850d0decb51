"""The environment and the messages of the Locust that a trial starts."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.process import Program
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.measure.locust_process import (
    STALL_DEADLINE_S,
    GrowthMonitor,
    _flag_error,
    _locust_env,
    _notify,
    planned_length_s,
)
from locust_asyncdjango.metrics.series_file import Series, header, json_line


def test_options_for_other_runs_of_locust_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_USERS", "7")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    env = _locust_env(Load("RampTo500"))
    assert not {"LOCUST_USERS", "PYTHONPATH"} & set(env)


def test_the_address_is_no_flag_which_a_list_of_processes_would_show() -> None:
    assert _locust_env(Load("RampTo500"), "http://me:secret@127.0.0.1")["LOCUST_HOST"] == "http://me:secret@127.0.0.1"


@pytest.mark.parametrize("shape", ["mine:Shape", "my.shapes:Shape:peak=10"])
def test_a_shape_of_the_users_is_imported_from_the_working_directory(
    shape: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert _locust_env(Load(shape))["PYTHONPATH"] == f"{tmp_path}:/elsewhere"
    assert _locust_env(Load("Ramp:peak=10"))["PYTHONPATH"] == "/elsewhere"


class FakeProgram(Program):
    """A program with a log that is given."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)

    def log_lines(self) -> list[str]:
        return self.lines


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ["usage: locust", "locust: error: argument -u: invalid int value: 'x'"],
            "argument -u: invalid int value: 'x'",
        ),
        (["Traceback", "ImportError: gevent"], "Locust does not start: ImportError: gevent"),
    ],
)
def test_what_locust_reports_of_a_flag_is_the_message(lines: list[str], message: str) -> None:
    assert _flag_error(FakeProgram(*lines)) == message


def test_a_watch_gets_the_series_as_soon_as_there_is_one(tmp_path: Path) -> None:
    watched: list[Series] = []
    file = tmp_path / "series.jsonl"
    _notify(file, watched.append)
    file.write_text(json_line(header(run_time=7)))
    _notify(file, watched.append)
    assert [series.header["run_time"] for series in watched] == [7]


def test_a_locust_that_records_nothing_for_a_minute_hangs(tmp_path: Path) -> None:
    now_s = [1000.0]
    file = tmp_path / "series.jsonl"
    growth = GrowthMonitor(file, lambda: now_s[0])
    growth.check()
    now_s[0] += STALL_DEADLINE_S
    growth.check()
    file.write_text("a row")
    now_s[0] += STALL_DEADLINE_S
    growth.check()
    now_s[0] += STALL_DEADLINE_S + 1
    with pytest.raises(TrialError) as error:
        growth.check()
    assert str(error.value) == (
        "Locust stood still: it has recorded nothing for 60 s; run --resume measures the trial again"
    )


def test_locust_computes_how_long_a_load_takes() -> None:
    assert planned_length_s(Load("RampTo500", run_time="40s")) == 40.0


def test_a_load_that_locust_refuses_is_refused_with_its_reason() -> None:
    with pytest.raises(UsageError, match=r"^there is no shape 'Nope'; choose one of "):
        planned_length_s(Load("Nope"))
