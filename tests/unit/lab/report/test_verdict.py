"""The plan and the verdict of an experiment in words."""

from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.report.verdict import plan_text, verdict
from tests.support.experiments import experiment, found
from tests.support.figures import figures


def test_the_plan_says_what_is_run_and_how_long_it_takes() -> None:
    assert plan_text(experiment(repeats=2, a_a_pairs=1), 180.0) == (
        "   1  io_read on gunicorn-sync (A/A run 1)\n"
        "   2  io_read on gunicorn-sync (A/A run 2)\n"
        "   3  io_read on gunicorn-sync\n"
        "   4  io_read on gunicorn-sync (run 2)\n"
        "4 trials of 180 s; about 13 min, with starting and stopping"
    )
    long = plan_text(experiment(repeats=40, until_decided=True), 180.0)
    assert long.endswith("\nat most 40 trials of 180 s; about 2 h 8 min, with starting and stopping")
    assert plan_text(experiment(), None).endswith("\n1 trial; how long the shape runs is not known")


def test_the_verdict_is_given_for_each_set_of_conditions() -> None:
    def result(server: str, latency_ms: int, peak: float) -> Result:
        trial = Trial("io_create", server, 1000, 100, latency_ms=latency_ms)
        return Result(trial, figures(peak, 60, 4100), "", {})

    results = [result("a", 0, 144), result("b", 0, 189), result("a", 100, 1.4), result("b", 100, 170)]
    told = verdict(found(results))
    assert [sentence for sentence in told if "peaks" in sentence] == [
        "io_create: b peaks highest, 189.0 against 144.0 req/s",
        "io_create (100 ms latency): b peaks highest, 170.0 against 1.4 req/s",
    ]
