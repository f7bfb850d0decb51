"""The pool for psycopg2: which connection a request gets, and what it does with broken ones."""

import threading

import psycopg2.pool
import pytest

from target_site.database.psycopg2_pool import Psycopg2Pool


class FakeConnection:
    """A connection that remembers whether it is closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class FakeDatabase:
    """Opens connections, or refuses them."""

    def __init__(self) -> None:
        self.opened: list[FakeConnection] = []
        self.is_down = False

    def connect(self) -> FakeConnection:
        if self.is_down:
            raise psycopg2.OperationalError("Connection refused")
        self.opened.append(FakeConnection())
        return self.opened[-1]


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


def test_the_connection_that_was_used_last_is_used_first(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(3, 1, database.connect)
    with pool.connection() as outer, pool.connection() as inner:
        assert outer is not inner
    with pool.connection() as again:
        assert again is outer  # it came back after the inner one
    assert len(database.opened) == 2


def test_a_broken_connection_is_not_used_again(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(1, 1, database.connect)
    with pool.connection() as broken:
        broken.close()
    with pool.connection() as next_one:
        assert not next_one.closed


def test_an_error_of_a_view_does_not_cost_the_connection(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(1, 1, database.connect)
    with pytest.raises(ZeroDivisionError), pool.connection():
        1 / 0  # noqa: B018
    with pool.connection() as connection:
        assert database.opened == [connection]


def test_a_database_that_was_down_costs_no_slot(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(1, 0.01, database.connect)
    database.is_down = True
    for _ in range(3):
        with pytest.raises(psycopg2.OperationalError), pool.connection():
            pass
    database.is_down = False
    with pool.connection() as connection:
        assert not connection.closed


def test_a_request_that_waits_too_long_gets_a_pool_error(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(1, 0.01, database.connect)
    message = r"^no connection of the pool became free in 0.01 s$"
    with pool.connection(), pytest.raises(psycopg2.pool.PoolError, match=message), pool.connection():
        pass


def test_a_request_waits_for_the_connection_of_another(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(1, 30, database.connect)
    borrowed, may_return = threading.Event(), threading.Event()

    def hold() -> None:
        with pool.connection():
            borrowed.set()
            may_return.wait(30)

    other = threading.Thread(target=hold)
    other.start()
    borrowed.wait(30)
    threading.Timer(0, may_return.set).start()
    with pool.connection() as connection:
        assert database.opened == [connection]
    other.join()


def test_close_closes_the_connections_that_nobody_uses(database: FakeDatabase) -> None:
    pool = Psycopg2Pool(2, 1, database.connect)
    with pool.connection() as used:
        with pool.connection() as idle:
            pass
        pool.close()
        assert (idle.closed, used.closed) == (True, False)
