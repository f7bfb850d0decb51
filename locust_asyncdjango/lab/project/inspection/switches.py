"""Which environment variables choose the database of a project's settings, and values for them to try.

Nothing is run: the source tells which variables stand in a condition about DATABASES, or have a name as such ones have,
and with which values they are compared. Start reading at ``switch_values``.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from locust_asyncdjango.lab.project.inspection.settings_source import (
    Settings,
    Variable,
    dotted,
    parts_of,
    read_settings,
    service_env,
    variables_in,
)
from locust_asyncdjango.lab.project.tables.templates import placeholders

NAMES = {
    "postgresql": ("postgres", "postgresql", "pgsql", "psql", "pg", "postgis"),
    "mysql": ("mysql", "mariadb"),
    "sqlite": ("sqlite", "sqlite3"),
}
"""Kind of a database -> what projects call it."""
FLAGS = ("true", "1", "false", "0")
"""The values of a variable that is on or off."""
_CHOICE_NAME = re.compile(
    r"(?:^|_)(?:DB|DATABASE|SQL)(?:_(?:ENGINE|TYPE|BACKEND|VENDOR|KIND|DRIVER|ADAPTER|DIALECT|CONNECTION))?$"
)
_FLAG_NAME = re.compile(r"(?:^|_)(?:USE|ENABLE|WITH)_|_ENABLED$")
_DATABASE_WORD = re.compile(r"^ENGINE$|\bdb\.backends\b|dj_database_url")


def switch_values(root: Path, settings: str, kind: str) -> tuple[tuple[str, str], ...]:
    """Return variables that may choose the database of settings, each with a value that may choose one of a kind.

    The most likely ones are first. root: the project's folder. settings: the module's dotted name. kind: postgresql,
    mysql or sqlite.
    """
    source = read_settings(root, settings)
    services = service_env(source.variables, kind)
    nodes = [node for tree in source.modules for node in ast.walk(tree)]
    found = [*_conditions(source, nodes, kind), *_choices(source, nodes), *_by_name(source.variables, kind)]
    values = [
        (name, value)
        for name, value in found
        if not placeholders(services.get(name, "")) and (_names_kind(value, kind) or not _names_any_kind(value))
    ]
    return tuple(dict.fromkeys(sorted(values, key=lambda each: _rank(each[0], each[1], kind))))


def _rank(name: str, value: str, kind: str) -> int:
    return 0 if _names_kind(value, kind) else 1 if _names_kind(name, kind) else 2


def _conditions(source: Settings, nodes: Iterable[ast.AST], kind: str) -> Iterator[tuple[str, str]]:
    """Yield the variables and values of the conditions on which the settings have one database or another."""
    for node in nodes:
        if not (isinstance(node, ast.If | ast.IfExp | ast.Match) and _is_about_databases(node)):
            continue
        condition = node.subject if isinstance(node, ast.Match) else node.test
        variables = list(variables_in(source.assigned, condition))
        if isinstance(node, ast.Match):
            patterns = [part for case in node.cases for part in ast.walk(case.pattern)]
            values = [text for part in patterns if isinstance(part, ast.MatchValue) for text in _texts(part.value)]
            yield from _pairs(variables, values)
        else:
            yield from _values_of_test(source, node.test)
        yield from _by_name(variables, kind)


def _choices(source: Settings, nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the variables by which the settings look their database up in a table, with the keys of the table."""
    tables = {
        target.id: node.value
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in nodes:
        if isinstance(node, ast.Subscript):
            table = tables.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
            if isinstance(table, ast.Dict) and _is_about_databases(table):
                keys = [text for key in table.keys if key for text in _texts(key)]
                yield from _pairs(variables_in(source.assigned, node.slice), keys)


def _by_name(variables: Iterable[Variable], kind: str) -> Iterator[tuple[str, str]]:
    """Yield the variables that are about the choice of a database by their names or places, with usual values."""
    for each in variables:
        if each.member == "ENGINE" or (not each.member and _CHOICE_NAME.search(each.name)):
            yield from _pairs([each], NAMES[kind])
        elif _FLAG_NAME.search(each.name) and _names_kind(each.name.lower(), kind):
            yield from _pairs([each], FLAGS[:2])


def _values_of_test(source: Settings, test: ast.expr) -> Iterator[tuple[str, str]]:
    """Yield the variables that a condition reads, with what they are compared with, or with on and off."""
    if isinstance(test, ast.BoolOp | ast.UnaryOp):
        for part in parts_of(test):
            yield from _values_of_test(source, part)
    elif isinstance(test, ast.Compare):
        operands = [test.left, *test.comparators]
        texts = [text for operand in operands for text in _texts(operand)]
        if dotted(test.comparators[0]).endswith("environ"):  # "CI" in os.environ
            yield from ((name, value) for name in texts for value in FLAGS[:2])
        else:
            yield from _pairs(variables_in(source.assigned, test), texts)
    else:
        yield from _pairs(variables_in(source.assigned, test), FLAGS)


def _pairs(variables: Iterable[Variable], values: Iterable[str]) -> list[tuple[str, str]]:
    values = list(values)
    return [(each.name, value) for each in variables for value in values]


def _texts(node: ast.expr) -> list[str]:
    """Return the texts that an expression is: one, or those of a list."""
    nodes = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return [each.value for each in nodes if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def _is_about_databases(node: ast.AST) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id == "DATABASES":
            return True
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and _DATABASE_WORD.search(part.value):
            return True
    return False


def _names_kind(text: str, kind: str) -> bool:
    words = re.split(r"[^a-z0-9]+", text.lower())
    return any(name in words for name in NAMES[kind])


def _names_any_kind(text: str) -> bool:
    return any(_names_kind(text, kind) for kind in NAMES)
