"""The page of the route template."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from target_site.problems import BadInputError
from target_site.routes import template

FACTORY = RequestFactory()


def test_all_variants_render_the_same_page_and_escape_the_title() -> None:
    request = FACTORY.get("/", {"title": "<script>alert(1)"})
    async_view: Any = template.AsyncPage.as_view()
    class_pages: list[Any] = [template.SyncPage.as_view()(request), async_to_sync(async_view)(request)]
    pages = [template.template_sync(request).content, async_to_sync(template.template_async)(request).content]
    pages += [page.render().content for page in class_pages]
    assert len(set(pages)) == 1
    assert b"<h1>&lt;script&gt;alert(1)</h1>" in pages[0]
    assert pages[0].count(b"<p id=") == template.PARAGRAPHS


@pytest.mark.parametrize("title", ["", "t" * 101])
def test_a_title_that_is_rejected(title: str) -> None:
    with pytest.raises(BadInputError, match="title must have 1 to 100 characters"):
        template.page_context(FACTORY.get("/", {"title": title}))
