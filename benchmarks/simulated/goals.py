"""What a simulation has to show: shares of simulated experiments, each with the goal that it has to reach."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True, slots=True)
class Goal:
    """One line of the table: a figure of many simulated experiments, and whether it reaches its goal.

    what: what was simulated, and which share or figure this is. value: the figure as a text. goal: the goal as a text.
    is_met: None for a figure that has no goal and is shown beside others. is_chance: whether a goal that is missed may
    be missed by chance: it lies within the 95 % interval of the figure, so that more experiments are needed to tell.
    """

    what: str
    value: str
    goal: str = ""
    is_met: bool | None = None
    is_chance: bool = False

    @classmethod
    def share(
        cls, what: str, count: int, of: int, *, at_least: float | None = None, at_most: float | None = None
    ) -> "Goal":
        """Return the line of a share. at_least, at_most: the goal, from 0 to 1."""
        share = count / of
        low, high = (at_least or 0.0), (1.0 if at_most is None else at_most)
        texts = {(True, False): f">= {low:.0%}", (False, True): f"<= {high:.0%}", (True, True): f"{low:.0%}-{high:.0%}"}
        goal = texts.get((at_least is not None, at_most is not None), "")
        is_met = low <= share <= high if goal else None
        interval = binomtest(count, of).proportion_ci(method="wilson")
        is_chance = is_met is False and interval.low <= high and interval.high >= low
        value = f"{share:.1%} ({count} of {of}; {interval.low:.1%}-{interval.high:.1%})"
        return cls(what, value, goal, is_met, is_chance)

    @property
    def line(self) -> str:
        """Return the line as Markdown."""
        met = {True: "yes", False: "within chance" if self.is_chance else "**no**", None: ""}[self.is_met]
        return f"| {self.what} | {self.value} | {self.goal} | {met} |"


Simulation = Callable[[int], Iterator[Goal]]
"""Called with the number of simulated experiments for each line; yields the lines."""


def print_table(simulations: Iterable[Simulation], experiments: int) -> None:
    """Run simulations, and print a line for each goal as soon as it is known."""
    print("| simulated | measured | goal | met |\n|---|---|---|---|", flush=True)
    for simulate in simulations:
        for goal in simulate(experiments):
            print(goal.line, flush=True)
