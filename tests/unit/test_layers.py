"""Who may import whom, by folder (docs/design.md)."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "locust_asyncdjango"
SHARED = {"_version", "addresses", "extras", "routes", "metrics", "analysis", "failures", "probe.protocol"}
"""What the lab may use of the rest."""
MAY_IMPORT = {
    "": {"_version", "client", "failures", "load", "plugin", "routes", "users"},
    "metrics": set(),
    "routes": set(),
    "addresses": set(),
    "extras": set(),
    "probe": set(),
    "failures": {"probe.protocol"},
    "shapes": {"metrics.plural", "metrics.statistics"},
    "analysis": {"metrics", "failures"},
    "client": {"failures", "probe.protocol"},
    "load": {"shapes"},
    "plugin": {"_version", "addresses", "extras", "analysis", "client.exceptions", "failures", "load", "metrics"},
    "users": {"plugin", "client", "failures", "load", "metrics.strict_json", "routes"},
    "lab.errors": {"failures"},
    "lab.environment": {"lab.errors", *SHARED},
    "lab.hosts": {"lab.errors", *SHARED},
    "lab.proxy": {"lab.errors", "lab.environment"},
    "lab.experiment": {"lab.environment", "lab.hosts", "lab.errors", *SHARED},
    "lab.project": {"lab.environment", "lab.hosts", "lab.errors", *SHARED},
    "lab.analysis": {"lab.experiment", "lab.project", "lab.environment", "lab.errors", *SHARED},
    "lab.measure": {
        "lab.analysis",
        "lab.experiment",
        "lab.project",
        "lab.hosts",
        "lab.environment",
        "lab.errors",
        *SHARED,
    },
    "lab.report": {"lab.analysis", "lab.experiment", "lab.project", "lab.environment", "lab.errors", *SHARED},
    "lab.commands": {
        "lab.project",
        "lab.report",
        "lab.measure",
        "lab.analysis",
        "lab.experiment",
        "lab.environment",
        "lab.errors",
        *SHARED,
    },
    "lab.cli": {"lab", *SHARED},
}
STANDARD_LIBRARY_ONLY = ("metrics", "failures", "analysis", "routes", "addresses", "extras", "probe.protocol")
DRIVERS = {"psycopg2", "psycopg", "psycopg_pool", "asyncpg", "redis", "aioredis", "httpx", "gevent", "psycogreen"}
MODULES = {
    ".".join((*above, *path.relative_to(root).with_suffix("").parts)).removesuffix("__init__").rstrip("."): path
    for root, above in ((ROOT / PACKAGE, ()), (ROOT / "shapes", ("shapes",)))
    for path in sorted(root.rglob("*.py"))
}


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, the most exact one of each."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = imported_from(node, path)
            whole = {f"{module}.{alias.name}".removeprefix(f"{PACKAGE}.") for alias in node.names}
            names |= {f"{PACKAGE}.{full}" if full in MODULES else module for full in whole}
    return names


def imported_from(node: ast.ImportFrom, path: Path) -> str:
    """Return the dotted name of the module that a file imports from, of a relative import too."""
    if not node.level:
        return str(node.module)
    above = path.relative_to(ROOT).parts[: -node.level]
    package = (PACKAGE, *above) if above[0] == "shapes" else above
    return ".".join((*package, node.module) if node.module else package)


def imports_of_ours(name: str) -> set[str]:
    """Return the modules of the package that one of them imports, without the package's own name before them."""
    ours = {each.removeprefix(PACKAGE).lstrip(".") for each in imports(MODULES[name]) if within(each, {PACKAGE})}
    return ours - {""}


def within(name: str, folders: set[str]) -> bool:
    """Return whether a module is one of these, or lies below one."""
    return any(name == folder or name.startswith(f"{folder}.") for folder in folders)


def test_modules_import_only_what_their_folders_may() -> None:
    assert {name: wrong for name in MODULES if (wrong := forbidden_imports(name))} == {}


def forbidden_imports(name: str) -> set[str]:
    """Return what a module imports although its folder may not."""
    home = max((folder for folder in MAY_IMPORT if within(name, {folder})), key=len, default="")
    ours = {each for each in imports_of_ours(name) if not within(each, {home, *MAY_IMPORT[home]})}
    outside = {each.partition(".")[0] for each in imports(MODULES[name])} - sys.stdlib_module_names - {PACKAGE}
    if within(name, set(STANDARD_LIBRARY_ONLY)):
        return ours | outside
    if home == "probe":
        return ours | outside - {"django", "asgiref"}
    if home == "shapes":
        return ours | outside - {"locust"}
    if within(name, {"lab"}):
        return ours | outside & {"locust", "gevent", "geventhttpclient", "target_site", "django"}
    return ours


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    TopologicalSorter({name: imports_of_ours(name) for name in MODULES}).prepare()  # CycleError names the circle


def test_relative_imports_and_those_inside_functions_count() -> None:
    assert "shapes.ramp" in imports_of_ours("shapes")
    assert "lab.commands.serve_all" in imports_of_ours("lab.commands.serve")


def test_the_site_needs_django_and_its_drivers_alone() -> None:
    imported = {name.partition(".")[0] for path in (ROOT / "target_site").rglob("*.py") for name in imports(path)}
    assert imported <= {"target_site", "django", "asgiref", "dj_database_url"} | DRIVERS | sys.stdlib_module_names


def test_the_lab_loads_neither_gevent_nor_what_takes_long() -> None:
    pytest.importorskip("numpy", reason="needs the lab: pip install 'locust-asyncdjango[lab]'")
    modules = ", ".join(
        f"locust_asyncdjango.lab.{name}"
        for name in ("cli", "commands.run", "commands.report", "measure.runner", "report.experiment_report")
    )
    late = {"gevent", "scipy.optimize", "scipy.signal", "scipy.stats"}
    code = f"import {modules}, sys; print({late} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "set()\n"


def test_only_modules_that_log_no_text_from_outside_have_a_logger_that_is_not_safe() -> None:
    plain = {name for name, path in MODULES.items() if "logging.getLogger(__name__)" in path.read_text()}
    assert {name for name in plain if not within(name, {"load", "shapes"})} == set()
