"""Variables that choose the database of settings, by their source alone."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.inspection.switches import FLAGS, NAMES, switch_values

HEALTHCHECKS = """
DB = os.getenv("DB", "sqlite")
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.getenv("DB_NAME", "hc.sqlite")}}
if os.getenv("DB") == "postgres":
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.getenv("DB_HOST", "")}}
if os.getenv("DB") == "mysql":
    DATABASES = {"default": {"ENGINE": "django.db.backends.mysql", "HOST": os.getenv("DB_HOST", "")}}
"""
PG = 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}'


def values(root: Path, text: str, kind: str = "postgresql") -> list[tuple[str, str]]:
    """Return the variables and values to try for a settings module."""
    (root / "mysite").mkdir(exist_ok=True)
    (root / "mysite" / "settings.py").write_text(text)
    return list(switch_values(root, "mysite.settings", kind))


@pytest.mark.parametrize(("kind", "first"), [("postgresql", "postgres"), ("mysql", "mysql")])
def test_the_value_with_which_the_settings_compare_comes_first(tmp_path: Path, kind: str, first: str) -> None:
    found = values(tmp_path, HEALTHCHECKS, kind)
    assert found[0] == ("DB", first)
    assert {name for name, _ in found} == {"DB"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'if os.environ.get("KIND", "x").lower() in ("psql", "pg"):\n    {PG}', [("KIND", "psql"), ("KIND", "pg")]),
        (f'STAGE = env("STAGE")\nif STAGE != "local":\n    {PG}', [("STAGE", "local")]),
        (f'if not DEBUG:\n    {PG}\nDEBUG = env.bool("DEBUG")', [("DEBUG", flag) for flag in FLAGS]),
        (f'if "CI" in os.environ:\n    {PG}', [("CI", "true"), ("CI", "1")]),
        (
            f'match os.environ["KIND"]:\n    case "sqlite":\n        pass\n    case "pg" | "postgis":\n        {PG}',
            [("KIND", "pg"), ("KIND", "postgis")],
        ),
        ('DATABASES = {"default": A if os.getenv("KIND") == "pg" else DATABASES}', [("KIND", "pg")]),
        (
            'ALL = {"lite": {"ENGINE": "a"}, "pg": {"ENGINE": "b"}}\nDATABASES = {"default": ALL[config("KIND")]}',
            [("KIND", "pg"), ("KIND", "lite")],
        ),
        (
            'DATABASES = {"default": {"ENGINE": "django.db.backends." + os.getenv("X", "sqlite3")}}',
            [("X", name) for name in NAMES["postgresql"]],
        ),
        ('DATABASE_ENGINE = os.getenv("DATABASE_ENGINE")', [("DATABASE_ENGINE", each) for each in NAMES["postgresql"]]),
        ('A = env.bool("USE_POSTGRES")', [("USE_POSTGRES", "true"), ("USE_POSTGRES", "1")]),
        ('A = env.bool("USE_MYSQL")', []),
        (f'if os.getenv("DB_HOST"):\n    {PG}\nDATABASES["default"]["HOST"] = os.getenv("DB_HOST")', []),
        ('if os.getenv("MODE") == "fast":\n    CACHES = {}', []),
        ('DATABASES = {"default": env.db("DB")}', []),
    ],
)
def test_how_settings_choose_their_database(tmp_path: Path, text: str, expected: list[tuple[str, str]]) -> None:
    assert values(tmp_path, text) == expected


def test_what_names_the_kind_of_database_is_tried_before_what_may_be_anything(tmp_path: Path) -> None:
    text = f'if os.getenv("STAGE") == "live" or os.getenv("USE_PG") or os.getenv("KIND") == "postgres":\n    {PG}'
    found = values(tmp_path, text)
    assert found[0] == ("KIND", "postgres")
    assert [name for name, _ in found] == ["KIND", *["USE_PG"] * 4, "STAGE"]
