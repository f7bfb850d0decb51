"""FastHttpUser whose failures say what broke: each carries its kind into Locust's own tables."""

from typing import Any

from geventhttpclient.useragent import BadStatusCode
from locust.contrib.fasthttp import FastHttpSession, FastHttpUser, FastResponse, LocustBadStatusCode

from locust_asyncdjango.failures import Failure, classify


class FailedRequestError(LocustBadStatusCode):
    """A request that failed, with the Failure that says why. Locust shows its repr in the failures table."""

    def __init__(self, url: str | None, failure: Failure, status: int) -> None:
        super().__init__(url, str(failure.message), code=status)
        self.failure = failure

    def __repr__(self) -> str:
        return f"{self.failure.kind}: {self.failure.message}"

    __str__ = __repr__


class FastSession(FastHttpSession):
    """FastHttpSession that raises FailedRequestError in the place of what its transport raised."""

    def _send_request_safe_mode(self, method: str, url: str, **kwargs: Any) -> FastResponse:
        response = super()._send_request_safe_mode(method, url, **kwargs)
        error = getattr(response, "error", None)
        if error is not None:
            named = _named(error, response)
            named.__cause__ = error
            response.error = named  # type: ignore[attr-defined]
        return response


class FastUser(FastHttpUser):
    """FastHttpUser with its whole API, whose failures are classified at the source."""

    abstract = True

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client: FastSession = FastSession(
            base_url=self.host,
            request_event=self.environment.events.request,
            user=self,
            insecure=self.insecure,
            client_pool=self.client_pool,
            ssl_context_factory=self.ssl_context_factory,
            network_timeout=self.network_timeout,
            connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects,
            max_retries=self.max_retries,
            concurrency=self.concurrency,
            headers=self.default_headers,
            proxy_host=self.proxy_host,
            proxy_port=self.proxy_port,
        )


def _named(error: Exception, response: FastResponse) -> FailedRequestError:
    status = response.status_code
    # A redirect loop ends without a bad status: it has to be told by its exception.
    answered = isinstance(error, BadStatusCode | LocustBadStatusCode)
    failure = classify(
        exception=error,
        status=status,
        headers=dict(response.headers.items()) if response.headers else {},
        body=(response.content or b"") if answered else b"",
    )
    assert failure is not None, "an exception is always a failure"  # noqa: S101
    return FailedRequestError(str(response.url), failure, status)
