"""Who may import whom (docs/design.md): the folder border is the process border."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "locust_asyncdjango"
STANDARD_LIBRARY_ONLY = {
    "sample",
    "series",
    "saturation",
    "failures",
    "own_rules",
    "signs",
    "rules",
    "raised",
    "rule",
    "kinds",
    "evidence",
    "folding",
    "postgres_messages",
    "thresholds",
    "tally",
    "junit",
    "outcome",
    "routes",
    "recorder",
    "summary",
    "histogram",
    "row",
    "second",
    "history",
    "held",
    "schedule",
    "told",
    "charts",
}
ROOM_1 = {
    "plugin": {
        "about",
        "arrivals",
        "charts",
        "exchange",
        "failed",
        "failures",
        "held",
        "history",
        "junit",
        "lineup",
        "open_model",
        "options",
        "outcome",
        "outputs",
        "recorder",
        "reporting",
        "row",
        "saturation",
        "shape_choice",
        "summary",
        "tab",
        "tally",
        "thresholds",
        "told",
        "live",
    },
    "about": {"_version", "folding", "options", "outcome", "series"},
    "arrivals": {"schedule"},
    "open_model": {"arrivals", "exchange", "lineup", "schedule", "shape_choice"},
    "users": {"plugin", "options", "routes", "client", "arrivals"},
    "options": {"shape_choice", "thresholds"},
    "lineup": {"arrivals", "options", "shape_choice", "spawning"},
    "outputs": {"junit", "options", "outcome", "row", "second", "series"},
    "outcome": {"junit", "saturation", "tally", "thresholds"},
    "client": {"connection", "failed", "prepared", "response", "wire"},
    "prepared": {"connection", "wire"},
    "connection": {"wire"},
    "response": {"failed", "wire"},
    "failed": {"failures", "own_rules", "wire"},
    "failures": {"own_rules", "signs", "rule", "rules", "kinds", "evidence", "folding"},
    "evidence": {"folding"},
    "own_rules": {"rule", "kinds", "evidence"},
    "signs": {"rule", "rules", "evidence", "postgres_messages"},
    "rules": {"raised", "rule"},
    "raised": {"rule"},
    "thresholds": {"histogram", "kinds", "row"},
    "tally": {"failures", "folding"},
    "recorder": {"row", "sample"},
    "row": {"histogram", "sample"},
    "second": {"histogram", "row"},
    "held": {"second"},
    "history": {"row", "second"},
    "series": {"history", "row", "second"},
    "saturation": {"second"},
    "told": {"saturation"},
    "charts": {"saturation", "second"},
    "tab": {"told"},
    "reporting": {"outputs"},
    "live": {"failures", "saturation", "second", "tally", "told"},
    "summary": {"outcome", "saturation", "tally", "told", "failures"},
    "__init__": {"_version", "arrivals", "client", "failures", "own_rules", "users"},
}
# gevent only where it has patched the process already, for the variant that tells so.
DRIVERS = {"psycopg2", "psycopg", "psycopg_pool", "asyncpg", "redis", "aioredis", "httpx", "gevent", "psycogreen"}
LAB_MAY_USE = {
    "_version",
    "held",
    "routes",
    "series",
    "second",
    "histogram",
    "saturation",
    "told",
    "charts",
    "failures",
    "outcome",
}
LAB_ORDER = [
    {"errors"},
    {"packages", "process", "toxics", "markdown", "page", "fits", "stats", "machine", "presets"},
    {"servers", "latency", "fleet", "flow", "budget"},
    {"line", "costs"},
    {"proxy", "marks"},
    {"spec", "postgres", "startproject"},
    {"services", "matrix", "plots", "experiment_file", "preflight", "alone"},
    {"results"},
    {"ceilings"},
    {"table"},
    {"trial", "beside", "one_run", "findings"},
    {"runner", "serve", "verdict"},
    {"progress", "tables"},
    {"report", "comparing"},
    {"commands"},
    {"cli"},
]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # "from package import module" names a module as well.
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(path: Path) -> set[str]:
    """Modules of the package that a file imports, as paths below it."""
    modules = {".".join(p.relative_to(ROOT / PACKAGE).with_suffix("").parts) for p in (ROOT / PACKAGE).rglob("*.py")}
    return {name.removeprefix(f"{PACKAGE}.") for name in imported(path)} & modules


def top_level(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("path", sorted((ROOT / PACKAGE).glob("*.py")), ids=lambda path: path.stem)
def test_room_1(path: Path) -> None:
    assert ours(path) <= ROOM_1.get(path.stem, set())


@pytest.mark.parametrize("name", sorted(STANDARD_LIBRARY_ONLY))
def test_the_analysis_needs_the_standard_library_alone(name: str) -> None:
    assert top_level(ROOT / PACKAGE / f"{name}.py") <= sys.stdlib_module_names | {PACKAGE}


@pytest.mark.parametrize("path", sorted((ROOT / PACKAGE / "lab").glob("*.py")), ids=lambda path: path.stem)
def test_the_lab(path: Path) -> None:
    below: set[str] = set()
    for names in LAB_ORDER:
        if path.stem in names:
            break
        below |= names
    else:
        assert path.stem == "__init__", "a new module of the lab needs its place in LAB_ORDER"
    lab = {name.removeprefix("lab.") for name in ours(path) if name.startswith("lab.")}
    assert lab <= below | {"__init__"}
    assert {name for name in ours(path) if not name.startswith("lab.")} <= LAB_MAY_USE | {"__init__"}
    assert not top_level(path) & {"locust", "gevent", "geventhttpclient", "shapes", "target_site", "django"}


@pytest.mark.parametrize("path", sorted((ROOT / "shapes").glob("*.py")), ids=lambda path: path.stem)
def test_shapes_need_locust_alone(path: Path) -> None:
    others = {name for name in imported(path) if not name.startswith(f"{PACKAGE}.shapes.")}
    assert {name.partition(".")[0] for name in others} <= {"locust"} | sys.stdlib_module_names


@pytest.mark.parametrize("path", sorted((ROOT / "target_site").rglob("*.py")), ids=lambda path: path.stem)
def test_the_target_needs_django_and_its_drivers_alone(path: Path) -> None:
    assert (
        top_level(path) <= {"target_site", "django", "asgiref", "dj_database_url"} | DRIVERS | sys.stdlib_module_names
    )


def test_importing_the_lab_does_not_patch_with_gevent() -> None:
    import subprocess

    code = "import locust_asyncdjango.lab.cli, locust_asyncdjango.lab.runner, sys; assert 'gevent' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
