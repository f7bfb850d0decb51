"""Facts about the repository that its documents state: commands, flags, tables, files and links."""

import configparser
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

import locust_asyncdjango
from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.routes import ROUTES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCS = {path.name: path.read_text() for path in sorted((ROOT / "docs").glob("*.md"))}
DOCUMENTS = {
    "README.md": README,
    **{name: (ROOT / name).read_text() for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")},
    **{f"docs/{name}": text for name, text in DOCS.items()},
}
OUR_COMMAND = re.compile(r"locust-asyncdjango(?= |$)")


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return parser


def shell_lines(text: str) -> list[str]:
    """Return the commands in the sh blocks of a document, without comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines() if line.strip()]


COMMANDS = [(name, line) for name, text in DOCUMENTS.items() for line in shell_lines(text)]


def documented_flags(text: str) -> dict[str, str]:
    """Return the table of flags: a flag -> its environment variable."""
    return dict(re.findall(r"^\| `--([\w-]+) [^|]*\| `(\w+)` \|", text, re.MULTILINE))


def test_every_dependency_has_its_reason_above_it() -> None:
    lines = (ROOT / "setup.cfg").read_text().splitlines()
    requirement = re.compile(r"^    [a-z0-9-]+(\[[a-z-]+\])?[><=]")
    numbers = [number for number, line in enumerate(lines) if requirement.match(line) and "python" not in line]
    numbers += [number for number, line in enumerate(lines) if line.strip().startswith("types-")]
    assert len(numbers) > 15
    assert [lines[n] for n in numbers if not lines[n - 1].startswith("    # ")] == []


def test_every_folder_with_modules_is_a_package_of_the_wheel() -> None:
    listed = set(setup_cfg()["options"]["packages"].split())
    homes = {"shapes": "locust_asyncdjango.shapes", "examples": "locust_asyncdjango.examples"}
    folders = {
        file.parent.relative_to(ROOT)
        for top in ("locust_asyncdjango", "target_site", "shapes", "examples")
        for file in (ROOT / top).rglob("*.py")
    }
    assert listed == {homes.get(str(folder), ".".join(folder.parts)) for folder in folders}


def test_the_readmes_extras_are_the_distributions() -> None:
    extras = set(re.findall(r"^\| `pip install 'locust-asyncdjango\[(\w+)\]'`", README, re.MULTILINE))
    assert extras == set(setup_cfg()["options.extras_require"]) - {"all", "dev", "test"}


def test_only_the_extras_that_the_readme_names_change_what_a_project_runs() -> None:
    changed = {"django", "psycopg", "psycopg2-binary", "gunicorn", "uvicorn"}
    options = setup_cfg()
    declared = {"": options["options"]["install_requires"], **options["options.extras_require"]}
    requirements = {extra: set(re.findall(r"^([\w-]+)", text, re.MULTILINE)) for extra, text in declared.items()}
    row = re.compile(r"^\| `pip install '?locust-asyncdjango(?:\[(\w+)\])?'?` \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
    documented = dict(row.findall(README))
    assert set(documented) == {"", "report", "target", "lab", "servers"}
    for extra, effect in documented.items():
        is_harmless = extra != "servers" and not requirements[extra] & changed  # servers includes lab
        assert effect.startswith("nothing") == is_harmless


def test_documents_install_a_checkout_editable() -> None:
    # Locust puts the current folder first on sys.path. There only an editable install has locust_asyncdjango.shapes.
    checkout = re.compile(r"pip install[^\n`#]*? '?\.(?:\[[\w,]+\])?'?(?=[\s`;,)]|$)")
    installs = {(name, command) for name, text in DOCUMENTS.items() for command in checkout.findall(text)}
    assert ("README.md", "pip install -e '.[lab]'") in installs
    assert [install for install in sorted(installs) if " -e " not in install[1]] == []


def test_the_make_commands_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {shlex.split(line)[1] for _, line in COMMANDS if line.startswith("make ")}
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize(("document", "line"), [c for c in COMMANDS if OUR_COMMAND.match(c[1])])
def test_our_commands_in_documents_can_be_parsed(document: str, line: str) -> None:
    assert document
    arguments = [word.strip("[]") for word in shlex.split(line)[1:]]
    if arguments != ["--version"]:
        cli.parser().parse_args(arguments)


def test_documents_say_of_the_quick_experiment_how_long_its_plan_takes() -> None:
    pytest.importorskip("rich", reason="needs the lab: pip install 'locust-asyncdjango[lab]'")
    from locust_asyncdjango.lab.commands import run
    from locust_asyncdjango.lab.report.plan_preview import plan_text

    arguments = ["run", str(ROOT / "examples" / "latency.toml"), "--preset", "quick"]
    text = plan_text(run.requested(cli.parser().parse_args(arguments))[0], 28.0)
    assert text.endswith("\n27 trials of 28 s; about 20 min, including starting and stopping")
    for document in (README, DOCS["experiments.md"]):
        (line,) = re.findall(r"^locust-asyncdjango run examples/latency.toml --preset quick .*", document, re.MULTILINE)
        assert line.endswith("in 20 minutes")


def test_locusts_commands_in_documents_can_be_parsed() -> None:
    from locust.argument_parser import get_parser

    import locust_asyncdjango.plugin  # noqa: F401 - it adds our flags to Locust's parser

    parser = get_parser()
    known = {option for action in parser._actions for option in action.option_strings}
    lines = [line for _, line in COMMANDS if line.startswith("locust ")]
    assert any("-f examples/io_read.py" in line and "--shape RampTo500" in line for line in lines)
    words = {
        word.partition("=")[0] for line in lines for word in shlex.split(line)[1:] if re.match(r"--?[a-z]", word, re.I)
    }
    assert words - known == set()


def test_the_files_that_documents_name_exist() -> None:
    folders = "examples|docs|benchmarks|tests|shapes|tools|target_site|locust_asyncdjango"
    names = {
        (document, name)
        for document, text in DOCUMENTS.items()
        if document != "CHANGELOG.md"
        for name in re.findall(rf"(?<![\w/])(?:{folders})/[\w/.-]*\w\.\w+", text)
    }
    assert ("README.md", "examples/latency.toml") in names
    assert [name for name in sorted(names) if not (ROOT / name[1]).exists()] == []


def test_the_links_between_documents_lead_somewhere() -> None:
    broken = [
        (document, link)
        for document, text in DOCUMENTS.items()
        for link in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", text)
        if not (ROOT / document).parent.joinpath(link).exists()
    ]
    assert broken == []


def test_the_readme_links_to_every_page() -> None:
    assert [name for name in DOCS if f"](docs/{name})" not in README] == []


def test_the_readmes_table_of_flags_is_the_parsers() -> None:
    from locust_asyncdjango.plugin.options import ENV_PREFIX, Options

    names = [each.name for each in fields(Options)]
    assert documented_flags(README) == {name.replace("_", "-"): f"{ENV_PREFIX}{name.upper()}" for name in names}


def test_the_changelog_has_the_version() -> None:
    assert f"## [{locust_asyncdjango.__version__}]" in DOCUMENTS["CHANGELOG.md"]


def test_public_names_can_be_imported() -> None:
    assert [name for name in locust_asyncdjango.__all__ if not getattr(locust_asyncdjango, name)] == []
    assert dir(locust_asyncdjango) == sorted(locust_asyncdjango.__all__)


def test_the_documents_and_the_settings_name_every_variable_of_the_site() -> None:
    pytest.importorskip("django", reason="needs Django: pip install 'locust-asyncdjango[target]'")
    from target_site.config import PREFIX, SiteConfig

    settings = (ROOT / "target_site" / "settings.py").read_text()
    names = [each.name.upper() for each in fields(SiteConfig)]
    variables = [name if name.endswith("_URL") else PREFIX + name for name in names]
    assert [name for name in variables if name not in settings] == []
    assert [name for name in variables if f"`{name}`" not in DOCS["target-site.md"]] == []


def test_the_documents_name_every_variant() -> None:
    table = DOCS["target-site.md"]
    for route in ROUTES.values():
        (row,) = re.findall(rf"^\| [^|\n]*`{route.name}`[^|\n]*\| [^|\n]*\| [^|\n]*\|$", table, re.MULTILINE)
        suffixes = {"list_detail": "_pool", "external": "_new_client"}
        named = {
            name.removesuffix(suffixes.get(route.name, "-")) for name in (*route.sync_variants, *route.async_variants)
        }
        assert [name for name in named if f"`{name}`" not in row] == []


def test_the_documents_name_every_user_every_kind_and_every_route() -> None:
    from locust_asyncdjango.failures.kinds import KINDS

    bases = ("RouteUser", "FastUser")
    users = [name for name in locust_asyncdjango.__all__ if name.endswith("User") and name not in bases]
    assert [name for name in (*users, *KINDS, *ROUTES) if f"`{name}`" not in README] == []
    assert [name for name in KINDS if f"`{name}`" not in DOCS["failures.md"]] == []


def test_the_documents_name_every_server_with_its_slots() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| .* \| (\w+) \|$", DOCS["servers.md"], re.MULTILINE)
    assert rows == [(server.name, str(server.slots or "unbounded")) for server in SERVERS.values()]
    assert [name for name in SERVERS if f"`{name}`" not in README] == []


def test_the_documents_name_every_setting_of_the_proxy() -> None:
    from locust_asyncdjango.lab.proxy.toxics import SETTINGS

    text = DOCS["latency.md"]
    downstream = [name for name in SETTINGS if not name.startswith("upstream_")]
    assert [name for name in downstream if f"`{name}`" not in text or f"--{name.replace('_', '-')}" not in text] == []


def test_the_design_has_a_row_for_every_folder_with_modules() -> None:
    rows = re.findall(r"^\| `([\w/]+/)` \|.*\| `([\w.]+)` \|$", DOCS["design.md"], re.MULTILINE)
    tops = {"locust_asyncdjango", "target_site", "shapes", "examples"}
    folders = {f"{path.parent.relative_to(ROOT)}/" for top in tops for path in (ROOT / top).rglob("*.py")}
    documented = {folder for folder, _ in rows}
    assert folders - {"target_site/management/"} - documented == set()
    assert [folder for folder, start in rows if not (ROOT / folder / start).exists()] == []
