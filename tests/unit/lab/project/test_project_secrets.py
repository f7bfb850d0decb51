"""What of a project's environment is secret, and how it is found in texts."""

import html
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.project_secrets import Secrets, secrets_of
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess
from locust_asyncdjango.routes import Login, View

PLAIN = Project(Path("/shop/asyncdjango.toml"), Path("/shop"), Path("python"), "shop.settings")


@pytest.mark.parametrize(
    ("project", "environ", "secret"),
    [
        (replace(PLAIN, env={"GREETING": "{env.HELLO}"}), {"HELLO": "hello-hello"}, "hello-hello"),
        (replace(PLAIN, env={"SECRET_KEY": "in-the-file"}), {}, "in-the-file"),
        (replace(PLAIN, override={"DATABASES": {"default": {"PASSWORD": "of-a-db"}}}), {}, "of-a-db"),
        (replace(PLAIN, override={"HOSTS": ["{env.HOSTS}"]}), {"HOSTS": "a.example.com"}, "a.example.com"),
        (replace(PLAIN, arms=(ProjectArm("a", "uvicorn", env={"API_TOKEN": "of-an-arm"}),)), {}, "of-an-arm"),
        (
            replace(PLAIN, processes=(ProjectProcess("api", "api {env.API}", ready_log="x"),)),
            {"API": "key-of-api"},
            "key-of-api",
        ),
        (replace(PLAIN, database_url="{env.STAGING}"), {"STAGING": "mysql://a:p%40ss@h/x"}, "p@ss"),
        (replace(PLAIN, views=(View("a", "/", json={"x": [{"y": "{env.Y}"}]}),)), {"Y": "a-value"}, "a-value"),
        (replace(PLAIN, views=(View("a", "/", headers=(("Authorization", "Bearer abc-def"),)),)), {}, "abc-def"),
        (replace(PLAIN, logins={"a": Login("a", form=(("password", "hunter2"),))}), {}, "hunter2"),
        (PLAIN, {"AWS_SECRET_ACCESS_KEY": "of-the-shell"}, "of-the-shell"),
        (PLAIN, {"REDIS": "redis://:pass-of-redis@h:1"}, "pass-of-redis"),
    ],
)
def test_a_secret_is_hidden(project: Project, environ: dict[str, str], secret: str) -> None:
    text = f"it is {secret}, said the log"
    assert secrets_of(project, environ).hide(text) == "it is ***, said the log"
    assert secrets_of(PLAIN, {}).hide(text) == text


def test_what_is_no_secret_stays() -> None:
    environ = {
        "MODE": "a",
        "HOME": "/",
        "PWD": "/gone/away",
        "DB_PASSWORD": "true",
        "OTHER": "something",
        "TOKEN": "12",
    }
    project = replace(PLAIN, env={"A": "{env.MODE}", "B": "{env.HOME}", "C": "plain text", "D": "{db.url} {{x}}"})
    text = "a / /gone/away true something 12 plain text"
    assert secrets_of(project, environ).hide(text) == text


def test_the_variables_of_a_dotenv_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# SECRET_KEY=comment\nexport SECRET_KEY='of-dotenv'\nDEBUG=enabled\n")
    secrets = secrets_of(replace(PLAIN, root=tmp_path), {})
    assert secrets.hide("of-dotenv enabled comment") == "*** enabled comment"


@pytest.mark.parametrize("write", [str, repr, json.dumps, html.escape, quote, lambda text: quote(text, safe="")])
def test_a_secret_is_found_however_it_is_written(write: object) -> None:
    secret = 'it\'s "a" <käse> & pass/word'
    assert callable(write)
    text = f"x {write(secret)} y"
    assert "pass" not in Secrets([secret]).hide(text)


def test_a_secret_of_several_lines_is_found_line_by_line() -> None:
    secrets = Secrets(["first line\nab\nlast line"])
    assert [secrets.hide(line) for line in ("first line", "ab", "the last line.")] == ["***", "ab", "the ***."]


def test_a_short_word_is_hidden_as_a_whole_word_only() -> None:
    secrets = Secrets(["postgres", "0123456789abcdef"])
    assert secrets.hide("postgresql postgres: x0123456789abcdefx") == "postgresql ***: x***x"


def test_values_of_json_are_hidden_in_all_texts() -> None:
    assert Secrets(["s3cret"]).hide_in({"a": ["s3cret", 1, {"b": "a s3cret"}]}) == {"a": ["***", 1, {"b": "a ***"}]}


@pytest.mark.parametrize(
    ("cut", "safe"),
    [
        ("the key is top-s3", "the key is "),
        ("the key is pa55 wo", "the key is "),
        ("it is pa55 word, not th", "it is ***, not "),
        ("top-s3", ""),
        ("at the end of a wor", "at the end of a "),
        ("", ""),
    ],
)
def test_of_a_text_that_was_cut_no_half_secret_stays(cut: str, safe: str) -> None:
    assert Secrets(["top-s3cret", "pa55 word"]).hide_cut(cut).rstrip() == safe.rstrip()
