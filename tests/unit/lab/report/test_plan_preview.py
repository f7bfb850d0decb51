"""The plan of an experiment in words."""

from dataclasses import replace

from locust_asyncdjango.lab.analysis.planning.experience import Experience
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.report.plan_preview import budget_result, budget_sentences, plan_text
from tests.support.experiments import SERVERS, experiment


def test_the_plan_says_what_is_run_and_how_long_it_takes() -> None:
    assert plan_text(experiment(repeats=2, a_a_pairs=1), 180.0) == (
        "   1  io_read on gunicorn-sync (A/A run 1)\n"
        "   2  io_read on gunicorn-sync (A/A run 2)\n"
        "   3  io_read on gunicorn-sync\n"
        "   4  io_read on gunicorn-sync (run 2)\n"
        "there is one arm, and nothing to compare it with\n"
        "4 trials of 180 s; about 13 min, including starting and stopping"
    )


def test_repeats_until_decided_are_at_most_so_many() -> None:
    text = plan_text(experiment(repeats=40, until_decided=True), 180.0)
    assert text.endswith("\nat most 40 trials of 180 s; about 2 h 8 min, including starting and stopping")


def test_the_length_of_a_shape_may_be_unknown() -> None:
    assert plan_text(experiment(), None).endswith(
        "\n1 trial; how long a trial takes is not known, because the shape does not say"
    )


def test_the_plan_says_what_it_can_find() -> None:
    text = plan_text(experiment(servers=SERVERS, repeats=6), 60.0, Experience(0.07, 2, 8.0))
    assert "\nit can find a difference of 10% or more, in four of five cases, where two runs" in text
    assert "\nto find a difference of 5% takes 19 repeats\n12 trials of 60 s; about 14 min" in text


def test_a_budget_says_what_was_made_of_it() -> None:
    load = Load("Ramp:hold=30s", users="500", spawn_rate="50")
    planned = experiment(servers=SERVERS, repeats=6, until_decided=True, budget="10m", load=load)
    first, *others = budget_sentences(planned, 40.0, Experience())
    assert first == (
        "budget of 10m: 2 arms, each at most 6 times, with a ramp of 10 s to 500 users and a plateau of 30 s; about"
        " 11 min"
    )
    assert len(others) == 2
    assert budget_sentences(experiment(budget="10m"), 40.0, Experience())[0].startswith(
        "budget of 10m: 1 arm, each at most 1 time, with a load of 40 s; about"
    )


def test_a_budget_says_to_how_many_users_each_view_climbs() -> None:
    load = Load("Ramp:hold=15s", users="500", spawn_rate="41.6667")
    planned = experiment(routes=("io_read", "cpu"), repeats=2, budget="10m", load=load)
    due, *_ = budget_sentences(planned, 27.0, Experience(), is_pilot_due=True)
    assert "with a ramp of 12 s to as many users as a short pilot finds for each view and a plateau of 15 s" in due
    chosen = replace(planned, ramp_users=(("io_read", 120), ("cpu", 300)))
    first, *_ = budget_sentences(chosen, 27.0, Experience(), spent_s=60.0)
    assert first.endswith(
        "with a ramp of 12 s to 120 users (io_read), 300 users (cpu) and a plateau of 15 s; about 5 min"
    )


def test_a_budget_that_was_missed_says_by_how_much() -> None:
    assert budget_result(180, 171.4) == "171 s of the budget of 180 s were used"
    assert budget_result(180, 192.6) == "the budget was missed by 13 s: 193 s instead of 180 s"
