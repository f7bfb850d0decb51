"""The result of a trial, as JSON."""

import json
from dataclasses import replace

import pytest

from locust_asyncdjango.lab.experiment.result import RefusedConnections, Result
from tests.support.experiments import ASYNC, BROKEN, SYNC

REFUSED = replace(ASYNC, refused=RefusedConnections({"app_error": 41}, 44, 100))


@pytest.mark.parametrize("result", [SYNC, ASYNC, BROKEN, REFUSED], ids=["sync", "async", "broken", "refused"])
def test_a_result_comes_back_from_its_file(result: Result) -> None:
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result
