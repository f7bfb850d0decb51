"""Which environment variables a project's settings read, and for what, by their source. Nothing of it is run.

Start reading at ``read_variables``.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_READERS = re.compile(
    r"(?:^|\.)(?:environ|getenv|env|config|get_env\w*|getenv\w*|env\w+|read_secret|get_secret)(?:\.\w+)*$"
)
"""The functions and objects that read variables: os.environ, os.getenv, env of django-environ and environs, config of
python-decouple, and what projects call their own."""
_URL_READERS = re.compile(r"(?:^|\.)(?:db|db_url|dj_db_url|database_url|cache|cache_url|dj_cache_url)$")
"""Readers of whole addresses, whose variable is DATABASE_URL or CACHE_URL where they name none."""
_DEFAULT_URL = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL", "cache_url": "CACHE_URL"}
_MEMBERS = ("ENGINE", "HOST", "PORT", "NAME", "USER", "PASSWORD", "LOCATION", "BACKEND")
ENGINES = {"postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite3"}
"""Kind of a database -> the name of Django's own engine."""
_ENGINE = re.compile(r"\bdb\.backends\b|postg|mysql|sqlite|spatialite")
MOST_MODULES = 50


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that settings read.

    setting: the setting whose value it is part of, such as DATABASES; "" where that is not known.
    member: its place in the setting: "url" for a whole address, or HOST, PORT, ...; "" where that is not known.
    is_required: whether the settings fail without it, as far as their source says.
    cast: what they make of it, by the name of the function, such as int; "" for a text, or where that is not known.
    """

    name: str
    setting: str = ""
    member: str = ""
    is_required: bool = False
    cast: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """The source of a settings module and of those that it imports from.

    variables: that it reads. assigned: those of assigned names, such as X of NAME = os.environ["X"].
    """

    modules: tuple[ast.Module, ...]
    variables: tuple[Variable, ...]
    assigned: Mapping[str, Sequence[Variable]]


@dataclass(slots=True)
class _Reader:
    """What has been read of the settings so far. variables of assigned names: NAME = os.environ["X"]."""

    found: dict[tuple[str, str, str], Variable] = field(default_factory=dict)
    assigned: dict[str, list[Variable]] = field(default_factory=dict)

    def add(self, variables: list[Variable]) -> None:
        for each in variables:
            self.found.setdefault((each.name, each.setting, each.member), each)


def read_variables(root: Path, settings: str) -> tuple[Variable, ...]:
    """Return the environment variables that a settings module reads, with those of the modules that it imports from.

    root: the project's folder. settings: the module's dotted name. What cannot be read or parsed is left out.
    """
    return read_settings(root, settings).variables


def read_settings(root: Path, settings: str) -> Settings:
    """Return the source of a settings module, read as in ``read_variables``."""
    reader, modules = _Reader(), tuple(_modules(root, settings))
    for tree in modules:
        for statement in ast.walk(tree):
            _read_statement(reader, statement)
    named = {each.name for each in reader.found.values() if each.setting}
    variables = tuple(each for each in reader.found.values() if each.setting or each.name not in named)
    return Settings(modules, variables, reader.assigned)


def example_names(root: Path) -> tuple[str, ...]:
    """Return the names of variables in the example files of a project, such as .env.example. Values are not read."""
    names: dict[str, None] = {}
    for file in sorted({*root.glob(".env.*"), *root.glob("*.env.example"), *root.glob("env.example")}):
        if re.search(r"example|sample|template|dist", file.name) and file.is_file():
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            names |= {match[1]: None for line in lines if (match := re.match(r"\s*(?:export\s+)?([A-Z]\w*)\s*=", line))}
    return tuple(names)


def _modules(root: Path, settings: str) -> Iterator[ast.Module]:
    """Yield the source of a settings module and of the project's modules that it imports, the imported ones first."""
    visited: set[Path] = set()

    def load(path: Path | None) -> Iterator[ast.Module]:
        if path is None or path in visited or len(visited) >= MOST_MODULES:
            return
        visited.add(path)
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, SyntaxError, RecursionError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for imported in _imported(root, path, node):
                    yield from load(imported)
        yield tree

    yield from load(_module_file(root, settings))


def _imported(root: Path, path: Path, node: ast.ImportFrom) -> Iterator[Path | None]:
    if not node.level:
        yield _module_file(root, node.module or "")
        return
    package = path.parent
    for _ in range(node.level - 1):
        package = package.parent
    for name in [node.module] if node.module else [alias.name for alias in node.names]:
        yield _module_file(package, name)


def _module_file(folder: Path, name: str) -> Path | None:
    base = folder.joinpath(*name.split("."))
    candidates = (base.with_name(f"{base.name}.py"), base / "__init__.py")
    return next((path for path in candidates if name and path.is_file()), None)


def _read_statement(reader: _Reader, statement: ast.AST) -> None:
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and statement.value:
        targets, value = [statement.target], statement.value
    elif isinstance(statement, ast.Expr):
        targets, value = [], statement.value
    elif isinstance(statement, ast.Dict) and _is_database(statement):  # wherever it is, such as in a function
        reader.add(list(variables_in(reader.assigned, statement, "DATABASES")))
        return
    else:
        return
    for target in targets:
        setting, member = _target(target)
        variables = list(variables_in(reader.assigned, value, setting, member))
        if isinstance(target, ast.Name):
            reader.assigned[target.id] = variables
        reader.add(variables)
    if not targets:  # such as DATABASES["default"].update(...)
        call = value.func if isinstance(value, ast.Call) else value
        setting, member = _target(call.value if isinstance(call, ast.Attribute) else call)
        reader.add(list(variables_in(reader.assigned, value, setting, member)))


