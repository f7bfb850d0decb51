"""FastUser: the user class that takes the place of Locust's FastHttpUser."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from locust.contrib.fasthttp import FastHttpUser
from locust.exception import StopTest

from locust_asyncdjango.client.host_fields import Origin, TrialFields
from locust_asyncdjango.client.http11 import InvalidRequestError
from locust_asyncdjango.client.prepared_request import parse_url
from locust_asyncdjango.client.session import FastSession, TrialSession
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE


class FastUser(FastHttpUser):
    """Locust's FastHttpUser with its whole API, several times faster, whose failures say what broke.

    Example::

        from locust import constant, task
        from locust_asyncdjango import FastUser

        class Visitor(FastUser):
            wait_time = constant(1)

            @task
            def read(self):
                response = self.client.get("/posts/", name="posts")
                if response.error:
                    print(response.error.failure.kind, response.error.failure.advice)

    Class attributes, which are FastHttpUser's own:

    host: the URL that paths are appended to. Default: ``--host``. StopTest is raised where there is neither.
    network_timeout: seconds to send what does not fit into the socket's buffer, and then for the whole response, each
        with one more for each 1000 bytes of it. Default 60.
    connection_timeout: seconds to open a connection, TLS and a proxy's tunnel included. Default 60.
    concurrency: connections to one server at once, where several greenlets share a user. Default 10.
    max_redirects: redirects that are followed. Default 30.
    max_retries: how often a GET, HEAD, OPTIONS, TRACE, PUT or DELETE is sent again after a timeout. Default 0.
    insecure: whether certificates go unverified. Default True.
    default_headers: a dict of headers that are sent with each request. Default None.
    client_pool: a geventhttpclient HTTPClientPool; all users that have it share its connections. Default None.
    ssl_context_factory: a method that returns an SSLContext. Default None.
    proxy_host, proxy_port: the proxy that all requests go through. Default None.

    ``self.client`` has get, post, put, patch, delete, head, options, request, iter_lines and rename_request, with the
    parameters of FastHttpSession. A request is reported to Locust exactly once. It returns a response:

    status_code: the HTTP status; 0 where no whole response came.
    error: None for a success, else a FailedRequestError, whose ``failure`` says what broke and what to do. A failed
        request raises nothing.
    ok, headers, content (bytes), text, json(), url, request, history, elapsed (a timedelta): as FastHttpUser's.

    With ``catch_response=True`` the response is for a with-block, and has success() and failure(message) too.
    """

    abstract = True

    def __init__(self, environment: Any) -> None:
        """Make a user. Locust calls it. environment: Locust's environment."""
        # FastHttpUser's own would make a session that nobody uses, and raise for a host that cannot be parsed.
        super(FastHttpUser, self).__init__(environment)
        if self.host is None:
            raise StopTest("there is no host: set the attribute host of the user class, or use --host")
        trial = trial_fields(os.environ.get(TOKEN_VARIABLE, ""), environment.host)
        new_session: Callable[..., FastSession] = partial(TrialSession, trial=trial) if trial else FastSession
        self.client: FastSession = new_session(
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


def trial_fields(token: str, host: str | None) -> TrialFields | None:
    """Return the header fields for a trial of the lab; None where no trial runs, as its token is "" then.

    host: the address of the trial's server, which the lab passes to Locust. A host that a user class names itself may
    be anyone's, so it never gets the token.
    """
    if not token or not host:
        return None
    try:
        return TrialFields(token, Origin.of(parse_url(host)))
    except InvalidRequestError:
        return None
