"""io_read: the first 25 posts and the count of all, two queries."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from target_site.models import Post

from .route import Route

PAGE = 25


@require_GET
def io_read_sync(_request: HttpRequest) -> JsonResponse:
    posts = [post.as_json() for post in Post.objects.order_by("pk")[:PAGE]]
    return JsonResponse({"count": Post.objects.count(), "posts": posts})


@require_GET
async def io_read_async(_request: HttpRequest) -> JsonResponse:
    posts = [post.as_json() async for post in Post.objects.order_by("pk")[:PAGE]]
    return JsonResponse({"count": await Post.objects.acount(), "posts": posts})


ROUTE = Route(
    name="io_read",
    method="GET",
    summary="The first 25 posts and the count of all: two queries.",
    variants={"sync": io_read_sync, "async": io_read_async},
)
