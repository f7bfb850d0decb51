"""The lab's commands, from the command line: what they print, what they write, and that nothing outlives them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from locust_asyncdjango.analysis.formatting import format_per_s
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from tests.support.experiments import VERSION_3
from tests.support.programs import (
    NO_SUCH_SHAPE,
    database_folders,
    done,
    lab,
    running,
    wait_for,
    wait_for_lines,
)
from tests.support.site_fixtures import POSTS

PREPARING = 10
"""Connections that PostgreSQL may be accepting or refusing beside those of its limit."""
FAR = ("--client-latency-ms", "25")
"""Users so far away leave the machine time for other tests."""
SMALL = ("--posts", str(POSTS), "-u", "30", "-r", "30", "-t", "5s")


@pytest.mark.without_debian
def test_an_async_server_passes_the_connection_limit_and_a_sync_one_does_not(tmp_path: Path) -> None:
    output = tmp_path / "results"
    command = lab("run", "--routes", "io_read", *SMALL, "--max-connections", "10", "--output", output)
    code, text = done(*command)
    assert code == 0, text
    sync, asgi = (json.loads(path.read_text()) for path in sorted(output.glob("trials/*/result.json")))
    assert (sync["trial"]["server"], asgi["trial"]["server"]) == ("gunicorn-sync", "gunicorn-uvicorn")
    assert (sync["site"]["interface"], asgi["site"]["interface"]) == ("wsgi", "asgi")
    assert sync["figures"]["failures"] == []
    kinds = {failure["kind"]: failure for failure in asgi["figures"]["failures"]}
    assert kinds["db_too_many_clients"]["first"]["users"] > 10
    for result, server in ((sync, "gunicorn-sync"), (asgi, "gunicorn-uvicorn")):
        figures = result["figures"]
        assert f"{server} with 10 connections brings {format_per_s(figures['goodput']['per_s'])} req/s" in text
        recorded = series_file.read(output / "trials" / f"io_read-{server}-10connections" / "series.jsonl")
        assert sum(row.ok for row in recorded.intervals) == figures["successes"] > 0
        # Server and database were looked at: gunicorn's master and its worker, and what the limit lets in.
        assert (result["peak_usage"]["memory_mb"] > 10, result["peak_usage"]["threads"] >= 2) == (True, True)
        assert result["peak_usage"]["connections"] <= 10 + PREPARING
    # A look may miss the one connection of a sync server, which it closes after each request.
    assert asgi["peak_usage"]["connections"] >= 1
    assert "io_read on gunicorn-uvicorn (max_connections 10): the first failure was db_too_many_clients" in text
    assert (output / "report.md").read_text().startswith("# Should io_read be sync or async?\n")
    assert json.loads((output / "experiment.json").read_text())["experiment"]["max_connections"] == [10]

    # What is finished is not measured again.
    before = [path.stat().st_mtime_ns for path in sorted(output.rglob("result.json"))]
    code, again = done(*command)
    assert (code, [path.stat().st_mtime_ns for path in sorted(output.rglob("result.json"))]) == (0, before)
    assert "the first failure was" in again


def test_a_trial_that_fails_is_recorded_and_the_others_go_on(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "uvicorn_worker.py").write_text("raise ImportError('planted')\n")
    output = tmp_path / "results"
    servers = "gunicorn-uvicorn,gunicorn-sync"
    load = ("--posts", str(POSTS), "-u", "3", "-r", "3", "-t", "4s", *FAR)
    code, text = done(
        *lab("run", "--routes", "template", "--servers", servers, *load, "--output", output),
        env={"PYTHONPATH": str(planted)},
    )
    assert code == 1
    assert "template on gunicorn-uvicorn (25 ms to the users): not measured: gunicorn-uvicorn did not start: " in text
    broken, sync = (
        json.loads((output / "trials" / f"template-{s}" / "result.json").read_text()) for s in servers.split(",")
    )
    assert broken["figures"] is None
    assert "gunicorn-uvicorn did not start: " in broken["error"]
    assert sync["figures"] is not None


def test_a_stopped_run_leaves_nothing_running_and_keeps_its_rows(tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "results"
    before = database_folders(cache)
    with running(
        *lab("run", "--routes", "io_read", "--posts", str(POSTS), "-t", "60s", *FAR, "--output", output)
    ) as program:
        file = output / "trials" / "io_read-gunicorn-sync.unfinished" / "series.jsonl"
        wait_for_lines(program, file, 3)
        program.signal(signal.SIGINT)
        # An impatient user asks more than once.
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []
        assert f"stopped; to continue: locust-asyncdjango run --resume {output}\n" in program.text
        assert len(series_file.read(file).intervals) >= 3
    assert database_folders(cache) == before


def test_a_run_that_is_killed_leaves_nothing_running_and_goes_on_where_it_was(tmp_path: Path, cache: Path) -> None:
    output = tmp_path / "results"
    load = ("--posts", str(POSTS), "-u", "5", "-r", "5", "-t", "5s", *FAR)
    first, *_, last = sorted(os.sched_getaffinity(0)) * 2
    command = lab("run", "--routes", "cached", "--servers", "gunicorn-uvicorn", "--repeats", "2", "--a-a-pairs", "0")
    command += [*load, "--pin", f"{first}:{last}:{last}"]
    runs = database_folders(cache)
    with running(*command, "--output", output) as program:
        wait_for_lines(program, output / "trials" / "cached-gunicorn-uvicorn-run2.unfinished" / "series.jsonl", 2)
        finished = output / "trials" / "cached-gunicorn-uvicorn" / "result.json"
        before = finished.stat().st_mtime_ns
        processors = {
            ("locust" in process.cmdline(), *process.cpu_affinity())
            for process in psutil.Process(program.popen.pid).children(recursive=True)
        }
        assert processors == {(True, first), (False, last)}
        program.signal(signal.SIGKILL)
        program.end()
        # Server, PostgreSQL, Redis and Locust end as they were to be stopped, each in its time.
        wait_for(lambda: not program.left_behind(), lambda: f"still running: {program.left_behind()}")
    code, text = done(*lab("run", "--resume", output))
    assert code == 0, text
    assert finished.stat().st_mtime_ns == before
    assert sorted(path.name for path in (output / "trials").iterdir()) == [
        "cached-gunicorn-uvicorn",
        "cached-gunicorn-uvicorn-run2",
    ]
    assert database_folders(cache) == runs


@pytest.mark.skipif(os.geteuid() != 0, reason="a disk of its own takes root to mount")
def test_a_full_disk_is_one_line_and_what_was_written_is_whole(tmp_path: Path) -> None:
    load = ("--posts", str(POSTS), "-u", "2", "-r", "2", "-t", "5s", *FAR)
    servers = ("--servers", "gunicorn-sync,gunicorn-uvicorn")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", tmp_path], check=True)
    try:
        output, filler = tmp_path / "results", tmp_path / "filler"
        with running(*lab("run", "--routes", "io_create", *servers, *load, "--output", output)) as program:
            wait_for_lines(program, output / "trials" / "io_create-gunicorn-uvicorn.unfinished" / "series.jsonl", 2)
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    pass
            assert program.end() == 1
            assert program.left_behind() == []
            (line,) = [line for line in program.text.splitlines() if "error: " in line]
            assert "No space left on device" in line
            assert "check that the disk is not full" in line
        whole = output / "trials" / "io_create-gunicorn-sync" / "result.json"
        assert json.loads(whole.read_text())["figures"]["successes"] > 0
        assert not (output / "trials" / "io_create-gunicorn-uvicorn").exists()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_run_stopped_while_it_seeds_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    before = database_folders(cache)
    with running(*lab("run", "--posts", "3000000", "--output", tmp_path / "results")) as program:
        log = tmp_path / "results" / "logs" / "seeding.log"
        wait_for_lines(program, log, 0)
        program.signal(signal.SIGTERM)
        assert program.end() == 143, program.text
        assert program.left_behind() == []
    assert database_folders(cache) == before
    assert list(cache.glob("*posts-3000000*")) == []


def test_a_load_that_locust_does_not_take(tmp_path: Path) -> None:
    code, text = done(*lab("run", "--shape", "Nope", "--output", tmp_path / "results"))
    assert code == 2
    assert text.startswith(f"locust-asyncdjango: error: {NO_SUCH_SHAPE}")
    assert text.count("\n") == 1


def test_too_many_posts_for_the_disk(tmp_path: Path) -> None:
    code, text = done(*lab("run", "--posts", "99000000000", "--output", tmp_path / "results"))
    assert code == 2
    assert re.fullmatch(r"locust-asyncdjango: error: not enough disk: the database needs \d+\.\d GB in .*\n", text)


def test_a_database_that_cannot_be_reached(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"postgresql://u:secret@127.0.0.1:{free_port()}/x"}
    for command in (lab("serve"), lab("run", "--output", tmp_path / "results")):
        code, text = done(*command, env=env)
        assert code == 2
        assert text.startswith("locust-asyncdjango: error: the database named in DATABASE_URL cannot be used: ")
        assert "Connection refused" in text
        assert text.count("\n") == 1
        assert "secret" not in text


def test_a_wrong_setting_of_the_site_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    # The database is seeded already: it is not the seeding that finds out.
    assert done(*lab("services", "--posts", str(POSTS), "true"))[0] == 0
    for command, *rest in (("serve",), ("run", "--routes", "cpu"), ("services", "true")):
        argv = lab(command, "--posts", str(POSTS), *rest)
        assert done(*argv, env={"TARGET_SITE_POOL_SIZE": "0"}, cwd=tmp_path) == (
            2,
            "locust-asyncdjango: error: TARGET_SITE_POOL_SIZE must be a whole number from 1 to 1000\n",
        )


def test_seeding_again_is_at_once(database_url: str) -> None:
    env = {**os.environ, "DATABASE_URL": database_url}
    argv = [sys.executable, "-m", "target_site", "seed_posts", "--posts"]
    for posts, expected_line in (("700", "700 posts seeded in"), ("700", "the table has these 700 posts already")):
        text = subprocess.run([*argv, posts], env=env, capture_output=True, text=True, check=True).stdout
        assert text.startswith(expected_line)
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM target_site_post WHERE title = 'Post 7'")
    text = subprocess.run([*argv, "700"], env=env, capture_output=True, text=True, check=True).stdout
    assert text.startswith("700 posts seeded in")


def test_a_run_of_results_format_3_goes_on_and_can_be_compared(tmp_path: Path) -> None:
    results = shutil.copytree(VERSION_3, tmp_path / "results")
    for file in results.rglob("*.json"):
        file.write_text(file.read_text().replace('"posts": 100,', f'"posts": {POSTS},'))
    before = shutil.copytree(results, tmp_path / "before")
    kept, missing = (
        results / "trials" / f"orm_get-gunicorn-{server}" / "result.json" for server in ("sync", "uvicorn")
    )
    content = kept.read_bytes()
    shutil.rmtree(missing.parent)
    code, text = done(*lab("run", "--resume", results))
    assert code == 0, text
    assert kept.read_bytes() == content
    assert (json.loads(content)["format_version"], json.loads(missing.read_bytes())["format_version"]) == (3, 7)
    report = tmp_path / "compared.html"
    code, text = done(*lab("compare", before, results, "--output", report))
    assert code in (0, 3), text
    arms = {arm["arm"]: arm for arm in json.loads(report.with_suffix(".json").read_text())["arms"]}
    assert arms["orm_get: gunicorn-sync"]["before"] == arms["orm_get: gunicorn-sync"]["after"]
