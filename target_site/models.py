"""The one model, which the database routes read and write."""

import uuid
from datetime import datetime

from django.db import models


class Post(models.Model):
    """A post with a title and free text. Its key is a random UUID."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    title = models.CharField(max_length=100)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.title

    def as_json(self) -> dict[str, str]:
        """Return the post as the routes send it."""
        return post_as_json(self.id, self.title, self.content, self.created_at, self.updated_at)


def post_as_json(
    id_: uuid.UUID | str, title: str, content: str, created_at: datetime, updated_at: datetime
) -> dict[str, str]:
    """Return a row of the table as the routes send it, from whichever driver it comes: times in ISO 8601."""
    return {
        "id": str(id_),
        "title": title,
        "content": content,
        "created_at": created_at.isoformat(),
        "updated_at": updated_at.isoformat(),
    }
