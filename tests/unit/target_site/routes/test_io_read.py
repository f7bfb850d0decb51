"""The query of a page, and the methods, of the route io_read."""

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from target_site.models import Post
from target_site.routes.io_read import PAGE_LENGTH, ROUTE, SELECT_PAGE
from target_site.routes.route import Variant

FACTORY = RequestFactory()


def test_the_drivers_send_the_query_of_the_orm() -> None:
    sql = str(Post.objects.order_by("pk")[:PAGE_LENGTH].query)
    assert sql.replace('"target_site_post".', "").replace('"', "").replace(" ASC ", " ") == SELECT_PAGE


@pytest.mark.parametrize("variant", ROUTE.variants, ids=lambda variant: variant.name)
def test_it_only_reads(variant: Variant) -> None:
    view = async_to_sync(variant.view) if variant.side == "async" else variant.view
    response = view(FACTORY.post("/io_read/"))
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
