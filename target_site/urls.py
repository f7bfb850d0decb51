"""The site's URLs, which your project may include at any prefix.

``<route>/<variant>/`` is a variant. ``<route>/`` is the variant for the interface: sync on WSGI, async on ASGI.
"""

from django.urls import URLPattern, URLResolver, include, path

from target_site.routes import ROUTES
from target_site.routes.route import Route
from target_site.site_info import index


def route_patterns(route: Route) -> URLResolver:
    """Return the URLs of a route as one group, so that Django compares a request with those of its own route only."""
    names = [*(variant.name for variant in route.variants), *route.aliases]
    variants: list[URLPattern] = [path(f"{name}/", route.variant(name).view) for name in names]
    return path(f"{route.name}/", include([path("", route.variant(route.natural).view), *variants]))


urlpatterns = [
    path("", index.index_page),
    path("routes.json", index.routes_json),
    path("healthz", index.healthz),
    *map(route_patterns, ROUTES),
]
