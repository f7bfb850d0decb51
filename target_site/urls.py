"""The site's URLs: ``/<route>/<variant>/`` for each, ``/<route>/`` for the variant that suits the interface."""

from django.urls import URLPattern, path

from target_site import overview
from target_site.routes import ROUTES
from target_site.routes.route import Route


def patterns(route: Route) -> list[URLPattern]:
    """A route's URLs."""
    return [
        path(f"{route.name}/", route.variants[route.natural]),
        *(path(f"{route.name}/{variant}/", view) for variant, view in route.variants.items()),
    ]


urlpatterns = [
    path("", overview.page),
    path("routes.json", overview.routes_json),
    path("healthz", overview.healthz),
    *(pattern for route in ROUTES for pattern in patterns(route)),
]

handler400 = "target_site.problems.bad_request"
handler404 = "target_site.problems.not_found"
handler500 = "target_site.problems.server_error"
