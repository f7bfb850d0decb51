"""What a command makes of a budget, and which budget is the shortest. Start reading at ``Planning``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import duration_of
from locust_asyncdjango.lab.experiment.spec import Experiment

if TYPE_CHECKING:
    from locust_asyncdjango.lab.analysis.planning.experience import Experience


@dataclass(frozen=True)
class Planning:
    """What the plan of an experiment depends on besides the experiment.

    values: of options, by key. output: the results folder. has_first_look: whether each arm is started before the first
    trial. needs_pilot: whether it then gets a pilot, which chooses the users.
    """

    values: Mapping[str, Any]
    output: Path
    has_first_look: bool = False
    needs_pilot: bool = False

    @cached_property
    def experience(self) -> "Experience":
        """What the experiments beside the results folder have shown on this machine."""
        from locust_asyncdjango.lab.analysis.planning.experience import read_experience
        from locust_asyncdjango.lab.environment.machine import describe_machine

        return read_experience(self.output.parent, describe_machine(), self.output)

    def first_look_s(self, experiment: Experiment) -> float:
        """Return about how many seconds pass before the first trial, for starts and pilots of all arms."""
        from locust_asyncdjango.lab.analysis.planning.budget import first_look_s

        if not self.has_first_look:
            return 0.0
        return first_look_s(experiment, self.experience, with_pilots=self.needs_pilot)

    def fit(self, experiment: Experiment) -> Experiment:
        """Return the experiment that makes the most of its budget, if it has one.

        A load of which the user names the shape or the length stays as it is. Raise UsageError.
        """
        from locust_asyncdjango.lab.analysis.planning.budget import MOST_REPEATS, fit_budget

        if not experiment.budget:
            return experiment
        most_repeats = self.values.get("repeats", MOST_REPEATS)
        if most_repeats < 2:
            raise UsageError("--budget runs each arm at least twice: set --repeats to 2 or more, or leave it out")
        return fit_budget(
            experiment,
            self.experience,
            length_s=self._load_length_s(experiment),
            most_repeats=most_repeats,
            spent_s=self.first_look_s(experiment),
            is_piloted=self.needs_pilot,
        )

    def shortest_budget(self, experiment: Experiment) -> str:
        """Return the shortest budget that ``run`` accepts for what an experiment compares, as a value of --budget.

        Raise UsageError where the load that the user has chosen goes with no budget.
        """
        from locust_asyncdjango.lab.analysis.planning.budget import shortest_budget_s

        # With a budget there is no A/A pair but those that the user asks for.
        compared = replace(experiment, a_a_pairs=self.values.get("a_a_pairs", 0))
        seconds = shortest_budget_s(
            compared,
            self.experience,
            length_s=self._load_length_s(compared),
            spent_s=self.first_look_s(compared),
            is_piloted=self.needs_pilot,
        )
        return duration_of(seconds)

    def budget_lines(self, fitted: Experiment) -> list[str]:
        """Return what a budget was made of; nothing without one. fitted: the experiment with its load."""
        from locust_asyncdjango.lab.measure.locust_process import planned_length_s
        from locust_asyncdjango.lab.report.plan_preview import budget_sentences

        if not fitted.budget:
            return []
        return budget_sentences(
            fitted,
            planned_length_s(fitted.load) or 0.0,
            self.experience,
            spent_s=self.first_look_s(fitted),
            is_pilot_due=self.needs_pilot and not fitted.ramp_users,
        )

    def _load_length_s(self, experiment: Experiment) -> float | None:
        """Return how long the load takes that the user has chosen; None where the lab chooses it. Raise UsageError."""
        from locust_asyncdjango.lab.measure.locust_process import planned_length_s

        if not {"shape", "run_time"} & self.values.keys():
            return None
        length_s = planned_length_s(experiment.load)
        if length_s is None:
            raise UsageError("--budget needs a load whose length is known: set --run-time, or leave --shape out")
        return length_s


def output_folder(values: Mapping[str, Any]) -> Path:
    """Return the path of the results folder. values: of options, by key."""
    return values.get("output") or Path("results") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
