"""The table of kinds."""

from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.kinds import KINDS


def test_every_kind_has_origin_and_advice() -> None:
    assert all(kind.origin and kind.advice for kind in KINDS.values())
    assert advice("a kind nobody knows") == ""
    assert "CONNECTION LIMIT" in advice("db_too_many_clients", "role")
    assert advice("db_too_many_clients", "server") == advice("db_too_many_clients")
