"""The site's URLs, to be included at any prefix: ``<route>/<variant>/`` for each variant, ``<route>/`` for the one that
suits the interface."""

from django.urls import URLPattern, URLResolver, include, path

from target_site.routes import ROUTES
from target_site.routes.route import Route
from target_site.site_info import index, preflight


def patterns(route: Route) -> URLResolver:
    """A route's URLs, in one group: a request is held against those of its own route only."""
    names = [*(variant.name for variant in route.variants), *route.aliases]
    variants: list[URLPattern] = [path(f"{name}/", route.named(name).view) for name in names]
    return path(f"{route.name}/", include([path("", route.named(route.natural).view), *variants]))


urlpatterns = [
    path("", index.page),
    path("routes.json", index.routes_json),
    path("healthz", index.healthz),
    path("preflight.json", preflight.preflight_json),
    path("slots/", preflight.slots),
    *map(patterns, ROUTES),
]
