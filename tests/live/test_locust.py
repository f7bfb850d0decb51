"""Locust with our users and shape, against sites that are ours and not."""

import json
import re
import signal
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from locust_asyncdjango.analysis.formatting import format_count
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from tests.support.loads import load_until
from tests.support.programs import (
    NO_SUCH_SHAPE,
    done,
    locust,
    running,
    two_workers,
    wait_for_lines,
    wait_for_page,
    written,
)

IO_READ = locustfile("io_read")
IO_CREATE = locustfile("io_create")
SHORT = ["--shape", "RampTo500", "-u", "20", "-r", "10", "-t", "4s", "--headless", "--only-summary"]


def test_the_examples_user_and_shape_fit_a_site_that_is_not_ours(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / "series.jsonl"
    code, text = done(*locust("-f", IO_READ, *SHORT, "-H", other_url, "--path", "/blog/latest/", "--series", file))
    assert code == 0
    recorded = series_file.read(file)
    assert recorded.header["shape"] == "RampTo500"
    assert recorded.header["user_classes"] == ["IoReadUser"]
    assert [row.users for row in recorded.intervals][1] == 20
    assert all(row.failed == {} for row in recorded.intervals)
    figures = find_saturation(recorded.intervals)
    assert figures.successes > 20
    assert "where this run saturated" in text
    assert f"successes                   {format_count(figures.successes, figures.successes_range)}\n" in text
    assert "errors start                none\n" in text


def test_every_request_that_locust_counts_is_in_the_series(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    arguments: list[str | Path] = ["-H", other_url, "--path", "/full/", "--series", file]
    code, text = done(*locust("-f", IO_READ, *SHORT, *arguments))
    assert code == 1  # Locust's rule: requests failed
    rows = series_file.read(file).intervals
    assert sum(row.failed["db_too_many_clients"] for row in rows) == counted_by_locust(text) > 20
    assert sum(row.ok for row in rows) == 0
    assert "GET /full/: db_too_many_clients: HTTP 500" in text  # in Locust's own table
    assert "x db_too_many_clients, first at " in text
    assert "-> raise max_connections" in text


def test_another_500_has_another_kind(other_url: str) -> None:
    _, text = done(*locust("-f", IO_READ, *SHORT, "-H", other_url, "--path", "/broken/"))
    assert "GET /broken/: server_error_opaque: HTTP 500" in text
    assert "db_too_many_clients" not in text


def test_our_own_site_and_its_variants(asgi_url: str, tmp_path: Path) -> None:
    for arguments, path in (
        ((IO_CREATE,), "POST     /io_create/ "),
        ((IO_READ, "--variant", "sync"), "GET      /io_read/sync/ "),
        (
            (locustfile("cpu"), "CpuUser", "--config-users", '{"user_class_name": "CpuUser", "n": 10}'),
            "GET      /cpu/ ",
        ),
    ):
        flags = ("--shape", "RampTo500", "-u", "1", "-H", asgi_url)
        load = load_until(lambda series: series.total.ok > 0, tmp_path / "series.jsonl", "-f", *arguments, *flags)
        assert (load.code, path in load.text) == (0, True), load.text


def test_the_example_of_a_locustfile_with_another_base_class(wsgi_url: str, tmp_path: Path) -> None:
    rows = ("GET /io_read/", "GET /routes.json", "POST /io_create/")
    load = load_until(
        lambda series: set(rows) <= set(series.total.names),
        tmp_path / "series.jsonl",
        *("-f", locustfile("fast_user"), "-u", "5", "-r", "5", "-H", wsgi_url),
    )
    assert load.code == 0, load.text
    assert "where this run saturated" in load.text


def test_an_own_locustfile_with_another_path(other_url: str, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust_asyncdjango import IoCreateUser, IoReadUser\n"
        "class Latest(IoReadUser):\n    path = '/blog/latest/'\n    variant = 'async'\n"
        "class Echo(IoCreateUser):\n    path = '/echo/'\n",
    )
    code, text = done(*locust("-f", mine, *SHORT, "-H", other_url))
    assert code == 0
    assert "/blog/latest/async/" in text
    assert "/echo/" in text
    assert "/io_read/" not in text  # the class that is extended does not run next to the one that extends it


def test_a_run_without_the_address_of_a_server_is_refused_in_one_line() -> None:
    code, text = done(*locust("-f", IO_READ, *SHORT))
    assert code == 2
    assert "locust: error: IoReadUser has no host; name the server, as in -H http://127.0.0.1:8000\n" in text
    assert "Traceback" not in text


def test_two_runs_with_one_series(other_url: str, tmp_path: Path) -> None:
    file, link = tmp_path / "run.jsonl", tmp_path / "link.jsonl"
    link.symlink_to(file.name)
    load: list[str | Path] = ["--headless", "-u", "2", "-r", "2", "-t", "10m", "--only-summary", "-H", other_url]
    with running(*locust("-f", IO_READ, *load, *two_workers(), "--series", file)) as program:
        wait_for_lines(program, file, 2)
        code, text = done(*locust("-f", IO_READ, *SHORT, "-H", other_url, "--series", "link.jsonl"), cwd=tmp_path)
        assert code == 2
        message = "--series: another run writes to link.jsonl; wait for its end, or name another file"
        assert f"locust: error: {message}\n" in text
        program.signal(signal.SIGKILL)
        program.end()
    assert series_file.read(file).total.t > 0
    assert done(*locust("-f", IO_READ, *SHORT, "-H", other_url, "--path", "/blog/latest/", "--series", file))[0] == 0
    assert series_file.read(file).header["workers"] == 0


def test_stock_users_failures_are_classified_too(other_url: str, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust import FastHttpUser, HttpUser, task\n"
        "import locust_asyncdjango.plugin\n"
        "class Fast(FastHttpUser):\n"
        "    @task\n    def full(self): self.client.get('/full/')\n"
        "class Slow(HttpUser):\n"
        "    @task\n    def missing(self): self.client.get('/nowhere/')\n"
        "    @task\n    def check(self):\n"
        "        with self.client.get('/blog/latest/', catch_response=True) as response:\n"
        "            response.failure('no good')\n",
    )
    _, text = done(*locust("-f", mine, *SHORT, "-H", other_url))
    for kind in ("db_too_many_clients", "client_error", "check_failed"):
        assert f"x {kind}, first at " in text, text


def test_nobody_listens() -> None:
    code, text = done(*locust("-f", IO_READ, *SHORT, "-H", f"http://127.0.0.1:{free_port()}"))
    assert code == 1
    assert "GET /io_read/: connect_refused: ConnectionRefusedError: Connection refused" in text
    assert "goodput                     0.0 req/s at " in text


def test_a_stopped_run_keeps_what_it_measured(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    by_the_book: list[str | Path] = [
        "--shape",
        "RampTo500",
        "--headless",
        "-H",
        other_url,
        "--path",
        "/blog/latest/",
        "--series",
        file,
        "--failures",
        tmp_path / "failures.json",
        "--junit",
        tmp_path / "junit.xml",
        "--html",
        tmp_path / "report.html",
        "--csv",
        tmp_path / "stats",
    ]
    with running(*locust("-f", IO_READ, *by_the_book)) as program:
        program.wait_for("Shape test starting")
        wait_for_lines(program, file, 3)
        program.signal(signal.SIGINT)
        assert program.end() == 0
        assert program.left_behind() == []
        figures = find_saturation(series_file.read(file).intervals)
        successes = format_count(figures.successes, figures.successes_range)
        assert f"successes                   {successes}\n" in program.text
        assert figures.successes > 0
    assert json.loads((tmp_path / "failures.json").read_text())["failures"] == []
    assert '<testcase classname="requests" name="GET /blog/latest/"' in (tmp_path / "junit.xml").read_text()
    for name in ("report.html", "stats_stats.csv"):
        assert "/blog/latest/" in (tmp_path / name).read_text()


def test_workers_rows_are_one_series(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    port = str(free_port())
    load: list[str | Path] = [*SHORT, "-H", other_url, "--path", "/blog/latest/", "--series", file]
    worker = locust("-f", IO_READ, "--worker", "--master-port", port)
    master = locust("-f", IO_READ, *load, "--master", "--master-bind-port", port, "--expect-workers", "2")
    with running(*master) as program, running(*worker) as first, running(*worker) as second:
        code = program.end()
        assert (first.end(), second.end()) == (0, 0)
        text = program.text
        assert [*program.left_behind(), *first.left_behind(), *second.left_behind()] == []
    assert code == 0, text
    recorded = series_file.read(file)
    assert sum(row.ok for row in recorded.intervals) >= counted_by_locust(text) > 20
    assert max(row.users for row in recorded.intervals) == 20
    assert re.search(rf"successes +{find_saturation(recorded.intervals).successes} \(", text), text


def test_the_web_ui_runs_the_shape_again_and_again(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    port = str(free_port())
    ui = f"http://127.0.0.1:{port}"
    arguments: list[str | Path] = [
        "--shape",
        "RampTo500",
        "--path",
        "/blog/latest/",
        "--series",
        file,
        "--loglevel",
        "INFO",
    ]
    with running(*locust("-f", IO_READ, *arguments, "--web-host", "127.0.0.1", "--web-port", port)) as program:
        page = wait_for_page(ui)
        # The form offers the shape's own cap and rate, not Locust's 1 and 1.
        assert '"num_users": 500' in page
        assert '"spawn_rate": 5.0' in page
        for run in (1, 2):
            form = {"user_count": "20", "spawn_rate": "10", "run_time": "3s", "host": other_url}
            with urllib.request.urlopen(f"{ui}/swarm", urllib.parse.urlencode(form).encode()) as response:
                assert json.loads(response.read())["message"] == "Swarming started using shape class 'RampTo500'"
            program.wait_for(rf"(?s)(where this run saturated.*){{{run}}}")
        program.signal(signal.SIGINT)
        program.end()
        assert program.left_behind() == []
        assert program.text.count("where this run saturated") == 2
    for path in (file, tmp_path / "series-2.jsonl"):
        recorded = series_file.read(path)
        assert max(row.users for row in recorded.intervals) == 20
        assert len(recorded.intervals) <= 5
        assert find_saturation(recorded.intervals).successes > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--series", "/dev/null/x"], "--series: cannot write /dev/null/x (Not a directory); choose another place"),
        (
            ["--fail-on", "db_to_many_clients>0"],
            "argument --fail-on: 'db_to_many_clients>0': there is no metric or kind 'db_to_many_clients'; did you mean"
            " db_too_many_clients?",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(other_url: str, arguments: list[str], message: str) -> None:
    code, text = done(*locust("-f", IO_READ, *arguments, "--headless", "-H", other_url, "--loglevel", "WARNING"))
    assert code == 2
    assert text == f"locust: error: {message}\n"


def test_an_unknown_shape_ends_a_run_with_workers_as_well() -> None:
    code, text = done(*locust("-f", IO_READ, "--shape", "Nope", "--headless", "--processes", "2"))
    assert (code, text) == (2, f"locust: error: {NO_SUCH_SHAPE}\n")


def counted_by_locust(text: str) -> int:
    """Return how many requests Locust's own last table shows."""
    return int(re.findall(r"Aggregated +(\d+)", text)[0])
