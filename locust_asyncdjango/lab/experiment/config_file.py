"""A TOML file that says what is to be measured: the flags of ``run``, and servers of the user's own."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import ALL, Experiment


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """What it asks for: flags of ``run``, and servers beside the table's."""

    flags: tuple[str, ...] = ()
    own_servers: tuple[Server, ...] = ()


def read_experiment(path: Path) -> ExperimentFile:
    """Reads a TOML file: a key per flag of ``run``, with _ for -, and a table [server.NAME] per server of the user's.

    Raises UsageError.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path} is not TOML: {error}") from None
    own_servers = content.pop("server", {})
    if not isinstance(own_servers, dict):
        raise UsageError(f"{path}: servers of your own are tables: [server.NAME]")
    flags = tuple(flag for name, value in content.items() for flag in _flag(path, name, value))
    return ExperimentFile(flags, tuple(_own_server(path, name, about) for name, about in own_servers.items()))


KEYS = (
    *("routes", "arms", "servers", "variants", "shape", "users", "spawn_rate", "run_time", "output"),
    *("posts", "max_connections", "latency_ms", "client_latency_ms", "workers", "repeats", "a_a_pairs"),
    *("until_decided", "pin", "preset"),
)
"""The flags of run, with _ for -."""
SWITCHES = ("until_decided",)
"""Those without a value, which are true or false."""


def _flag(path: Path, name: str, value: object) -> list[str]:
    if name not in KEYS:
        raise UsageError(f"{path}: there is no key {name!r}; choose from {', '.join(KEYS)}")
    flag = f"--{name.replace('_', '-')}"
    if name in SWITCHES:
        if not isinstance(value, bool):
            raise UsageError(f"{path}: {name} must be true or false")
        return [flag if value else flag.replace("--", "--no-", 1)]
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in values):
        raise UsageError(f"{path}: {name} must be a text, a whole number or a list of these")
    return [f"{flag}={','.join(map(str, values))}"]


def written(experiment: Experiment) -> str:
    """The file that asks for an experiment; the site's environment comes as comments."""
    load = experiment.load
    values: dict[str, Any] = {
        "routes": experiment.routes,
        "arms": [str(arm) for arm in experiment.arms],
        "servers": experiment.servers,
        "variants": experiment.variants,
        "shape": load.shape,
        "users": load.users,
        "spawn_rate": load.spawn_rate,
        "run_time": load.run_time,
        "posts": experiment.posts,
        "max_connections": () if experiment.arms else experiment.max_connections,
        "latency_ms": experiment.latencies_ms,
        "client_latency_ms": experiment.client_latency_ms,
        "workers": experiment.workers,
        "repeats": experiment.repeats,
        "a_a_pairs": experiment.a_a_pairs,
        "until_decided": experiment.until_decided,
        "pin": experiment.pin,
    }
    lines = [f"# {name}={_toml(value)}" for name, value in experiment.factors]
    lines += [f"{name} = {_toml(value)}" for name, value in values.items() if value not in ("", (), [])]
    for server in experiment.own_servers:
        about = {"interface": server.interface, "slots": server.slots, "argv": server.argv, "url": server.url}
        lines += ["", f"[server.{_toml(server.name)}]"]
        lines += [f"{name} = {_toml(value)}" for name, value in about.items() if value]
    return "\n".join(lines)


def _toml(value: object) -> str:
    """What JSON has for texts, numbers, truths and lists of these is TOML too, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_OWN_SERVER = {"interface": str, "slots": int, "argv": list, "url": str}
_SAID = {str: "a text", int: "a whole number", list: "a list"}


def _own_server(path: Path, name: str, about: Mapping[str, Any]) -> Server:
    where = f"{path}: [server.{name}]"
    if not isinstance(about, dict) or not about.keys() <= _OWN_SERVER.keys():
        raise UsageError(f"{where} may have {', '.join(_OWN_SERVER)} and nothing else")
    for key, value in about.items():
        if not isinstance(value, _OWN_SERVER[key]) or isinstance(value, bool):
            raise UsageError(f"{where} {key} must be {_SAID[_OWN_SERVER[key]]}")
    if not re.fullmatch(r"[\w.-]+", name) or name in SERVERS or name in ALL:
        raise UsageError(f"{where} needs a name of its own, of letters, digits, dots and dashes")
    if about.get("interface") not in ("wsgi", "asgi"):
        raise UsageError(f'{where} needs interface = "wsgi" or "asgi"')
    if about.get("slots", 1) < 1:
        raise UsageError(f"{where} slots must be 1 or more; leave it out where there is no limit")
    argv = tuple(about.get("argv", ()))
    url = about.get("url", "").rstrip("/")
    if bool(argv) == bool(url):
        raise UsageError(f"{where} needs argv, by which it is started, or url, where it runs already")
    if argv:
        _check_argv(where, argv)
    elif not _is_web_address(url):
        raise UsageError(f"{where} url must look like http://127.0.0.1:8000")
    return Server(name, about["interface"], about.get("slots"), argv, url=url)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _check_argv(where: str, argv: tuple[Any, ...]) -> None:
    try:
        told = [part.format(port=4242, workers=1, backlog=1, python="python") for part in argv]
    except (AttributeError, LookupError, ValueError):
        told = []
    if not any("4242" in part for part in told):
        raise UsageError(
            f"{where} argv must be texts with {{port}}, where wanted {{workers}}, {{backlog}} and {{python}}, and no"
            " other braces"
        )
