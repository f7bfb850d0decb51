"""A Django site that knows nothing of this project: it has paths and error pages of its own.

Each response takes a moment without processor time. Users that send the next request at once would otherwise keep the
whole machine busy, and with it the tests beside them.
"""

import itertools
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

WAIT_S = 0.1

settings.configure(
    MIDDLEWARE=["other_site.wait"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    SECRET_KEY=secrets.token_hex(),
    LOGGING={"version": 1, "loggers": {"django.request": {"level": "CRITICAL"}}},
)

served = itertools.count()


def wait(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def respond(request: HttpRequest) -> HttpResponse:
        time.sleep(WAIT_S)
        return get_response(request)

    return respond


def latest(_request: HttpRequest) -> JsonResponse:
    next(served)
    return JsonResponse({"latest": ["a post"]})


@csrf_exempt
def echo(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"method": request.method, "form": request.POST.dict(), "query": request.GET.dict()})


def full(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("<pre>FATAL:  sorry, too many clients already</pre>", status=500)


def broken(_request: HttpRequest) -> HttpResponse:
    raise ValueError("a bug of the site's own")


urlpatterns = [
    path("blog/latest/", latest),
    path("blog/latest/async/", latest),
    path("orm_get/", latest),  # which the lab requests of each site in an experiment
    path("echo/", echo),
    path("full/", full),
    path("broken/", broken),
]
application = get_wsgi_application()
