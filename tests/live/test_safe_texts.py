"""No secret and no control character of a hostile server comes out anywhere: terminal, files, reports, lab."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH
from tests.support.programs import done, lab, locust, running, wait_for, written
from tests.support.responses import http_response
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, Step, serve_script
from tests.support.terminals import on_a_terminal

PLANTED = "Planted9Word"
"""Stands in each secret of the locustfile, of the server's responses and of the experiment."""
HOSTILE = "\x1bc\x1b[2J\x1b]0;title\x07\x9b31m\x08\x00\rgone\u202etfel\u2066\u200b\u2028\x7f| [x](javascript:a) <b>`c`"
"""What a terminal, Markdown and HTML would obey."""
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]|\r(?!\n)")
TEXT = f"broken {HOSTILE} password={PLANTED} at postgres://me:{PLANTED}@db/x with Bearer {PLANTED}"

LOCUSTFILE = """
from locust import FastHttpUser, HttpUser, constant
import locust_asyncdjango.plugin
from locust_asyncdjango import FastUser

def requests(user):
    secrets = "token={planted}&password={planted}&sig={planted}"
    for path in ("/json", "/raw", "/page"):
        user.client.get(path + "?" + secrets, name=path, headers={{"Authorization": "Bearer {planted}"}})
    user.client.get("/json?" + secrets)

def check(user):
    with user.client.get("/ok", catch_response=True) as response:
        response.failure("no " + response.text)

class Stock(HttpUser):
    wait_time, tasks = constant(0.1), [requests, check]

class Fast(FastHttpUser):
    wait_time, tasks = constant(0.1), [requests, check]

class Ours(FastUser):
    wait_time, tasks = constant(0.1), [requests, check]
"""


def script(request: ReceivedRequest) -> Sequence[Step]:
    """Answer with hostile texts, in each form that is read."""
    if request.path == "/json":
        body = json.dumps({"exception": "psycopg.OperationalError", "detail": TEXT}).encode()
        return [http_response(500, body, "Content-Type: application/json")]
    if request.path == "/page":
        return [http_response(502, f"<title>{TEXT}</title>".encode(), "Content-Type: text/html")]
    return [
        http_response(200 if request.path == "/ok" else 500, TEXT.encode(), "Content-Type: text/plain; charset=utf-8")
    ]


@pytest.fixture
def hostile() -> Iterator[ScriptedServer]:
    """A server that answers with hostile texts."""
    with serve_script(script) as server:
        yield server


def command(folder: Path, server: ScriptedServer, *arguments: str | Path) -> list[str | Path]:
    """Return the command line of a run with all kinds of users and all outputs."""
    file = written(folder, LOCUSTFILE.format(planted=PLANTED))
    host = f"http://me:{PLANTED}@{server.address}"
    load = ["--headless", "-u", "3", "-r", "3", "-t", "3s", "-H", host, "--path", f"/x?token={PLANTED}"]
    outputs: list[str | Path] = []
    for flag, name in (("series", "run.csv"), ("junit", "run.xml"), ("report", "run.html")):
        outputs += [f"--{flag}", folder / name]
    return locust("-f", file, *load, *outputs, *arguments)


