"""Facts about the repository that its documents state."""

import configparser
import re
from pathlib import Path

import locust_asyncdjango

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def test_every_dependency_has_its_reason_above_it() -> None:
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    requirement = re.compile(r"^    [a-z0-9-]+(\[[a-z-]+\])?[><=]")
    found = [number for number, line in enumerate(lines) if requirement.match(line) and "python" not in line]
    found += [number for number, line in enumerate(lines) if line.strip().startswith("types-")]
    assert len(found) > 15
    assert [lines[n] for n in found if not lines[n - 1].startswith("    # ")] == []


def test_every_folder_with_modules_is_a_package_of_the_wheel() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    homes = {"shapes": "locust_asyncdjango.shapes", "examples": "locust_asyncdjango.examples"}
    folders = {
        file.parent.relative_to(ROOT)
        for top in ("locust_asyncdjango", "target_site", "shapes", "examples")
        for file in (ROOT / top).rglob("*.py")
    }
    assert listed == {homes.get(str(folder), ".".join(folder.parts)) for folder in folders}


def test_the_readmes_make_commands_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_the_readmes_files_exist() -> None:
    assert [name for name in re.findall(r"(?:examples|docs)/\w+\.\w+", README) if not (ROOT / name).exists()] == []


def test_the_readme_names_every_flag_of_ours_and_every_environment_variable() -> None:
    from locust_asyncdjango.plugin.options import ENV_PREFIX, Options

    assert [name for name in Options.__slots__ if f"--{name.replace('_', '-')}" not in README] == []
    assert [name for name in Options.__slots__ if f"{ENV_PREFIX}{name.upper()}" not in README] == []


def test_the_changelog_has_the_version() -> None:
    assert f"## [{locust_asyncdjango.__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_public_names_can_be_imported() -> None:
    assert [name for name in locust_asyncdjango.__all__ if not getattr(locust_asyncdjango, name)] == []
    assert dir(locust_asyncdjango) == sorted(locust_asyncdjango.__all__)


def test_the_readme_and_the_settings_name_every_factor() -> None:
    import target_site
    from target_site.config import PREFIX, SiteConfig

    settings = Path(target_site.__file__).with_name("settings.py").read_text()
    names = [name.upper() if name.endswith("_url") else PREFIX + name.upper() for name in SiteConfig.__slots__]
    assert [name for name in names if name not in settings] == []
    assert [name for name in names if name not in README and name != f"{PREFIX}INTERFACE"] == []


def test_the_readme_names_every_user_every_kind_and_every_route() -> None:
    from locust_asyncdjango.failures.kinds import KINDS
    from locust_asyncdjango.routes import ROUTES

    bases = ("RouteUser", "FastUser")
    users = [name for name in locust_asyncdjango.__all__ if name.endswith("User") and name not in bases]
    assert [name for name in (*users, *KINDS, *ROUTES) if f"`{name}`" not in README] == []


def test_the_documents_name_every_server_with_its_slots() -> None:
    from locust_asyncdjango.lab.environment.servers import SERVERS

    rows = re.findall(r"^\| `([\w-]+)` \| .* \| (\w+) \|$", (ROOT / "docs" / "servers.md").read_text(), re.MULTILINE)
    assert rows == [(server.name, str(server.slots or "unbounded")) for server in SERVERS.values()]
    assert [name for name in SERVERS if f"`{name}`" not in README] == []


def test_the_documents_name_every_setting_of_the_proxy() -> None:
    from locust_asyncdjango.lab.proxy.toxics import SETTINGS

    text = (ROOT / "docs" / "latency.md").read_text()
    downstream = [name for name in SETTINGS if not name.startswith("upstream_")]
    assert [name for name in downstream if f"`{name}`" not in text or f"--{name.replace('_', '-')}" not in text] == []
