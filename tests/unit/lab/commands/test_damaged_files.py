"""Damaged files are refused in one line with exit code 2, or reported as standard JSON and safe HTML: nothing else."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.failures.counts import FAILURES_FORMAT
from locust_asyncdjango.lab import cli
from locust_asyncdjango.metrics.series_file import header, json_line
from tests.support.damage import changed_bytes, damaged, strict_json
from tests.support.experiments import VERSION_3
from tests.support.figures import FAILURES, HEADER, ramp

SEED = 20


@pytest.fixture
def lines() -> list[str]:
    """The lines of a series."""
    series = ramp(seconds=30)
    rows = [
        {"t": t, "users": interval.users, "ok": interval.ok, "failed": dict(interval.failed), "bytes": 9}
        | {"ok_ms": {"12.5": interval.ok}, "failed_ms": {}, "began": {"0": interval.ok}, "cpu": 1.5, "planned": 5}
        for t, interval in enumerate(series.intervals)
    ]
    return [json_line(header(**HEADER)), *map(json_line, rows)]


def check_outcome(arguments: list[str], report: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Run a command, check how it ends, and return its exit code. report: the page that it writes."""
    for ending in (".html", ".md", ".json"):
        report.with_suffix(ending).unlink(missing_ok=True)
    code = cli.main(arguments)
    output, errors = capsys.readouterr()
    assert code in (0, 2)
    assert "\x1b" not in output + errors
    if code:
        (line,) = errors.splitlines()
        assert "Error(" not in line
        assert not report.exists()
    else:
        page = report.read_text()
        strict_json(report.with_suffix(".json").read_text())
        for part in page.split('<script type="application/json"')[1:]:
            strict_json(part.partition(">")[2].partition("</script>")[0])
        assert "<script>alert" not in page.partition("</style>")[2].partition('<script type="application/json"')[0]
    return code


def test_a_damaged_series(tmp_path: Path, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    chance, file = random.Random(SEED), tmp_path / "run.jsonl"
    first, third = json.loads(lines[0]), json.loads(lines[3])
    contents = [
        *("".join([f"{line}\n", *lines[1:]]) for line in damaged(first, chance, 1)),
        *("".join([*lines[:3], f"{line}\n", *lines[4:]]) for line in damaged(third, chance, 1)),
    ]
    raw = "".join(lines).encode()
    everything = [*(text.encode() for text in contents), *(changed_bytes(raw, chance) for _ in range(20))]
    codes = []
    for content in everything:
        file.write_bytes(content)
        codes.append(check_outcome(["report", str(file)], tmp_path / "run.html", capsys))
    assert codes.count(2) > 40
    assert codes.count(0) > 5


def test_damaged_failures(tmp_path: Path, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    chance, file, series = random.Random(SEED), tmp_path / "failures.json", tmp_path / "run.jsonl"
    series.write_text("".join(lines[:12]))  # too few seconds for curves, which would be fitted each time
    whole = {"format": FAILURES_FORMAT, "version": 2, "run": HEADER, "refused_updates": 0, **FAILURES}
    everything = [text.encode() for text in damaged(whole, chance, 1)]
    everything += [changed_bytes(json.dumps(whole).encode(), chance) for _ in range(20)]
    everything += [b"", b"null", b"[" * 100_000, b"\xff", json.dumps(whole).encode("utf-16")]
    codes = []
    for content in everything:
        file.write_bytes(content)
        arguments = ["report", str(series), "--failures", str(file)]
        codes.append(check_outcome(arguments, tmp_path / "run.html", capsys))
    assert codes.count(2) > 50
    assert codes.count(0) > 5


@pytest.mark.parametrize("name", ["experiment.json", "result.json", "costs.jsonl"])
def test_a_damaged_results_folder(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    chance, folder = random.Random(SEED), shutil.copytree(VERSION_3, tmp_path / "results")
    file = next(folder.rglob(name))
    text = file.read_text()
    content: Any = json.loads(text.splitlines()[0] if name.endswith(".jsonl") else text)
    codes = []
    for damage in damaged(content, chance, 1):
        file.write_text(damage)
        codes.append(check_outcome(["report", str(folder)], folder / "report.html", capsys))
    for damage in ("", "null", "[]", "{}", "[" * 100_000, "\0" * 100, '{"format_version": NaN}', '{"a": 1, "a": 1}'):
        file.write_text(damage)
        codes.append(check_outcome(["report", str(folder)], folder / "report.html", capsys))
    assert codes.count(2) > 15


@pytest.mark.parametrize(
    "value",
    [
        *("nan", "inf", "-1", "1.5", "true", '"x"', "[]", "[[]]", "{}", "1979-05-27T07:32:00Z", "0x" + "f" * 5000),
        *("9" * 400, '"' + "9" * 5000 + '"', '"nan"', '"1e400"', r'"\u001b[2J"', "10000000000000000", "[" * 2000),
    ],
    ids=lambda value: value[:12],
)
@pytest.mark.parametrize("key", ["routes", "arms", "users", "spawn_rate", "posts", "latency_ms", "repeats", "pin"])
def test_a_plan_with_an_odd_value(tmp_path: Path, key: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(f'{key} = {value}\npreset = "nothing"\n')
    assert cli.main(["run", str(file), "--dry-run"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line
