"""The route cpu."""

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from target_site.routes import cpu


@pytest.mark.parametrize(("n", "total"), [("0", 0), ("1", 0), ("4", 14), ("1000", 332833500)])
def test_both_variants_add_the_squares(n: str, total: int) -> None:
    request = RequestFactory().get("/cpu/", {"n": n})
    for response in (cpu.cpu_sync(request), async_to_sync(cpu.cpu_async)(request)):
        assert json.loads(response.content) == {"n": int(n), "sum": total}
