"""The table of failures: every kind, and the signs by which it is known.

A row has all the signs of one kind, or of one place (``where``) that a kind can have. Signs are looked at in the order
of their worth, whatever their row: SQLSTATE, then names of exceptions, then words, then the library, then the status;
among words the earlier row wins. What a request's end without an answer means is told by ``raised`` and ``errnos``
alone, which an answer never has: its text can name nothing that is wrong on the generator's own side.
"""

import errno
import re
from dataclasses import dataclass

Words = str | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind and its signs.

    where: the place within its origin, where that changes what to do; ``advice`` then says what. sqlstates: whole ones,
    or their first two or three characters. names: of exceptions that an answer tells of, or that a driver raised in the
    locustfile; ``library.Name``, or ``Name`` of any. words: of the error, in lower case. libraries: that raised what
    has no better sign. statuses: HTTP's. raised: exceptions of the generator's own, by class or base; ``Name: words``
    where words decide, ``: words`` for what no class tells. errnos: theirs.
    """

    kind: str
    where: str = ""
    sqlstates: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    libraries: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    raised: tuple[str, ...] = ()
    errnos: tuple[int, ...] = ()
    advice: str = ""


UNTELLING_SQLSTATES = {"08P01", "58000", "HY000", "XX000"}
"""Codes under which PgBouncer, MySQL and others say anything at all."""

# SQLSTATE: PostgreSQL, appendix A. PostgreSQL's words: src/backend (postmaster.c, proc.c, postinit.c, postgres.c,
# deadlock.c), libpq. MySQL's: server error message reference. Others: the drivers and poolers themselves.
RULES: tuple[Rule, ...] = (
    Rule(
        "db_too_many_clients",
        where="pooler",
        words=(
            "no more connections allowed",
            "max_client_conn",
            "max client connections reached",
            "maxclientsinsessionmode",
            "max clients reached",
        ),
        advice="the pooler takes no more clients: raise its max_client_conn, or use fewer connections per request",
    ),
    Rule(
        "db_too_many_clients",
        where="role",
        words=("too many connections for role", "max_user_connections"),
        advice="raise the role's limit (ALTER ROLE ... CONNECTION LIMIT), use a connection pool, or PgBouncer",
    ),
    Rule(
        "db_too_many_clients",
        where="database",
        words=("too many connections for database",),
        advice="raise the database's limit (ALTER DATABASE ... CONNECTION LIMIT), use a connection pool, or PgBouncer",
    ),
    Rule(
        "db_too_many_clients",
        where="server",
        sqlstates=("53300", "08004"),
        names=("TooManyConnectionsError", "TooManyConnections"),
        words=(
            "too many clients already",
            "remaining connection slots are reserved",
            "too many connections",
            "ora-00018",
            "ora-00020",
            "ora-12516",
            "ora-12519",
            "ora-12520",
            re.compile(r"resource id : \d+\. the (?:request|session) limit"),
        ),
    ),
    Rule(
        "db_pool_timeout",
        where="pooler",
        words=(
            "query_wait_timeout",
            "unable to check out process from the pool",
            "unable to check out connection from the pool",
        ),
        advice="the pooler had no server connection in time: raise its default_pool_size or query_wait_timeout",
    ),
    Rule(
        "db_pool_timeout",
        where="pool",
        names=(
            "psycopg_pool.PoolTimeout",
            "psycopg_pool.TooManyRequests",
            "psycopg2.PoolError",
            "sqlalchemy.TimeoutError",
            "asyncpg.pool.TimeoutError",
        ),
        words=(
            "couldn't get a connection after",
            "queuepool limit of size",
            "connection pool exhausted",
            "no connection of the pool became free",
            "timed out fetching a new connection from the connection pool",
            "connection is not available, request timed out",
            re.compile(r"the pool \S+ has already \d+ requests waiting"),
        ),
    ),
    Rule(
        "db_contention",
        sqlstates=("40001", "40P01", "55P03"),
        names=(
            "DeadlockDetected",
            "DeadlockDetectedError",
            "SerializationFailure",
            "SerializationError",
            "LockNotAvailable",
            "LockNotAvailableError",
        ),
        words=(
            "deadlock detected",
            "deadlock found when trying to get lock",
            "could not serialize access",
            "due to lock timeout",
            "could not obtain lock on",
            "lock wait timeout exceeded",
            "database is locked",
            "database table is locked",
            "ora-00060",
            "deadlocked on lock",
        ),
    ),
    Rule(
        "db_timeout",
        sqlstates=("57014", "25P03", "25P04", "57P05"),
        names=("QueryCanceled", "QueryCanceledError", "IdleInTransactionSessionTimeout"),
        words=(
            "canceling statement due to statement timeout",
            "canceling statement due to user request",
            "idle-in-transaction timeout",
            "idle-in-transaction session timeout",
            "idle-session timeout",
            "transaction timeout",
            "maximum statement execution time exceeded",
        ),
    ),
    Rule(
        "db_unreachable",
        sqlstates=("08", "57P", "28", "3D"),
        names=(
            "CannotConnectNow",
            "CannotConnectNowError",
            "AdminShutdown",
            "AdminShutdownError",
            "CrashShutdown",
            "CrashShutdownError",
            "ConnectionDoesNotExistError",
            "PoolClosed",
            "asyncpg.ConnectionRefusedError",
            "asyncpg.ConnectionResetError",
            "asyncpg.OSError",
            "asyncpg.connect_utils.TimeoutError",
        ),
        words=(
            "the database system is ",
            "server closed the connection unexpectedly",
            "terminating connection",
            "connection to server at ",
            "connection to server on ",
            "could not connect to server",
            "could not translate host name",
            "could not receive data from server",
            "could not send data to server",
            "ssl connection has been closed unexpectedly",
            "connection already closed",
            "the connection is closed",
            "the connection is lost",
            "connection was closed in the middle of operation",
            "connection timeout expired",
            "password authentication failed",
            "no pg_hba.conf entry",
            "server_login_retry",
            "server login has been failing",
            "mysql server has gone away",
            "lost connection to mysql server",
            re.compile(r"can't connect to (?:local )?(?:mysql )?server"),
            re.compile(r"database \S+ does not exist"),
            "unable to open database file",
        ),
    ),
    Rule(
        "cache_unavailable",
        names=("BusyLoadingError", "MaxConnectionsError", "MaxClientsError"),
        words=(
            "redis is loading the dataset",
            "max number of clients reached",
            re.compile(r"error -?\d+ connecting to "),
            "error connecting to unix socket",
            "while reading from ",
            "while writing to ",
            re.compile(r"timeout reading from (?:socket|\S+:\d+)"),
            "timeout connecting to server",
            "connection closed by server.",
            "oom command not allowed",
            "you can't write against a read only replica",
            "misconf redis",
            "masterdown link",
            "clusterdown",
            "noauth authentication required",
            "wrongpass invalid username",
        ),
        libraries=(
            "redis",
            "aioredis",
            "valkey",
            "coredis",
            "django_redis",
            "pymemcache",
            "pylibmc",
            "memcache",
            "aiocache",
        ),
    ),
    Rule(
        "broker_unavailable",
        words=(
            "nobrokersavailable",
            "broker transport failure",
            "access_refused - login was refused",
            "amqpconnectionerror",
        ),
        libraries=(
            "kombu",
            "amqp",
            "celery",
            "pika",
            "aio_pika",
            "aiormq",
            "kafka",
            "aiokafka",
            "confluent_kafka",
            "nats",
            "dramatiq",
        ),
    ),
    Rule(
        "upstream_failure",
        words=(
            "httpconnectionpool(host=",
            "httpsconnectionpool(host=",
            "max retries exceeded with url",
            re.compile(r"cannot connect to host \S+ ssl:"),
            "all connection attempts failed",
        ),
        libraries=(
            "httpx",
            "httpcore",
            "requests",
            "urllib3",
            "aiohttp",
            "urllib",
            "botocore",
            "grpc",
            "elasticsearch",
        ),
    ),
    Rule(
        "db_error",
        libraries=(
            "django.db",
            "psycopg2",
            "psycopg",
            "psycopg_pool",
            "asyncpg",
            "sqlalchemy",
            "MySQLdb",
            "pymysql",
            "mysql",
            "aiomysql",
            "sqlite3",
            "aiosqlite",
            "oracledb",
            "cx_Oracle",
            "pyodbc",
            "peewee",
            "tortoise",
        ),
    ),
    Rule(
        "server_exhausted",
        names=("MemoryError",),
        words=(
            "too many open files",
            "can't start new thread",
            "cannot allocate memory",
            "no space left on device",
            "resource temporarily unavailable",
            "out of memory",
        ),
    ),
    Rule(
        "overloaded",
        words=(
            "rate limit",
            "rate-limit",
            "rate_limit",
            "ratelimit",
            "too many requests",
            "request was throttled",
            "quota exceeded",
        ),
        statuses=(429,),
    ),
    # nginx makes this page where one of its own limits is reached; what an application says it passes on.
    Rule(
        "overloaded",
        where="gateway",
        words=(re.compile(r"503 service temporarily unavailable\W+(?:nginx|openresty)"),),
        advice="nginx limits requests: slow down, or raise its limit_req or limit_conn",
    ),
    # What proxies say themselves: HAProxy, Envoy, Varnish, Traefik, CloudFront, Heroku.
    Rule(
        "gateway_bad",
        words=(
            "no server is available to handle this request",
            "the server returned an invalid or incomplete response",
            "upstream connect error or disconnect/reset before headers",
            "no healthy upstream",
            "backend fetch failed",
            "guru meditation",
            "no available server",
            "generated by cloudfront",
        ),
        statuses=(502, 504, *range(520, 528), 530),
    ),
    # Django's answer to an exception when DEBUG is off and nothing names it, and other servers': gunicorn's page for a
    # worker that ran into its timeout has the words twice.
    Rule("server_error_opaque", words=("server error (500)", re.compile(r"^(?:(?:500 )?internal server error\W*)+$"))),
    Rule("unavailable_503", statuses=(503,)),
    Rule("app_error", statuses=tuple(range(500, 600))),
    Rule("client_error", statuses=tuple(range(400, 500))),
    Rule(
        "dns_failure",
        raised=(
            "gaierror",
            "herror",
            "NameResolutionError",
            "ClientConnectorDNSError",
            ": name or service not known",
            ": name resolution",
        ),
    ),
    Rule("connect_refused", raised=("ConnectionRefusedError", ": connection refused"), errnos=(errno.ECONNREFUSED,)),
    Rule(
        "unreachable",
        raised=(": no route to host", ": network is unreachable"),
        errnos=(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN),
    ),
    Rule(
        "client_exhausted",
        raised=("MemoryError", "RuntimeError: can't start new thread", ": too many open files"),
        errnos=(errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM),
    ),
    Rule(
        "connection_dropped",
        raised=(
            "HTTPConnectionClosed",
            "RemoteDisconnected",
            "IncompleteRead",
            "ConnectionResetError",
            "ConnectionAbortedError",
            "BrokenPipeError",
            "SSLEOFError",
            "SSLZeroReturnError",
            "ServerDisconnectedError",
            "ReadError",
            "WriteError",
            "EOFError",
            "ConnectionClosed",
            "WebSocketConnectionClosedException",
            "RemoteProtocolError: server disconnected",
            "InvalidChunkLength: got length b''",
            "HTTPParseError: incomplete response",
            "HTTPParseError: ('invalid eof state'",
            ": connection reset by peer",
            ": broken pipe",
            ": connection closed",
            ": response ended prematurely",
        ),
        errnos=(errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE),
    ),
    Rule("timeout", raised=("Timeout", "TimeoutError", "TimeoutException", ": timed out"), errnos=(errno.ETIMEDOUT,)),
    Rule(
        "tls_failure",
        raised=("SSLError", "CertificateError", "ClientConnectorSSLError", ": certificate verify failed", ": [ssl"),
    ),
    Rule(
        "protocol_error",
        raised=(
            "HTTPParseError",
            "BadStatusLine",
            "LineTooLong",
            "UnknownProtocol",
            "InvalidHeader",
            "InvalidChunkLength",
            "HttpProcessingError",
            "ContentDecodingError",
            "DecodeError",
            "RemoteProtocolError",
            "error: while decompressing data",
        ),
    ),
    Rule(
        "protocol_error",
        where="redirect",
        raised=(
            "TooManyRedirects",
            "RetriesExceeded: redirection limit reached",
            "UnsupportedRedirectSchemeError",
        ),
        advice="the server redirects without end, or to what is not HTTP: check scheme, host, cookies and login",
    ),
)
