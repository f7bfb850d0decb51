"""A scripted site with a login: what a server would send, without Django."""

from tests.support.responses import http_response
from tests.support.scripted_server import ReceivedRequest, Step

FORM = b'<form><input type="hidden" name="csrfmiddlewaretoken" value="form"><input name="username"></form>'


def respond(request: ReceivedRequest) -> list[Step]:
    """Answer as Django does: a form at /accounts/login/, /private/ for members, a token of JSON at /token/."""
    method, is_member = request.line.split()[0], "sessionid=s" in request.headers.get("cookie", "")
    if request.path == "/accounts/login/" and method == "GET":
        return [http_response(200, FORM, "Set-Cookie: csrftoken=old; Path=/")]
    if request.path == "/accounts/login/" and b"password=right" in request.body:
        return [http_response(302, b"", "Location: /", "Set-Cookie: sessionid=s; Path=/", "Set-Cookie: csrftoken=new")]
    if request.path == "/accounts/login/":
        return [http_response(200, b'<ul class="errorlist"><li>Please enter a correct password.</ul>' + FORM)]
    if request.path == "/token/":
        return [http_response(200, b'{"access": "abc"}')]
    if request.path == "/private/":
        redirect = http_response(302, b"", "Location: /accounts/login/?next=/private/")
        return [http_response(200, b"secret") if is_member else redirect]
    if request.path == "/busy/":
        return [http_response(503, b"")]
    return [http_response(404, b"")]
