"""The experiment that fits into a time, and what it can find."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.analysis.planning.budget import (
    PILOT_S,
    extent_text,
    first_look_s,
    fit_budget,
    needed_s,
    plateau_of,
    power_sentences,
    shortest_budget_s,
)
from locust_asyncdjango.lab.analysis.planning.experience import Experience
from locust_asyncdjango.lab.commands.project_experiment import project_experiment
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import duration_of, seconds_of
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from tests.support.experiments import SERVERS, experiment
from tests.support.project_files import VIEW, project_of

EXPECTED = Experience(spread=0.07, overhead_s=8.0)


def planned(budget: str, load: Load | None = None) -> Experiment:
    """Return an experiment of two arms with a budget."""
    return experiment(servers=SERVERS, budget=budget, load=load or Load())


@pytest.mark.parametrize("budget", ["3m", "10m", "1h"])
def test_a_budget_is_used_and_not_exceeded(budget: str) -> None:
    fitted = fit_budget(planned(budget), EXPECTED)
    plateau_s = plateau_of(fitted.load)
    assert plateau_s is not None
    assert (fitted.until_decided, fitted.load.users) == (True, "500")
    length_s = int(fitted.load.users) / float(fitted.load.spawn_rate) + plateau_s
    budget_s = seconds_of(budget) or 0
    assert needed_s(fitted, length_s, EXPECTED) <= budget_s
    assert fitted.repeats == 30 or needed_s(fitted, length_s, EXPECTED) > budget_s - 2 * (length_s + 8)


def test_a_longer_budget_finds_more() -> None:
    sentences = [power_sentences(fit_budget(planned(budget), EXPECTED), EXPECTED)[0] for budget in ("5m", "20m", "2h")]
    found = [int(sentence.split("difference of ")[1].split("%")[0]) for sentence in sentences]
    assert found == sorted(found, reverse=True)
    assert found[0] > 2 * found[2]


def test_a_load_that_the_user_has_chosen_stays_as_it_is() -> None:
    fitted = fit_budget(planned("10m", Load("Soak", run_time="60s")), EXPECTED, length_s=60.0)
    assert (fitted.load, fitted.repeats) == (Load("Soak", run_time="60s"), 4)
    assert fit_budget(planned("10m", Load("Soak")), EXPECTED, length_s=60.0, most_repeats=3).repeats == 3
    assert plateau_of(fitted.load) is None


def test_a_budget_that_is_too_short_says_the_least() -> None:
    with pytest.raises(UsageError) as refused:
        fit_budget(planned("1m"), EXPECTED)
    least_s = shortest_budget_s(planned(""), EXPECTED)
    assert str(refused.value) == (
        f"--budget 1m is too short: to run 1 route on 2 arms twice takes --budget {duration_of(least_s)} or more; name"
        " fewer routes (--routes), arms or latencies, or give it more time"
    )
    assert fit_budget(planned(duration_of(least_s)), EXPECTED).repeats == 2
    with pytest.raises(UsageError):
        fit_budget(planned(duration_of(least_s - 10)), EXPECTED)


def test_how_much_is_measured(tmp_path: Path) -> None:
    assert extent_text(experiment(routes=("io_read", "cpu"), servers=SERVERS, latencies_ms=(0, 5))) == (
        "2 routes on 2 arms at 2 latencies"
    )
    (tmp_path / "mine.py").touch()
    arms = (ProjectArm("", "gunicorn-sync"),)
    for in_project, tables, text in (("", VIEW, "1 view"), ('locustfile = "mine.py"', "", "the locustfile")):
        project = project_of(tmp_path, in_project, tables)
        assert extent_text(project_experiment(project, arms, {})) == f"{text} on 1 arm"


def test_what_was_spent_before_is_left_out() -> None:
    whole, rest = fit_budget(planned("10m"), EXPECTED), fit_budget(planned("12m"), EXPECTED, spent_s=120.0)
    assert (rest.load, rest.repeats) == (whole.load, whole.repeats)
    with pytest.raises(UsageError, match=r"--budget 3m is too short: .* takes --budget 4m30s or more; "):
        fit_budget(planned("3m"), EXPECTED, spent_s=120.0)


def test_a_ramp_that_passes_the_capacity_is_longer() -> None:
    for is_piloted, load in ((False, ("Ramp:hold=15s", "62.5")), (True, ("Ramp:hold=12s", "52.0833"))):
        fitted = fit_budget(planned("2m40s"), EXPECTED, is_piloted=is_piloted)
        assert (fitted.load.shape, fitted.load.spawn_rate) == load


def test_a_first_look_takes_the_start_of_each_arm_and_with_pilots_more_at_each_latency() -> None:
    two_views = experiment(routes=("io_read", "cpu"), servers=SERVERS, latencies_ms=(0, 5))
    assert first_look_s(two_views, EXPECTED, with_pilots=False) == 2 * 8.0 / 2
    assert first_look_s(two_views, EXPECTED, with_pilots=True) == 4 * (8.0 / 2 + 2 * PILOT_S)


def test_what_a_plan_can_find() -> None:
    two = experiment(servers=SERVERS, repeats=6)
    found, takes = power_sentences(two, Experience(0.07, 3, 8.0))
    assert found == (
        "it can find a difference of 10% or more, in four of five cases, where two runs of an arm differ by 4.9% (as in"
        " 3 earlier experiments)"
    )
    assert takes == "to find a difference of 5% takes 19 repeats"
    once, _ = power_sentences(experiment(servers=SERVERS), EXPECTED)
    assert once.startswith("each arm runs once, so that no difference is certain: --repeats 2 or more shows the noise")
    assert power_sentences(experiment(), EXPECTED) == ["there is one arm, and nothing to compare it with"]
