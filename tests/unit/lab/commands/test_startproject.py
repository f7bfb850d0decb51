"""What a project consists of, and what it may be called."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from locust_asyncdjango.lab.commands import startproject
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.routes import ROUTES

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1st", "lower-case letters, digits"),
        ("my site", "lower-case letters, digits"),
        ("my.site", "lower-case letters, digits"),
        ("", "lower-case letters, digits"),
        ("MySite", "lower-case letters, digits"),  # SQL without quotes cannot name its table, "MySite_post"
        ("größe", "lower-case letters, digits"),
        ("s" * 41, "at most 40 "),
        ("class", "not a keyword of Python"),
        ("test", "a module of that name exists already"),
        ("django", "a module of that name exists already"),
        ("target_site", "a module of that name exists already"),
        ("__main__", "a module of that name exists already"),
        ("manage", "the project has something else of that name"),
        ("auth", "Django has an app of that name"),
    ],
)
def test_a_name_that_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=rf"(?s)^the site's package cannot be called {name!r}.*--name") as refused:
        startproject.check_name(name, tmp_path)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", ["mysite", "my_site", "_site2", "s" * 40, "match"])
def test_a_name_that_is_accepted(tmp_path: Path, name: str) -> None:
    startproject.check_name(name, tmp_path)


def test_the_empty_target_on_the_path_is_no_module_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "my_empty_site"
    target.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    startproject.check_name(target.name, target)
    with pytest.raises(UsageError, match="exists already"):
        startproject.check_name(target.name, tmp_path / "elsewhere")


def test_a_projects_files() -> None:
    files = dict(startproject.project_files("mysite"))
    names = {str(path) for path in files}
    assert {"README.md", "requirements.txt", "manage.py", "mysite/settings.py", "mysite/tests.py"} <= names
    assert {"mysite/templates/mysite/index.html", "mysite/migrations/0001_initial.py"} <= names
    assert {name for name in names if name.startswith("locustfiles")} == {
        f"locustfiles/{name}.py" for name in (*ROUTES, "fast_user")
    }
    assert not any("__pycache__" in name or "__main__" in name for name in names)
    assert [path for path, text in files.items() if "target_site" in f"{path} {text}"] == []
    for path, text in files.items():
        if path.suffix == ".py":
            ast.parse(text)
    assert "locust -f locustfiles/cpu.py " in files[Path("locustfiles/cpu.py")]
    assert "TARGET_SITE_ORM_DRIVER" in files[Path("mysite/settings.py")]


def test_a_project_has_djangos_middleware_by_default() -> None:
    files = dict(startproject.project_files("mysite"))
    for path, (line, replacement) in startproject.PROJECT_DEFAULTS.items():
        original, text = (ROOT / "target_site" / path).read_text(), files[Path("mysite") / path]
        assert (original.count(line), text.count(line), text.count(replacement)) == (1, 0, 1)


def test_all_of_the_site_is_there() -> None:
    site = ROOT / "target_site"
    sources = {str(path.relative_to(site)) for kind in ("*.py", "*.html", "*.txt") for path in site.rglob(kind)}
    copied = {str(path.relative_to("s")) for path, _ in startproject.project_files("s") if path.parts[0] == "s"}
    assert {name.replace("/target_site/", "/s/") for name in sources} - {"__main__.py"} == copied


def test_requirements_are_the_targets_and_the_web_servers() -> None:
    declared = [
        "locust<3,>=2.47",
        'django<7,>=5.2; extra == "target"',
        "psycopg[binary,pool]>=3.2.3 ; extra == 'target'",
        'old>=1; (python_version < "3.13" or os_name == "nt") and extra == "target"',
        'locust-asyncdjango[target]; extra == "lab"',
        'gunicorn>=23; extra == "lab"',
        'uvicorn-worker>=0.3; python_version < "4" and extra == "lab"',
        'uvloop>=0.21; extra == "lab"',
        'ruff>=0.11; extra == "dev"',
    ]
    assert startproject.requirements(declared) == [
        f"locust-asyncdjango>={version('locust-asyncdjango')}",
        "django<7,>=5.2",
        "psycopg[binary,pool]>=3.2.3",
        'old>=1; (python_version < "3.13" or os_name == "nt")',
        "gunicorn>=23",
        'uvicorn-worker>=0.3; python_version < "4"',
    ]


def test_the_requirements_of_the_installed_distribution() -> None:
    text = dict(startproject.project_files("mysite"))[Path("requirements.txt")]
    packages = {re.split(r"[\[<>=;]", line)[0] for line in text.splitlines()}
    assert {"locust-asyncdjango", "django", "asyncpg", "psycopg", *startproject.WEB_SERVERS} <= packages
    assert "extra" not in text


@pytest.mark.parametrize("there", [True, False])
def test_a_failure_midway_leaves_nothing(tmp_path: Path, *, there: bool) -> None:
    target = tmp_path / "mysite"
    if there:
        target.mkdir()

    def files() -> Iterator[tuple[Path, str]]:
        yield Path("manage.py"), "pass\n"
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        startproject.write_files(files(), target)
    assert [path.name for path in tmp_path.rglob("*")] == (["mysite"] if there else [])
