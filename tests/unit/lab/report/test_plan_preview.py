"""The plan of an experiment in words."""

from locust_asyncdjango.lab.report.plan_preview import plan_text
from tests.support.experiments import experiment


def test_the_plan_says_what_is_run_and_how_long_it_takes() -> None:
    assert plan_text(experiment(repeats=2, a_a_pairs=1), 180.0) == (
        "   1  io_read on gunicorn-sync (A/A run 1)\n"
        "   2  io_read on gunicorn-sync (A/A run 2)\n"
        "   3  io_read on gunicorn-sync\n"
        "   4  io_read on gunicorn-sync (run 2)\n"
        "4 trials of 180 s; about 13 min, including starting and stopping"
    )


def test_repeats_until_decided_are_at_most_so_many() -> None:
    text = plan_text(experiment(repeats=40, until_decided=True), 180.0)
    assert text.endswith("\nat most 40 trials of 180 s; about 2 h 8 min, including starting and stopping")


def test_the_length_of_a_shape_may_be_unknown() -> None:
    assert plan_text(experiment(), None).endswith(
        "\n1 trial; how long a trial takes is not known, because the shape does not say"
    )
