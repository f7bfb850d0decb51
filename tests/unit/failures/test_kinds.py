"""The table of kinds."""

from locust_asyncdjango.failures.classify import advice, classify
from locust_asyncdjango.failures.kinds import KINDS


def test_every_kind_has_origin_and_advice() -> None:
    assert all(kind.origin and kind.advice for kind in KINDS.values())
    assert advice("a kind nobody knows") == ""
    assert "CONNECTION LIMIT" in advice("db_too_many_clients", "role")
    assert advice("db_too_many_clients", "server") == advice("db_too_many_clients")


def test_our_middleware_is_advised_where_django_hides_an_exception_only() -> None:
    def advice_for(body: bytes, **headers: str) -> str:
        failure = classify(status=500, headers=headers, body=body)
        assert failure is not None
        assert failure.kind == "server_error_opaque"
        return failure.advice

    assert "ProblemMiddleware" in advice_for(b"<h1>Server Error (500)</h1>")
    # The server's own page, for what fails outside of Django, and a problem of a site that has the middleware.
    assert "ProblemMiddleware" not in advice_for(b"<h1>Internal Server Error</h1>")
    assert "ProblemMiddleware" not in advice_for(b'{"title": "Internal Server Error", "status": 500}')
    assert not any("ProblemMiddleware" in kind.advice for kind in KINDS.values())