def _is_database(node: ast.Dict) -> bool:
    """Return whether a table describes a database: its ENGINE is one of Django's, or of that kind."""
    engines = [value for key, value in zip(node.keys, node.values, strict=True) if _constant(key) == "ENGINE"]
    return any(_ENGINE.search(_constant(part)) for engine in engines for part in ast.walk(engine))


def _target(target: ast.AST) -> tuple[str, str]:
    """Return the setting and the member that an assignment is to."""
    member = ""
    while isinstance(target, ast.Subscript):
        key = target.slice.value if isinstance(target.slice, ast.Constant) else ""
        member = member or (str(key) if key in _MEMBERS else "")
        target = target.value
    return (target.id if isinstance(target, ast.Name) and _NAME.fullmatch(target.id) else ""), member


def variables_in(
    assigned: Mapping[str, Sequence[Variable]], node: ast.AST, setting: str = "", member: str = "", cast: str = ""
) -> Iterator[Variable]:
    """Yield the variables that an expression reads.

    assigned: the variables of names that settings assign. setting, member: what the expression is assigned to.
    cast: the function that gets its value.
    """
    if (read := _read(node)) is not None:
        name, is_address, is_required, own_cast = read
        yield Variable(name, setting, "url" if is_address else member, is_required, own_cast or cast)
    elif isinstance(node, ast.Name) and node.id in assigned:
        for each in assigned[node.id]:
            yield replace(each, setting=setting, member="url" if each.member == "url" else member or each.member)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            place = _constant(key)
            yield from variables_in(assigned, value, setting, place if place in _MEMBERS else member)
    else:
        function = dotted(node.func) if isinstance(node, ast.Call) else ""
        is_url = function.endswith("dj_database_url.parse")
        places = {id(each.value): each.arg for each in getattr(node, "keywords", ()) if each.arg in _MEMBERS}
        for child in parts_of(node):
            place = "url" if is_url else places.get(id(child)) or member
            yield from variables_in(assigned, child, setting, place, function)


def parts_of(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of which an expression consists."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.keyword):
            yield child.value
        elif isinstance(child, ast.expr):
            yield child


def _read(node: ast.AST) -> tuple[str, bool, bool, str] | None:
    """Return the variable that an expression reads itself, whether it is an address, whether it is needed, its cast."""
    if isinstance(node, ast.Subscript) and _READERS.search(dotted(node.value)):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        return (key, False, True, "") if isinstance(key, str) and _NAME.fullmatch(key) else None
    if not isinstance(node, ast.Call):
        return None
    function = dotted(node.func)
    keywords = {each.arg: each.value for each in node.keywords}
    if function.endswith("dj_database_url.config") or function == "dj_database_url.config":
        return _constant(keywords.get("env")) or "DATABASE_URL", True, False, ""
    if not (_READERS.search(function) or _READERS.search(function.rpartition(".")[0])):
        return None
    short = function.rpartition(".")[2]
    cast = dotted(keywords["cast"]) if "cast" in keywords else ""
    is_address = bool(_URL_READERS.search(function) or cast.endswith(("db_url", "dj_database_url.parse")))
    name = _constant(node.args[0]) if node.args else _constant(keywords.get("var") or keywords.get("env"))
    if not name and is_address and not node.args:
        name = _DEFAULT_URL.get(short, "")
    if not name or not _NAME.fullmatch(name):
        return None
    has_default = len(node.args) > 1 or "default" in keywords or short in ("get", "getenv")
    return name, is_address, not has_default, cast or ("" if short in ("get", "getenv") else short)


def _constant(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def dotted(node: ast.AST) -> str:
    """Return the dotted name of an expression, such as os.environ.get; "" for another."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def mentions(root: Path, settings: str, word: str) -> bool:
    """Return whether the source of a settings module, or of one that it imports from, has a text with a word."""
    for tree in _modules(root, settings):
        for node in ast.walk(tree):
            text = _constant(node) or (node.id if isinstance(node, ast.Name) else "")
            if word in text:
                return True
    return False


def service_env(variables: Iterable[Variable], kind: str) -> dict[str, str]:
    """Return the lines of [project.env] that give settings the lab's database and Redis, by the variables they read.

    kind: of the database: postgresql, mysql, sqlite, or own for one that the lab cannot start.
    """
    env: dict[str, str] = {}
    for each in variables:
        if template := _database_template(each, kind) or _redis_template(each):
            env.setdefault(each.name, template)
    return env


def _database_template(variable: Variable, kind: str) -> str:
    if variable.setting != "DATABASES":
        return ""
    if variable.member == "url" or (not variable.member and variable.name.endswith(("DATABASE_URL", "DB_URL", "_DSN"))):
        return "{db.url}"
    members = {"HOST": "host", "PORT": "port", "NAME": "name", "USER": "user", "PASSWORD": "password"}
    if variable.member in members:
        return f"{{db.{members[variable.member]}}}"
    return f"django.db.backends.{ENGINES[kind]}" if variable.member == "ENGINE" and kind in ENGINES else ""


def _redis_template(variable: Variable) -> str:
    name = variable.name
    if variable.setting == "CACHES" and variable.member in ("url", "LOCATION"):
        return "{redis.url}"
    if "REDIS" not in name:
        return ""
    for ending in ("HOST", "PORT"):
        if name.endswith(ending):
            return f"{{redis.{ending.lower()}}}"
    return "{redis.url}" if name.endswith(("URL", "LOCATION", "DSN", "URI", "CACHE")) else ""
