"""Folders of installed packages."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.packages import locustfile, package_folder
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.routes import ROUTES


def test_a_package_is_located_without_being_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "not_to_be_imported"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_folder("not_to_be_imported") == package


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(UsageError) as refused:
        package_folder("no_such_package")
    assert str(refused.value) == (
        "no_such_package is not installed: pip install 'locust-asyncdjango[lab]', or in a checkout"
        " pip install -e '.[lab]'"
    )


@pytest.mark.parametrize("route", ROUTES)
def test_each_route_has_a_locustfile(route: str) -> None:
    assert locustfile(route).is_file()
