"""What the routes on posts have in common."""

import hashlib
import uuid

from django.http import HttpRequest

from target_site.problems import BadInputError

COLUMNS = "id, title, content, created_at, updated_at"
"""As target_site.models.post_as_json takes them."""

FIRST_SEEDED = uuid.UUID(hashlib.md5(b"post 1", usedforsecurity=False).hexdigest())
"""seed_posts makes it."""

ID_PARAMETER = {"id": "a post's key, a UUID (default: the first that seed_posts makes)"}

TITLE_LIMIT = 100
CONTENT_LIMIT = 100_000


def post_wanted(request: HttpRequest) -> uuid.UUID:
    """The query's id. Raises BadInputError."""
    given = request.GET.get("id")
    if given is None:
        return FIRST_SEEDED
    try:
        return uuid.UUID(given)
    except ValueError:
        raise BadInputError("id must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000") from None
