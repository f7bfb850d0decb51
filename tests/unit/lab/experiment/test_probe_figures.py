"""The times of requests, of several names and runs together."""

from dataclasses import replace

from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, mean_times
from tests.support.request_times import TIMES

OTHER = replace(
    TIMES, name="home", view="site.home", requests=10, failed=3, queued_ms=None, view_ms=10.0, failures={"500": 3}
)


def test_means_weigh_each_request() -> None:
    assert mean_times("all", [TIMES, OTHER]) == replace(
        TIMES,
        name="all",
        view="",
        requests=40,
        failed=4,
        queued_ms=120.0,
        view_ms=32.5,
        failures={"500": 3, "OperationalError": 1},
    )
    assert mean_times("io_read", [TIMES, TIMES]) == replace(
        TIMES, requests=60, failed=2, failures={"OperationalError": 2}
    )
    assert mean_times("all", []) is None


def test_code_is_what_is_left_of_the_view() -> None:
    assert (TIMES.database_ms, TIMES.code_ms) == (25.0, 15.0)
    assert replace(TIMES, view_ms=1.0).code_ms == 0.0


def test_blocks_of_a_line_are_added_up() -> None:
    block = LoopBlock("views.py", 41, "cart", 2, 160.0, 90.0)
    assert block.with_more(1, 100.0, 100.0) == LoopBlock("views.py", 41, "cart", 3, 260.0, 100.0)
