"""orm_post: validates a Django form and saves it as a post, with one query."""

from asgiref.sync import sync_to_async
from django import forms
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from target_site.models import Post
from target_site.problems import problem_response

from .posts import CONTENT_LIMIT, TITLE_LIMIT
from .route import Route, Variant


class PostForm(forms.ModelForm):  # type: ignore[type-arg]
    """A title and a content. Django strips white space around them."""

    content = forms.CharField(max_length=CONTENT_LIMIT)

    class Meta:
        model = Post
        fields = ("title", "content")


@csrf_exempt
@require_POST
def orm_post_sync(request: HttpRequest) -> JsonResponse:
    form = PostForm(request.POST)
    if not form.is_valid():
        return invalid_form_response(form)
    post = form.save()
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
async def orm_post_async(request: HttpRequest) -> JsonResponse:
    form = PostForm(request.POST)
    if not form.is_valid():
        return invalid_form_response(form)
    post = form.save(commit=False)
    await post.asave()
    return JsonResponse(post.as_json(), status=201)


@csrf_exempt
@require_POST
async def orm_post_sync_to_async(request: HttpRequest) -> JsonResponse:
    form = PostForm(request.POST)
    if not form.is_valid():
        return invalid_form_response(form)
    post = await sync_to_async(form.save)()
    return JsonResponse(post.as_json(), status=201)


def invalid_form_response(form: PostForm) -> JsonResponse:
    """Return status 400 with the form's errors by field."""
    return problem_response(400, "Bad Request", detail="the form is not valid", errors=form.errors.get_json_data())


ROUTE = Route(
    name="orm_post",
    method="POST",
    summary="Validates a Django form and saves it as a post: one query. An invalid form gets a 400 with its errors.",
    variants=(
        Variant("sync", orm_post_sync, "the form's save"),
        Variant("async", orm_post_async, "the model's asave"),
        Variant("sync_to_async", orm_post_sync_to_async, "the form's save in sync_to_async"),
    ),
    parameters={
        "title": f"1 to {TITLE_LIMIT} characters",
        "content": f"1 to {CONTENT_LIMIT} characters",
    },
)
