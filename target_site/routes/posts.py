"""Code that the routes for reading and writing posts share: columns, limits and the parameter ``id``."""

import hashlib
import uuid

from django.http import HttpRequest

from target_site.problems import BadInputError

COLUMNS = "id, title, content, created_at, updated_at"
"""In the order of the parameters of target_site.models.post_as_json."""

FIRST_SEEDED = uuid.UUID(hashlib.md5(b"post 1", usedforsecurity=False).hexdigest())
"""The key of the first post that seed_posts makes."""

ID_PARAMETER = {"id": "a post's key, a UUID (default: the first that seed_posts makes)"}

TITLE_LIMIT = 100
CONTENT_LIMIT = 100_000


def requested_post_id(request: HttpRequest) -> uuid.UUID:
    """Return the post's key from the query, or FIRST_SEEDED. Raise BadInputError if it is not a UUID."""
    value = request.GET.get("id")
    if value is None:
        return FIRST_SEEDED
    try:
        return uuid.UUID(value)
    except ValueError:
        raise BadInputError("id must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000") from None
