"""The tables of processes: what is said of one that cannot be used."""

from pathlib import Path

import pytest

from tests.support.project_files import VIEW, refusal_of

REFUSED = [
    (VIEW + "[[process]]\nname = 'a'", "[[process]] 'a': the key 'command' is missing"),
    (
        VIEW + "[[process]]\nname = 'a'\ncommand = 'x'",
        "[[process]] 'a' needs one of ready_url, ready_port, ready_log, to know when it is ready",
    ),
    (
        VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_port = 1\nready_log = 'x'",
        "[[process]] 'a' needs one of ready_url, ready_port, ready_log",
    ),
    (VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_port = 'x'", "[[process]] 'a' ready_port must be a number,"),
    (
        VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_port = 0",
        "[[process]] 'a' ready_port must be a whole number",
    ),
    (VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_url = 'x'", "[[process]] 'a' ready_url must look like http"),
    (VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_log = '('", "[[process]] 'a' ready_log is not a regular"),
    (
        VIEW + "[[process]]\nname = 'a'\ncommand = 'x {process.b.port}'\nready_log = 'x'",
        "[[process]] 'a': {process.b.port} names no process; choose from a",
    ),
    (
        VIEW + "[[process]]\nname = 'a'\ncommand = 'x'\nready_log = 'x'\n" * 2,
        "[[process]] 'a': there are two processes 'a'; give each a name of its own",
    ),
]


@pytest.mark.parametrize(("tables", "message"), REFUSED, ids=[tables for tables, _ in REFUSED])
def test_a_process_that_cannot_be_used(tmp_path: Path, tables: str, message: str) -> None:
    assert refusal_of(tmp_path, tables).startswith(message)
