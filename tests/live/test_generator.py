"""What the generator measures of itself, alone and in workers."""

from pathlib import Path

import pytest

from locust_asyncdjango.metrics import series_file
from tests.support.programs import done, locust, two_workers, written

BLOCKS = """
from gevent.monkey import get_original
from locust import constant, task
from locust_asyncdjango import FastUser

class Blocking(FastUser):
    wait_time = constant(0.5)
    @task
    def ask(self):
        self.client.get('/blog/latest/')
        get_original('time', 'sleep')(0.3)
"""


@pytest.mark.parametrize("more", [(), two_workers()], ids=["alone", "workers"])
def test_a_generator_that_is_blocked_is_named(other_url: str, tmp_path: Path, more: tuple[str, ...]) -> None:
    file = tmp_path / "series.jsonl"
    load = ("--headless", "--only-summary", "-u", "4", "-r", "4", "-t", "8s", *more)
    mine = written(tmp_path, BLOCKS)
    code, text = done(*locust("-f", mine, *load, "-H", other_url, "--series", file))
    assert code == 0, text
    assert "GENERATOR PROBLEM the generator read responses late in " in text
    assert any(second.cpu and second.lag_ms for second in series_file.read(file).intervals)
