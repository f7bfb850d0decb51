"""What the log of MariaDB or MySQL says about its disk."""

from datetime import datetime

from locust_asyncdjango.lab.environment.mysql.log import disk_error, refused_connections

READY = "2026-11-30 20:01:41 0 [Note] mariadbd: ready for connections."


def test_the_log_says_that_the_disk_is_full() -> None:
    assert disk_error([READY]) == ""
    full = "mariadbd: Error writing file './ddl_recovery.log' (Errcode: 28 \"No space left on device\")"
    assert disk_error([READY, f"2026-11-30 20:01:43 3 [ERROR] {full}"]) == full
    of_mysql = "Disk is full writing './binlog.000001' (OS errno 28 - No space left on device)."
    assert disk_error([f"2026-11-30T20:01:43Z 3 [ERROR] [MY-010907] [Server] {of_mysql}"]) == of_mysql


def test_the_log_says_whom_the_server_refused() -> None:
    day = "2026-11-30"
    who = "Aborted connection 0 to db: 'unconnected' user: 'unauthenticated' host: 'connecting host'"
    lines = [
        f"{day}  7:05:09 0 [Warning] {who} (Too many connections)",
        f"{day}  7:05:09 0 [Warning] {who} (Too many connections)\n",
        f"{day} 17:05:10 0 [Warning] {who} (Too many connections)",
        f"{day} 17:05:10 3 [Warning] {who} (This connection closed normally without authentication)",
    ]
    morning, evening = (datetime.fromisoformat(f"{day} {time}").timestamp() for time in ("07:05:09", "17:05:10"))
    assert refused_connections(lines) == {int(morning): 2, int(evening): 1}
