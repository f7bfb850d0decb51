"""Which budgets are accepted, and when one is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands.budgets import Planning
from locust_asyncdjango.lab.commands.check import budget_lines
from locust_asyncdjango.lab.commands.project_experiment import project_experiment, project_values
from locust_asyncdjango.lab.commands.project_run import project_planning
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import duration_of, seconds_of
from locust_asyncdjango.lab.experiment.spec import Experiment
from tests.support.project_files import VIEW, project_of, write_project_file

SECOND_VIEW = VIEW.replace("home", "search")
ARMS = "".join(f'[[arm]]\nserver = "{server}"\n' for server in ("gunicorn-sync", "gunicorn-uvicorn"))


def planned(folder: Path, options: str = "", views: str = VIEW) -> tuple[Experiment, Planning]:
    """Return the experiment of a project with two arms, and its planning. options: of [experiment]."""
    project = project_of(
        folder, tables=f"{views}{ARMS}[experiment]\noutput = '{folder / 'results' / 'new'}'\n{options}"
    )
    values = project_values(project, {})
    return project_experiment(project, project.arms, values), project_planning(project, values)


@pytest.mark.parametrize("options", ["", "latency_ms = [0, 5]", "repeats = 5", "a_a_pairs = 2", 'run_time = "20s"'])
def test_the_shortest_budget_is_accepted_and_a_shorter_one_is_not(tmp_path: Path, options: str) -> None:
    experiment, planning = planned(tmp_path, options, VIEW + SECOND_VIEW)
    shortest = planning.shortest_budget(experiment)
    asked = replace(experiment, a_a_pairs=planning.values.get("a_a_pairs", 0))
    assert planning.fit(replace(asked, budget=shortest)).repeats == 2
    with pytest.raises(UsageError, match=rf" takes --budget {shortest} or more; "):
        planning.fit(replace(asked, budget=duration_of((seconds_of(shortest) or 0) - 10)))


def test_a_budget_for_one_run_of_each_arm_is_refused(tmp_path: Path) -> None:
    experiment, planning = planned(tmp_path, "repeats = 1")
    with pytest.raises(UsageError, match=r"^--budget runs each arm at least twice: set --repeats to 2 or more, or"):
        planning.fit(replace(experiment, budget="1h"))


def test_check_ends_with_the_shortest_budget_and_how_to_need_less(tmp_path: Path) -> None:
    one, two = planned(tmp_path), planned(tmp_path, views=VIEW + SECOND_VIEW)
    shortest = two[1].shortest_budget(two[0])
    assert budget_lines(*two) == [
        f"next: locust-asyncdjango run --budget {shortest}",
        "this is the shortest budget for 2 views on 2 arms; a longer one finds smaller differences",
        "fewer views take less: name them, as in --routes home",
    ]
    assert budget_lines(*one, has_options=True) == [
        f"next: locust-asyncdjango run --budget {one[1].shortest_budget(one[0])}, with the options of this check",
        "this is the shortest budget for 1 view on 2 arms; a longer one finds smaller differences",
    ]


def test_a_budget_that_is_too_short_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ntouch {tmp_path / 'started'}\nexit 1\n")
    python.chmod(0o755)
    text = f'[project]\npython = "{python}"\nsettings = "mysite.settings"\n{VIEW}{ARMS}'
    file, output = str(write_project_file(tmp_path, text)), str(tmp_path / "results" / "new")
    assert cli.main(["run", file, "--budget", "1m", "--output", output]) == 2
    assert "error: --budget 1m is too short: to run 1 view on 2 arms twice takes --budget " in capsys.readouterr().err
    assert not (tmp_path / "started").exists()
    assert cli.main(["run", file, "--budget", "1h", "--output", output]) == 2
    assert (tmp_path / "started").exists()
