"""template: a page of text with script tags, rendered by Django's templates, without a query."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView

from target_site.problems import BadInputError

from .route import Route, Variant

PAGE = "target_site/template.html"
TITLE_LIMIT = 100
PARAGRAPHS = 20
TEXT = "The quick brown fox jumps over the lazy dog. " * 5


@require_safe
def template_sync(request: HttpRequest) -> HttpResponse:
    return render(request, PAGE, page_context(request))


@require_safe
async def template_async(request: HttpRequest) -> HttpResponse:
    return render(request, PAGE, page_context(request))


class SyncPage(TemplateView):
    template_name = PAGE

    def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(**page_context(request)))


class AsyncPage(TemplateView):
    template_name = PAGE

    async def get(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return self.render_to_response(self.get_context_data(**page_context(request)))


def page_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows. Raise BadInputError if the query's title is empty or too long."""
    title = request.GET.get("title", "A page")
    if not 0 < len(title) <= TITLE_LIMIT:
        raise BadInputError(f"title must have 1 to {TITLE_LIMIT} characters")
    return {"title": title, "paragraphs": [f"{n}. {TEXT}" for n in range(1, PARAGRAPHS + 1)]}


ROUTE = Route(
    name="template",
    method="GET",
    summary="A page of 20 paragraphs with script tags, rendered by Django's templates: no query.",
    variants=(
        Variant("sync", template_sync, "a function"),
        Variant("async", template_async, "an async function"),
        Variant("class_sync", SyncPage.as_view(), "a TemplateView"),
        Variant("class_async", AsyncPage.as_view(), "a TemplateView whose get is async"),
    ),
    parameters={"title": f"the page's title, 1 to {TITLE_LIMIT} characters"},
)
