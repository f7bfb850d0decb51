"""The site's URLs, to be included at any prefix: ``<route>/<variant>/`` for each variant, ``<route>/`` for the one that
suits the interface."""

from django.urls import URLPattern, path

from target_site import overview
from target_site.routes import ROUTES
from target_site.routes.route import Route


def patterns(route: Route) -> list[URLPattern]:
    """A route's URLs."""
    names = [*(variant.name for variant in route.variants), *route.aliases]
    return [
        path(f"{route.name}/", route.named(route.natural).view),
        *(path(f"{route.name}/{name}/", route.named(name).view) for name in names),
    ]


urlpatterns = [
    path("", overview.page),
    path("routes.json", overview.routes_json),
    path("healthz", overview.healthz),
    *(pattern for route in ROUTES for pattern in patterns(route)),
]
