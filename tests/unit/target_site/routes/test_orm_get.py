"""The response of the route orm_get to a row of a driver."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from target_site.models import Post, post_as_json
from target_site.routes.orm_get import SELECT_BY_ID, SELECT_BY_ID_ASYNCPG, post_response

ROW = (uuid.UUID(int=1), "t", "c", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def test_a_row_becomes_a_post() -> None:
    assert json.loads(post_response(ROW).content) == post_as_json(*ROW)


def test_no_row_is_a_post_that_does_not_exist() -> None:
    with pytest.raises(Post.DoesNotExist):
        post_response(None)


def test_all_drivers_send_the_same_query() -> None:
    assert SELECT_BY_ID.replace("%s", "$1") == SELECT_BY_ID_ASYNCPG
    assert SELECT_BY_ID.endswith("WHERE id = %s")
