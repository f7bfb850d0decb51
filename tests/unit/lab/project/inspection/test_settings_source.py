"""Which variables settings read, by their source alone."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.inspection.settings_source import (
    Variable,
    example_names,
    mentions,
    read_variables,
    service_env,
)


def variables(root: Path, text: str) -> tuple[Variable, ...]:
    """Return the variables that a settings module reads."""
    (root / "mysite").mkdir(exist_ok=True)
    (root / "mysite" / "settings.py").write_text(text)
    return read_variables(root, "mysite.settings")


@pytest.mark.parametrize(
    ("text", "env"),
    [
        ('DATABASES = {"default": env.db()}', {"DATABASE_URL": "{db.url}"}),
        ('DATABASES = {"default": env.db("DB")}', {"DB": "{db.url}"}),
        ('DATABASES = {"default": env.db_url("DB", default="sqlite:///x")}', {"DB": "{db.url}"}),
        ('DATABASES["default"] = dj_database_url.config(conn_max_age=600)', {"DATABASE_URL": "{db.url}"}),
        ('DATABASES = {"default": dj_database_url.config(env="PG")}', {"PG": "{db.url}"}),
        ('DATABASES = {"default": dj_database_url.parse(os.environ["PG"])}', {"PG": "{db.url}"}),
        ('DATABASES = {"default": config("PG", cast=db_url)}', {"PG": "{db.url}"}),
        ('URL = os.getenv("PG")\nDATABASES = {"default": dj_database_url.parse(URL)}', {"PG": "{db.url}"}),
        (
            'DATABASES = {"default": {"ENGINE": os.environ.get("E", "x"), "HOST": config("H", default=""),'
            ' "PORT": env("P"), "NAME": env.str("N"), "USER": os.environ["U"], "PASSWORD": get_env_variable("W"),'
            ' "CONN_MAX_AGE": env.int("A")}}',
            {
                "E": "django.db.backends.postgresql",
                "H": "{db.host}",
                "P": "{db.port}",
                "N": "{db.name}",
                "U": "{db.user}",
                "W": "{db.password}",
            },
        ),
        (
            'HOST = os.environ.get("H")\nif HOST:\n    DATABASES = {"default": {"HOST": HOST or "x"}}\n'
            'DATABASES["default"]["PORT"] = os.environ["P"]',
            {"H": "{db.host}", "P": "{db.port}"},
        ),
        ('DATABASES["default"].update({"NAME": os.environ["N"]})', {"N": "{db.name}"}),
        (
            'DATABASES["default"] |= {"HOST": os.getenv("H")}\nDATABASES["default"].update(PORT=os.getenv("P"))\n'
            'DATABASES = {"default": dict(NAME=os.getenv("N"), CONN_MAX_AGE=os.getenv("A"))}',
            {"H": "{db.host}", "P": "{db.port}", "N": "{db.name}"},
        ),
        (
            'MINE = {"HOST": os.getenv("H"), "PORT": (port := os.getenv("P"))}\nDATABASES = {"default": MINE}',
            {"H": "{db.host}", "P": "{db.port}"},
        ),
        (
            'def database():\n    return {"ENGINE": f"django.db.backends.{KIND}", "HOST": os.getenv("H")}\n'
            'HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.Engine", "NAME": os.getenv("INDEX")}}',
            {"H": "{db.host}"},
        ),
        ('DATABASES = {"default": {"HOST": envstr("H", "")}}', {"H": "{db.host}"}),
        ('CACHES = {"default": {"BACKEND": "x", "LOCATION": os.environ.get("R", "")}}', {"R": "{redis.url}"}),
        ('CACHES = {"default": {"LOCATION": os.environ["REDIS_URL"]}}', {"REDIS_URL": "{redis.url}"}),
        ('CACHES = {"default": env.cache("REDIS")}', {"REDIS": "{redis.url}"}),
        ("BROKER = f\"redis://{os.environ['REDIS_HOST']}:1\"", {"REDIS_HOST": "{redis.host}"}),
        ("def broken(", {}),
        ('SECRET_KEY = os.environ["SECRET_KEY"]', {}),
    ],
)
def test_the_variables_of_services(tmp_path: Path, text: str, env: dict[str, str]) -> None:
    assert service_env(variables(tmp_path, text), "postgresql") == {key: value for key, value in env.items() if value}


def test_variables_that_are_needed_and_those_of_imported_modules(tmp_path: Path) -> None:
    (tmp_path / "mysite").mkdir()
    (tmp_path / "mysite" / "base.py").write_text('SECRET_KEY = os.environ["KEY"]\nSTORAGE = "a.ManifestStorage"\n')
    found = variables(tmp_path, 'from .base import *\nfrom .settings import A\nDEBUG = env.bool("DEBUG", False)\n')
    assert found == (
        Variable("KEY", "SECRET_KEY", is_required=True),
        Variable("DEBUG", "DEBUG", is_required=False, cast="bool"),
    )
    assert mentions(tmp_path, "mysite.settings", "Manifest")
    assert not mentions(tmp_path, "mysite.settings", "Whitenoise")
    assert read_variables(tmp_path, "no.such.module") == ()


@pytest.mark.parametrize(
    ("text", "cast"),
    [
        ('A = int(os.environ["V"])', "int"),
        ('A = int(os.environ.get("V"))', "int"),
        ('A = config("V", cast=bool)', "bool"),
        ('A = env.float("V")', "float"),
        ('A = json.loads(os.environ["V"])', "json.loads"),
        ('A = os.environ["V"]', ""),
    ],
)
def test_what_settings_make_of_a_variable(tmp_path: Path, text: str, cast: str) -> None:
    (found,) = variables(tmp_path, text)
    assert (found.name, found.cast) == ("V", cast)


def test_other_engines(tmp_path: Path) -> None:
    found = variables(tmp_path, 'DATABASES = {"default": {"ENGINE": env("E"), "NAME": env("N")}}')
    assert service_env(found, "sqlite") == {"E": "django.db.backends.sqlite3", "N": "{db.name}"}
    assert service_env(found, "own") == {"N": "{db.name}"}


def test_example_files_give_names_and_no_values(tmp_path: Path) -> None:
    (tmp_path / ".env.example").write_text("# comment\nexport API_KEY=s3cret\nDB_HOST = x\nnothing\n")
    (tmp_path / ".env").write_text("REAL=s3cret\n")
    assert example_names(tmp_path) == ("API_KEY", "DB_HOST")
