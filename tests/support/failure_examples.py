"""Responses and exceptions as applications, frameworks and drivers make them, for tests of classification."""

import json

PROBLEM = {"Content-Type": "application/problem+json"}
HTML, JSON, TEXT = ({"Content-Type": kind} for kind in ("text/html; charset=utf-8", "application/json", "text/plain"))
SETTINGS = (
    b"<tr><td>DATABASES</td><td>{'ENGINE': 'django.db.backends.postgresql'}: sorry, too many clients already"
    b" redis.exceptions.ConnectionError httpx.ReadTimeout Error 111 connecting to 127.0.0.1:6379</td></tr>" * 200
)


def problem(**members: str) -> bytes:
    """Return a problem (RFC 9457) as the target site sends it, with more members."""
    return json.dumps({"type": "about:blank", "status": 500, **members}).encode()


def debug_page(name: str, value: str, place: str = "/site/mine/views.py", frames: tuple[str, ...] = ()) -> bytes:
    """Return Django 5.2's debug page of an exception.

    place: the file that raised. frames: the files of the frames that it shows, the last one innermost.
    """
    return (
        f"<!DOCTYPE html><html><head><title>{name}\n          at /io_read/</title></head><body><h1>{name}</h1>"
        f'<pre class="exception_value">{value}</pre><table><tr><th scope="row">Exception Location:</th>'
        f'<td><span class="fname">{place}</span>, line 1, in get</td></tr></table>'
        + "".join(f'<code class="fname">{frame}</code>, line 1' for frame in frames)
    ).encode() + SETTINGS


def chained(outer: Exception, inner: BaseException) -> Exception:
    """Return the outer exception, raised from the inner one."""
    outer.__cause__ = inner
    return outer


def driver_error(name: str, message: str, **attributes: str) -> Exception:
    """Return an exception of a class with this dotted name. attributes: of the class, such as pgcode."""
    module, _, last = name.rpartition(".")
    error: Exception = type(last, (Exception,), {"__module__": module, **attributes})(message)
    return error
