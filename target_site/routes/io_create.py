"""io_create: one post from the form fields title and content, one query."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from target_site.models import Post
from target_site.problems import BadInputError

from .route import Route

TITLE_LIMIT = 100
CONTENT_LIMIT = 100_000


@csrf_exempt
@require_POST
def io_create_sync(request: HttpRequest) -> JsonResponse:
    post = Post.objects.create(**post_fields(request))
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
async def io_create_async(request: HttpRequest) -> JsonResponse:
    post = await Post.objects.acreate(**post_fields(request))
    return JsonResponse(post.as_json(), status=201)


def post_fields(request: HttpRequest) -> dict[str, str]:
    """The form's title and content. Raises BadInputError."""
    fields = {}
    for name, limit in (("title", TITLE_LIMIT), ("content", CONTENT_LIMIT)):
        value = request.POST.get(name, "")
        if not 0 < len(value) <= limit:
            raise BadInputError(f"the form field {name} must have 1 to {limit} characters")
        if "\x00" in value:
            raise BadInputError(f"the form field {name} must not hold a NUL character")
        fields[name] = value
    return fields


ROUTE = Route(
    name="io_create",
    method="POST",
    summary="Creates one post from the form fields title and content: one query.",
    variants={"sync": io_create_sync, "async": io_create_async},
)