def texts_of(folder: Path, *, but: Sequence[str] = ()) -> dict[str, str]:
    """Return the content of each file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in but)
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def test_a_hostile_server_and_a_real_run(hostile: ScriptedServer, tmp_path: Path) -> None:
    code, text = on_a_terminal(command(tmp_path, hostile, "--live", "lines"))
    assert code == 1, text
    assert r"\x1b" in text
    assert CONTROLS.findall(text) == []
    assert PLANTED not in text
    files = texts_of(tmp_path, but=["mine.py"])
    assert set(files) == {
        *("run.csv", "run.xml", "run.html", "run.md", "run.json", "run.series.jsonl", "run.failures.json"),
    }
    assert [name for name, content in files.items() if PLANTED in content] == []
    assert {name: CONTROLS.findall(content) for name, content in files.items() if name != "run.html"} == {
        name: [] for name in files if name != "run.html"
    }
    page = files["run.html"].partition("<body>")[2].partition("<script")[0]
    assert CONTROLS.findall(page) == []
    assert "<b>" not in page
    rows = [line for line in files["run.md"].splitlines() if line.startswith("|")]
    assert [row for row in rows if re.search(r"(?<!\\)[\[`]|<", row)] == []
    assert 'name="GET /json?token=***&amp;password=***&amp;sig=***"' in files["run.xml"]
    ElementTree.fromstring(files["run.xml"])
    messages = [row["message"] for row in json.loads(files["run.failures.json"])["failures"]]
    assert any(message.startswith(r"no broken \x1bc\x1b[N") for message in messages), messages


def test_the_panel_shows_nothing_that_the_server_steers(hostile: ScriptedServer, tmp_path: Path) -> None:
    code, text = on_a_terminal(command(tmp_path, hostile, "--live", "panel"))
    assert code == 1, text
    assert PLANTED not in text
    assert [each for each in ("\x1bc", "\x1b[2J", "\x1b]0", "\x9b", "\x08", "\u202e", "\u2028") if each in text] == []


def experiment_file(folder: Path, server: ScriptedServer) -> Path:
    """Write an experiment of a server that wants a password."""
    file = folder / "mine.toml"
    file.write_text(
        'routes = ["io_read"]\nservers = ["staging"]\nshape = "Ramp"\nusers = "2"\nspawn_rate = "2"\nrun_time = "3s"\n'
        f'[server.staging]\nurl = "http://me:{PLANTED}@{server.address}"\ninterface = "wsgi"\n'
    )
    return file


def test_the_lab_uses_the_password_of_a_server_and_writes_it_nowhere(tmp_path: Path) -> None:
    login = f"Basic {base64.b64encode(f'me:{PLANTED}'.encode()).decode()}"
    refused: list[str] = []

    def guarded(request: ReceivedRequest) -> Sequence[Step]:
        if request.headers.get("authorization") != login:
            refused.append(request.line)
            return [http_response(401, b"no")]
        return [0.05, http_response(404 if request.path == PREFLIGHT_PATH else 200)]

    output = tmp_path / "results"
    with serve_script(guarded) as server:
        run = lab("run", experiment_file(tmp_path, server), "--output", output)
        code, text = on_a_terminal(run)
        assert code == 0, text
        assert refused == []
        requests = len(server.received)
        result = json.loads((output / "trials" / "io_read-staging" / "result.json").read_text())
        assert (result["error"], result["figures"]["failures"]) == ("", [])
        assert PLANTED not in text
        assert [name for name, content in texts_of(output).items() if PLANTED in content] == []
        experiment = json.loads((output / "experiment.json").read_text())
        assert experiment["experiment"]["own_servers"][0]["url"] == f"http://***@{server.address}"

        # The folder alone is not enough to go on: the command that has the password is.
        code, text = done(*lab("run", "--resume", output))
        assert code == 2
        assert f"repeat the command that began it with --output {output}" in text
        assert done(*run)[0] == 0
        assert len(server.received) == requests
        for arguments in (("report", output), ("compare", output, output)):
            code, text = done(*lab(*arguments))
            assert (code, PLANTED in text) == (0, False)
        assert f'url = "http://***@{server.address}"' in (output / "report.md").read_text()


def test_what_a_stopped_run_says_how_to_go_on(tmp_path: Path) -> None:
    output = tmp_path / "results"
    with serve_script(lambda _: [http_response(404)]) as server:
        run = lab("run", experiment_file(tmp_path, server), "-t", "5m", "--output", output)
        with running(*run) as program:
            wait_for(lambda: (output / "trials").is_dir(), lambda: program.text)
            program.popen.terminate()
            program.end()
            assert f"stopped; to continue: the same command with --output {output}" in program.text
            assert PLANTED not in program.text


def test_a_trial_that_fails_names_no_password(tmp_path: Path) -> None:
    with serve_script(lambda _: [http_response(500, TEXT.encode())]) as server:
        file = experiment_file(tmp_path, server)
        code, text = on_a_terminal(lab("run", file, "--output", tmp_path / "results"))
        assert code == 1
        address = server.address
        server.stop()
        code, text = on_a_terminal(lab("run", file, "--output", tmp_path / "results"))
    assert code == 1
    line = " ".join(text.split())  # the terminal wraps it
    assert f"staging does not respond at http://***@{address}; start it, or correct its url" in line
    files = texts_of(tmp_path / "results")
    assert [name for name, content in {**files, "terminal": text}.items() if PLANTED in content] == []
