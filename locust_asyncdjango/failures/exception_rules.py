"""The rules for requests without a response: failures of the load generator, and on the way to the server.

They are a part of the table in ``rules``. A more special class or phrase wins over its base class; see ``matching``.
"""

import errno

from locust_asyncdjango.failures.model import Rule

EXCEPTION_RULES: tuple[Rule, ...] = (
    Rule(
        "dns_failure",
        client_exceptions=(
            "gaierror",
            "herror",
            "NameResolutionError",
            "ClientConnectorDNSError",
            ": name or service not known",
            ": name resolution",
        ),
    ),
    Rule(
        "invalid_request",
        client_exceptions=(
            "InvalidRequestError",
            "InvalidJSONError",
            "InvalidSchema",
            "InvalidURL",
            "LocationParseError",
            "MissingSchema",
            "UnsupportedProtocol",
        ),
    ),
    Rule(
        "connect_refused",
        client_exceptions=("ConnectionRefusedError", ": connection refused"),
        errnos=(errno.ECONNREFUSED,),
    ),
    Rule(
        "unreachable",
        client_exceptions=(": no route to host", ": network is unreachable"),
        errnos=(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN),
    ),
    Rule(
        "client_exhausted",
        client_exceptions=("RuntimeError: can't start new thread", ": too many open files"),
        errnos=(errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM),
    ),
    Rule(
        "client_exhausted",
        where="memory",
        client_exceptions=("MemoryError",),
        advice="request large bodies with stream=True, do not keep their responses, or spread users over more machines",
    ),
    Rule(
        "connection_dropped",
        client_exceptions=(
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
    Rule(
        "unreachable",
        where="proxy",
        client_exceptions=("ProxyRefusedError", "RuntimeError: proxy connect failed"),
        advice="the proxy opens no tunnel to the host: check its address and credentials, and what it allows",
    ),
    Rule(
        "timeout",
        client_exceptions=("Timeout", "TimeoutError", "TimeoutException", ": timed out"),
        errnos=(errno.ETIMEDOUT,),
    ),
    Rule(
        "tls_failure",
        client_exceptions=(
            "SSLError",
            "CertificateError",
            "ClientConnectorSSLError",
            ": certificate verify failed",
            ": [ssl",
        ),
    ),
    Rule(
        "protocol_error",
        client_exceptions=(
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
            "error: brotli: decoder",
        ),
    ),
    Rule(
        "protocol_error",
        where="redirect",
        client_exceptions=(
            "TooManyRedirects",
            "RetriesExceeded: redirection limit reached",
            "UnsupportedRedirectSchemeError",
        ),
        advice="the server redirects without end, or to what is not HTTP: check scheme, host, cookies and login",
    ),
)
