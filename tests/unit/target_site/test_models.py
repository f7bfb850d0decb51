"""A post as the routes send it."""

import uuid
from datetime import UTC, datetime

from target_site.models import Post, post_as_json

KEY = uuid.UUID(int=7)
TIMES = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))


def test_a_model_and_a_row_of_a_driver_look_the_same() -> None:
    expected = {
        "id": "00000000-0000-0000-0000-000000000007",
        "title": "t",
        "content": "c",
        "created_at": "2026-01-01T00:00:00+00:00",
        "updated_at": "2026-01-02T03:04:05.000006+00:00",
    }
    post = Post(id=KEY, title="t", content="c", created_at=TIMES[0], updated_at=TIMES[1])
    assert post.as_json() == post_as_json(KEY, "t", "c", *TIMES) == post_as_json(str(KEY), "t", "c", *TIMES) == expected
    assert str(post) == "t"
