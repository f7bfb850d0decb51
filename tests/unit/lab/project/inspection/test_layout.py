"""Where the parts of a project are."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.layout import Layout, find_layout

MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{}")\n'


def write(root: Path, **files: str) -> None:
    """Write files; in their names __ stands for a slash, and they end with .py."""
    for name, text in files.items():
        file = root / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_the_nearest_project(tmp_path: Path) -> None:
    write(tmp_path, a__b__manage=MANAGE.format("deep.settings"), backend__manage=MANAGE.format("mysite.settings.dev"))
    write(tmp_path, backend__mysite__wsgi=MANAGE.format("mysite.settings.production"))
    write(tmp_path, venv__lib__manage=MANAGE.format("none"))
    (tmp_path / "backend" / "blog" / "fixtures").mkdir(parents=True)
    for name in ("demo.json", "more.yaml.gz", "README.md"):
        (tmp_path / "backend" / "blog" / "fixtures" / name).touch()
    assert find_layout(tmp_path) == Layout(
        tmp_path / "backend",
        has_manage=True,
        settings="mysite.settings.dev",
        other_settings="mysite.settings.production",
        fixtures=("blog/fixtures/demo.json", "blog/fixtures/more.yaml.gz"),
    )
    assert find_layout(tmp_path, "other").settings == "other"


def test_settings_without_manage(tmp_path: Path) -> None:
    assert find_layout(tmp_path, "ara.server.settings") == Layout(
        tmp_path, has_manage=False, settings="ara.server.settings"
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there is no manage.py in {root}; change into the project's folder, or name its settings module with"),
        ({"a__manage": "", "b__manage": ""}, "there are several projects: a/manage.py, b/manage.py; change into the"),
        ({"manage": "print()"}, "{root}/manage.py names no settings module; name it with --settings, such as"),
    ],
)
def test_no_single_project(tmp_path: Path, files: dict[str, str], message: str) -> None:
    write(tmp_path, **files)
    with pytest.raises(UsageError) as refused:
        find_layout(tmp_path)
    assert str(refused.value).startswith(message.format(root=tmp_path))
