"""To how many users the ramps of an experiment climb, in words."""

from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.report.sentences.ramps import ramp_users_text
from tests.support.experiments import experiment


def test_each_subject_is_named_where_they_differ() -> None:
    routes = ("io_read", "cpu")
    assert ramp_users_text(experiment(routes=routes, load=Load(users="200"))) == "200 users"
    chosen = (("io_read", 120), ("cpu", 300))
    assert ramp_users_text(experiment(routes=routes, ramp_users=chosen)) == "120 users (io_read), 300 users (cpu)"
    assert ramp_users_text(experiment(ramp_users=chosen)) == "120 users"
    near_and_far = (("io_read", 120), ("io_read (5 ms latency)", 1))
    assert ramp_users_text(experiment(latencies_ms=(0, 5), ramp_users=near_and_far)) == (
        "120 users (io_read at 0 ms), 1 user (io_read at 5 ms)"
    )
