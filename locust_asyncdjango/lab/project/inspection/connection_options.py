"""OPTIONS of a database with which a project cannot use the lab's server, and what to put in their place.

The lab's PostgreSQL has no TLS, because the programs of its wheel are built without it. A MariaDB or MySQL may have it,
but no certificate that a client would know.
"""

from collections.abc import Mapping

from locust_asyncdjango.lab.project.inspection.report import Database

PGSSLMODE = "PGSSLMODE"
"""The variable by which libpq takes its sslmode from the environment."""
PREFERRED = "prefer"
WITHOUT_TLS: Mapping[str, object] = {
    "sslmode": PREFERRED,
    "sslrootcert": "",
    "sslnegotiation": "postgres",
    "channel_binding": PREFERRED,
    "ssl": {},
    "ssl_mode": "DISABLED",
    "ssl_verify_cert": False,
    "ssl_verify_identity": False,
}
"""Options that may demand TLS, and values of theirs that do not. Of others it is the empty text."""
NO_OPTION_FILE: Mapping[str, object] = {"read_default_file": "/dev/null", "read_default_group": ""}


def lab_options(database: Database) -> dict[str, object]:
    """Return the OPTIONS with which a database's connection suits the lab's server; {} where its own do."""
    tls = {name: WITHOUT_TLS.get(name, "") for name in database.tls if name != PGSSLMODE}
    return {**tls, **{name: NO_OPTION_FILE[name] for name in database.option_files if name in NO_OPTION_FILE}}
