"""The table of failure kinds: where each comes from, and what to do about it.

docs/failures.md says what each kind is. To add one: a line here, its rules in ``rules`` or ``exception_rules``, a
row in docs/failures.md, and its name in README.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

from locust_asyncdjango.failures.model import Kind

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "db_too_many_clients": Kind(
            "database", "raise max_connections, use a connection pool, or put PgBouncer in front of the database"
        ),
        "db_pool_timeout": Kind(
            "database",
            "raise the pool's max_size to the requests in flight; or it cannot connect: see whether the database runs",
        ),
        "db_unreachable": Kind("database", "see whether the database runs and DATABASE_URL points to it"),
        "db_timeout": Kind("database", "a query ran into its time limit: look at its plan, or raise statement_timeout"),
        "db_contention": Kind(
            "database", "transactions wait for each other: shorten them, lock in one order, or retry"
        ),
        "db_error": Kind("database", "look at the server's and the database's log"),
        "cache_unavailable": Kind(
            "cache", "see whether Redis runs, REDIS_URL points to it, and its maxclients suffices"
        ),
        "broker_unavailable": Kind("upstream", "see whether the message broker runs and its address is right"),
        "upstream_failure": Kind("upstream", "the server could not reach what it depends on: see whether that runs"),
        "gateway_bad": Kind(
            "gateway", "the proxy got no valid response: see whether the application behind it still runs"
        ),
        "unavailable_503": Kind("server", "the server sheds load: see its queue and worker limits"),
        "overloaded": Kind("server", "the server limits requests: slow down or raise its limit"),
        "server_exhausted": Kind(
            "server", "the server ran out of files, threads, memory or disk: raise its limits (ulimit)"
        ),
        "server_error_opaque": Kind(
            "server", "the response hides its cause: look at the logs of the application and of its server"
        ),
        "app_error": Kind("server", "look at the application's log"),
        "client_error": Kind("check", "the request does not fit the server: check path, method and form"),
        "connect_refused": Kind("network", "nothing listens there: see whether the server runs and --host is right"),
        "unreachable": Kind("network", "check the route to the host"),
        "connection_dropped": Kind(
            "server", "the server closed the connection: look for killed or restarted workers in its log"
        ),
        "timeout": Kind("server", "the server was too slow: fewer users, more slots, or a longer network_timeout"),
        "dns_failure": Kind("generator", "check the host's name"),
        "invalid_request": Kind(
            "generator", "the request could not be made: correct its address, headers, credentials or body"
        ),
        "tls_failure": Kind("network", "check the certificate and whether the port speaks TLS"),
        "client_exhausted": Kind(
            "generator", "raise the open-file limit (ulimit -n) or spread users over more machines"
        ),
        "protocol_error": Kind("server", "the response is not HTTP: check that the port belongs to the web server"),
        "no_response": Kind("network", "no response and no known reason: look at the log of Locust and of the server"),
        "login_failed": Kind(
            "check", "the site did not log the user in: check path, names and values of the login's form"
        ),
        "check_failed": Kind("check", "a response came, but did not pass the locustfile's own check"),
    }
)
"""The built-in kinds by name. A FailureClassifier keeps those that a locustfile adds."""
