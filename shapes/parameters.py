"""Parameters of a shape by name, as on the command line: what each may be, and what Locust's own flags override."""

from collections.abc import Callable
from typing import Any, NamedTuple, NewType, get_type_hints

from locust import LoadTestShape
from locust.util.timespan import parse_timespan

Seconds = NewType("Seconds", float)
"""A parameter that is a length of time."""
Milliseconds = NewType("Milliseconds", float)
"""A parameter that is a latency."""
Share = NewType("Share", float)
"""A parameter that is a part of a whole, from 0 to 1."""


class Stage(NamedTuple):
    """Seconds in which the load goes evenly to a level, in users, from that of the stage before; at first from 0."""

    seconds: float
    level: float


Plan = tuple[Stage, ...]
"""A parameter that is a whole plan."""


class ParameterError(ValueError):
    """A shape has no such parameter, or it cannot have that value; the message says which it can."""


class Parametrised(LoadTestShape):
    """A shape with parameters, and with a number of users that is known at each time.

    A class attribute that is annotated is a parameter: of users (int), a rate (float), a length (Seconds), a latency
    (Milliseconds), a Share or a Plan. Locust's ``-u``, ``-r`` and ``-t`` come before the shape's own ``peak``, ``rate``
    and length.
    """

    abstract = True
    use_common_options = True

    peak: int = 100
    """The most users at once."""
    rate: float = 10.0
    """Users that start or stop in a second."""
    is_open = False
    """Whether its plan is of requests a second, which begin when they are due."""

    def __init__(self, **parameters: str) -> None:
        """parameters: as texts, such as ``peak="1000"`` or ``hold="1m30s"``. Raises ParameterError."""
        super().__init__()  # type: ignore[no-untyped-call]
        known = self.parameters()
        for name, text in parameters.items():
            if name not in known:
                raise ParameterError(f"{type(self).__name__} has no {name!r}; it has {', '.join(known)}")
            setattr(self, name, _read(name, text, known[name]))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """The type of each by its name."""
        return {name: kind for name, kind in get_type_hints(cls).items() if kind in READERS}

    def users_at(self, elapsed: float) -> int | None:  # noqa: ARG002
        """Users that are wanted so many seconds after the start; None where it is not known."""
        return None

    def conclusions(self) -> tuple[str, ...]:
        """What the shape has found out so far, a sentence each."""
        return ()

    def preview(self, columns: int) -> list[float]:
        """What a picture of so many columns shows: the load in each, as a share of the highest."""
        raise NotImplementedError

    def effective_peak(self) -> int:
        """The command line's users, or else the shape's own."""
        # Read each time, because the web UI can change the options between two runs.
        return int(self.locust_option("num_users") or self.peak)

    def effective_rate(self) -> float:
        """The command line's rate, or else the shape's own."""
        return float(self.locust_option("spawn_rate") or self.rate)

    def locust_option(self, name: str) -> Any:
        """One of Locust's numbers; None where none above 0 was given."""
        options = self.runner.environment.parsed_options if self.runner else None
        value = getattr(options, name, None)
        return None if value is None or value <= 0 else value  # a web form does not check


def _users(text: str) -> int:
    users = int(text)
    if users < 1:
        raise ValueError
    return users


def _number(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _share(text: str) -> Share:
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise ValueError
    return Share(share)


def _seconds(text: str) -> Seconds:
    return Seconds(float(parse_timespan(text)))


def _milliseconds(text: str) -> Milliseconds:
    if text == "0":
        return Milliseconds(0)
    if text.endswith("ms"):
        return Milliseconds(_number(text.removesuffix("ms")))
    return Milliseconds(_number(text.removesuffix("s")) * (1000 if text.endswith("s") else 1))


def _plan(text: str) -> Plan:
    stages = []
    for each in text.split("/"):
        seconds, _, users = each.partition(":")
        stages.append(Stage(_seconds(seconds), int(users)))
    if min(stage.level for stage in stages) < 0 or not any(stage.level for stage in stages):
        raise ValueError
    return tuple(stages)


READERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    int: (_users, "a whole number above 0"),
    float: (_number, "a number above 0"),
    Share: (_share, "a share such as 0.01 or 1%"),
    Seconds: (_seconds, "a length such as 60 or 1m30s"),
    Milliseconds: (_milliseconds, "a latency such as 500ms or 2s"),
    Plan: (_plan, "stages such as 30s:100/1m:100/10s:0, each a length and the users at its end"),
}


def _read(name: str, text: str, kind: Any) -> Any:
    read, wanted = READERS[kind]
    try:
        return read(text)
    except ValueError:
        raise ParameterError(f"{name}={text} is not {wanted}") from None
