"""The parameters of a shape: their types, how their texts are read, and which of Locust's flags override them.

``Parametrised`` is the base class of all our shapes.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, NewType, get_type_hints

from locust import LoadTestShape
from locust.util.timespan import parse_timespan

Seconds = NewType("Seconds", float)
"""The type of a parameter that is a length of time."""
Milliseconds = NewType("Milliseconds", float)
"""The type of a parameter that is a latency."""
Share = NewType("Share", float)
"""The type of a parameter that is a part of a whole, from 0 to 1."""


class Arrivals(StrEnum):
    """The type of a parameter that says which random process the arrivals of an open shape follow."""

    POISSON = "poisson"
    """A request is as likely to be due at one moment as at another, as from visitors who do not know of each other."""
    UNIFORM = "uniform"
    """One request is due in each equal part of the rate, at random within it: there are no bursts."""


class Stage(NamedTuple):
    """A part of a plan: in ``seconds`` the load moves evenly from the level before (at first 0) to ``level``.

    A level is a number of users; in an open shape it is a number of requests a second.
    """

    seconds: float
    level: float


Plan = tuple[Stage, ...]
"""The type of a parameter that is a whole plan."""


class ParameterError(ValueError):
    """Raised for an unknown parameter of a shape, or a value that it cannot have. The message says what is possible."""


class Parametrised(LoadTestShape):
    """Base of shapes with parameters. A shape that derives from it and not from ``Planned`` defines ``tick`` itself.

    Each class attribute with an annotation is a parameter: a number of users (int), a rate (float), a length (Seconds),
    a latency (Milliseconds), a Share, Arrivals or a Plan. Locust's ``-u``, ``-r`` and ``-t`` override the shape's own
    ``peak``, ``rate`` and length.
    """

    abstract = True
    use_common_options = True

    peak: int = 100
    """The most users at once."""
    rate: float = 10.0
    """Users that start or stop in a second."""
    is_open = False
    """Whether the levels of the plan are requests a second, which begin when they are due, and not users."""
    arrivals = Arrivals.POISSON
    """How the requests of an open shape are spread over time. An open shape makes it a parameter by an annotation."""

    def __init__(self, **parameters: str) -> None:
        """Set parameters from texts, such as ``peak="1000"`` or ``hold="1m30s"``. Raise ParameterError."""
        super().__init__()  # type: ignore[no-untyped-call]
        known = self.parameters()
        for name, text in parameters.items():
            if name not in known:
                raise ParameterError(f"{type(self).__name__} has no {name!r}; it has {', '.join(known)}")
            setattr(self, name, _parse_value(name, text, known[name]))

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Return the type of each parameter by its name."""
        return {name: kind for name, kind in get_type_hints(cls).items() if kind in READERS}

    def users_at(self, elapsed: float) -> int | None:  # noqa: ARG002
        """Return the users planned ``elapsed`` seconds after the start; None if the shape does not know."""
        return None

    def planned_users(self, ago_s: float = 0.0) -> int | None:
        """Return the users that the shape planned for ``ago_s`` seconds ago; None if it does not know."""
        return self.users_at(max(self.get_run_time() - ago_s, 0.0))  # type: ignore[no-untyped-call]

    def conclusions(self) -> tuple[str, ...]:
        """Return what the shape has concluded so far, as sentences without a full stop; the summary shows them."""
        return ()

    def preview(self, columns: int) -> list[float]:
        """Return the load over time for a picture: the level of each column, as a share of the highest level."""
        raise NotImplementedError

    def effective_peak(self) -> int:
        """Return the users of ``-u`` or of the web UI's form, or else the shape's own ``peak``."""
        # Read it at each call: in the web UI the user can change the options between two runs.
        return int(self.locust_option("num_users") or self.peak)

    def effective_rate(self) -> float:
        """Return the rate of ``-r`` or of the web UI's form, or else the shape's own ``rate``."""
        return float(self.locust_option("spawn_rate") or self.rate)

    def locust_option(self, name: str) -> Any:
        """Return the value of one of Locust's options; None if the user set none or set one that is not above 0."""
        options = self.runner.environment.parsed_options if self.runner else None
        value = getattr(options, name, None)
        return None if value is None or value <= 0 else value  # the web UI's form does not check its values


def _parse_users(text: str) -> int:
    users = int(text)
    if users < 1:
        raise ValueError
    return users


def _parse_number(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number


def _parse_share(text: str) -> Share:
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise ValueError
    return Share(share)


def _parse_arrivals(text: str) -> Arrivals:
    return Arrivals(text.lower())


def _parse_seconds(text: str) -> Seconds:
    return Seconds(float(parse_timespan(text)))


def _parse_milliseconds(text: str) -> Milliseconds:
    if text == "0":
        return Milliseconds(0)
    if text.endswith("ms"):
        return Milliseconds(_parse_number(text.removesuffix("ms")))
    return Milliseconds(_parse_number(text.removesuffix("s")) * (1000 if text.endswith("s") else 1))


def _parse_plan(text: str) -> Plan:
    stages = []
    for part in text.split("/"):
        seconds, _, users = part.partition(":")
        stages.append(Stage(_parse_seconds(seconds), int(users)))
    if min(stage.level for stage in stages) < 0 or not any(stage.level for stage in stages):
        raise ValueError
    return tuple(stages)


READERS: dict[Any, tuple[Callable[[str], Any], str]] = {
    int: (_parse_users, "a whole number above 0"),
    float: (_parse_number, "a number above 0"),
    Share: (_parse_share, "a share such as 0.01 or 1%"),
    Seconds: (_parse_seconds, "a length such as 60 or 1m30s"),
    Milliseconds: (_parse_milliseconds, "a latency such as 500ms or 2s"),
    Arrivals: (_parse_arrivals, f"one of {', '.join(Arrivals)}"),
    Plan: (_parse_plan, "stages such as 30s:100/1m:100/10s:0, each a length and the users at its end"),
}
"""For each type of parameter, the function that reads its text, and a description of valid texts."""


def _parse_value(name: str, text: str, kind: Any) -> Any:
    parse, expected = READERS[kind]
    try:
        return parse(text)
    except ValueError:
        raise ParameterError(f"{name}={text} is not {expected}") from None
