"""The response of the route list_detail, whose rows come from any driver."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from target_site.models import Post
from target_site.routes.list_detail import list_detail_response

KEY = uuid.UUID(int=1)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_response_has_the_list_and_the_post() -> None:
    response = list_detail_response([(str(KEY), "t")], (KEY, "t", "c", NOW, NOW))
    time = "2026-01-01T00:00:00+00:00"
    assert json.loads(response.content) == {
        "items": [{"id": str(KEY), "title": "t"}],
        "detail": {"id": str(KEY), "title": "t", "content": "c", "created_at": time, "updated_at": time},
    }


def test_a_post_that_does_not_exist() -> None:
    with pytest.raises(Post.DoesNotExist):
        list_detail_response([], None)
