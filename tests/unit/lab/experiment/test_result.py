"""The result of a trial, as JSON."""

import json

import pytest

from locust_asyncdjango.lab.experiment.result import Result
from tests.support.experiments import ASYNC, BROKEN, SYNC


@pytest.mark.parametrize("result", [SYNC, ASYNC, BROKEN], ids=["sync", "async", "broken"])
def test_a_result_comes_back_from_its_file(result: Result) -> None:
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
