"""FastUser against a server that is hostile, over http, https, a proxy and as a stream.

``python -m tests.support.hostile_users`` carries out all of the attacks; here are all of those that are short.
"""

import json
import os
from pathlib import Path

from locust_asyncdjango.lab.environment.process import python
from tests.support.programs import done

SHARE_OF_HEAVY = 15
FEW_BODIES_MB = 1500
"""Room for some bodies of 256 MB, which is as long as they may be: not for those of all the attacks."""


def test_each_request_is_reported_once_and_nobody_else_waits() -> None:
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "")}
    code, output = done(*python("-m", "tests.support.hostile_users", str(SHARE_OF_HEAVY)), env=env, deadline_s=600)
    assert code == 0, output
    result = json.loads(output[output.index("{\n") :])
    assert result["others"] == []
    assert result["tried"] >= 1000
    assert (result["innocent_failures"], result["innocent_requests"] > 0) == (0, True)
    assert result["peak_mb"] < FEW_BODIES_MB
