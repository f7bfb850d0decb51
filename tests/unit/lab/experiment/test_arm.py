"""Arms, and how users write them."""

import pytest

from locust_asyncdjango.lab.experiment.arm import Arm, parse_arms


@pytest.mark.parametrize(
    ("text", "arm"),
    [
        ("gunicorn-sync", Arm("gunicorn-sync")),
        ("gunicorn-sync*4", Arm("gunicorn-sync", workers=4)),
        ("uvicorn/async", Arm("uvicorn", "async")),
        ("uvicorn@1000", Arm("uvicorn", "", 1000)),
        ("uvicorn*2/async@1000", Arm("uvicorn", "async", 1000, 2)),
    ],
)
def test_an_arm_is_read_from_its_text(text: str, arm: Arm) -> None:
    assert parse_arms(text) == (arm,)
    assert parse_arms(str(arm)) == (arm,)
