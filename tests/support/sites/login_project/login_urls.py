"""URLs of a small project with logins: Django's form, the admin's, JSON with a session, and a token."""

import json

from django.contrib import admin
from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_POST

TOKEN = "a-token-of-json"


@ensure_csrf_cookie
def api_login(request: HttpRequest) -> JsonResponse:
    """Log in by JSON, as single-page applications do."""
    if request.method != "POST":
        return JsonResponse({"csrfToken": request.META["CSRF_COOKIE"]})
    user = authenticate(request, **json.loads(request.body))
    if user is None:
        return JsonResponse({"detail": "Unable to log in."}, status=400)
    login(request, user)
    return JsonResponse({"name": user.get_username()})


@csrf_exempt
def api_token(request: HttpRequest) -> JsonResponse:
    """Return a token of JSON, as simplejwt does."""
    user = authenticate(request, **json.loads(request.body))
    return JsonResponse({"access": TOKEN} if user else {"detail": "No active account."}, status=200 if user else 401)


def bearer(request: HttpRequest) -> HttpResponse:
    """Answer to the token alone."""
    return HttpResponse(status=200 if request.headers.get("Authorization") == f"Bearer {TOKEN}" else 401)


@login_required
def private(request: HttpRequest) -> HttpResponse:
    """Answer to users who are logged in."""
    return HttpResponse(f"hello {request.user.get_username()}")


@require_POST
@login_required
def save(request: HttpRequest) -> HttpResponse:
    """Answer to a POST with a CSRF token, which the middleware checks."""
    return HttpResponse(request.POST.get("title", ""), status=201)


urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("admin/", admin.site.urls),
    path("api/login/", api_login),
    path("api/token/", api_token),
    path("bearer/", bearer),
    path("private/", private),
    path("save/", save),
]
