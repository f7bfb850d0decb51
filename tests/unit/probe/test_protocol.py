"""The names that the lab and a server's process have in common, and the failure header."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.probe import protocol
from locust_asyncdjango.probe.protocol import (
    CUT,
    DETAIL_LIMIT,
    REQUEST_NAME_LIMIT,
    FailureDetails,
    ServerFailure,
    read_details,
    read_failure,
    write_details,
    write_failure,
    write_name,
)

REFUSED = ServerFailure(
    ("django.db.utils.OperationalError", "psycopg.OperationalError"), text="FATAL:  désolé; 100 % = trop"
)


def test_locust_does_not_get_the_token() -> None:
    # The lab leaves all variables of this prefix out of the environment that it gives to Locust.
    assert protocol.TOKEN_VARIABLE.startswith("LOCUST_")


@pytest.mark.parametrize(
    ("failure", "header"),
    [
        (ServerFailure(), ""),
        (ServerFailure(("ValueError",)), "ValueError"),
        (
            ServerFailure(("django.db.utils.OperationalError", "psycopg.errors.TooManyConnections"), "53300"),
            "django.db.utils.OperationalError;psycopg.errors.TooManyConnections;sqlstate=53300",
        ),
        (
            ServerFailure(("ConnectionRefusedError",), library="asyncpg.connect_utils"),
            "ConnectionRefusedError;library=asyncpg.connect_utils",
        ),
    ],
)
def test_a_failure_is_written_and_read(failure: ServerFailure, header: str) -> None:
    assert (write_failure(failure), read_failure(header)) == (header, failure)


def test_a_text_of_any_language_is_one_line_of_ascii() -> None:
    header = write_failure(REFUSED)
    assert header.endswith(";text=FATAL%3A  d%C3%A9sol%C3%A9%3B 100 %25 %3D trop")
    assert read_failure(header) == REFUSED


def test_what_is_no_name_is_not_written() -> None:
    failure = ServerFailure(("a b", "Erreur\u00e9", "x" * 201, "shop.Full"), "5330", "lib\r\nX-Header: 1", "\r\n\x00")
    assert write_failure(failure) == "shop.Full"


@pytest.mark.parametrize(
    ("header", "failure"),
    [
        ("ValueError; KeyError ;;later=1", ServerFailure(("ValueError", "KeyError"))),
        ("<script>;sqlstate=drop table;library=a b", ServerFailure()),
        ("ValueError;text=%0d%0aa%ff", ServerFailure(("ValueError",), text="a\ufffd")),
    ],
)
def test_a_reader_skips_what_it_does_not_know(header: str, failure: ServerFailure) -> None:
    assert read_failure(header) == failure


@given(st.text())
def test_a_reader_survives_any_header(header: str) -> None:
    failure = read_failure(header)
    assert read_failure(write_failure(failure)) == failure


@given(st.lists(st.text()), st.text(), st.text(), st.text())
def test_a_header_is_short_printable_ascii(names: list[str], sqlstate: str, library: str, text: str) -> None:
    header = write_failure(ServerFailure(tuple(names), sqlstate, library, text))
    assert header.isascii()
    assert header == "" or header.isprintable()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_of_a_request_goes_through_its_header(name: str) -> None:
    header = write_name(name)
    assert header == "" or (header.isascii() and header.isprintable())
    assert unquote(header) == name[:REQUEST_NAME_LIMIT]


def test_a_name_that_cannot_be_encoded_has_a_header() -> None:
    assert write_name("GET /a?b=\ud800") == "GET /a?b=?"


@pytest.mark.parametrize(
    ("details", "header"),
    [
        (FailureDetails(), "none"),
        (
            FailureDetails("ValueError", "no such author", "app/views.py:31", traceback="yes"),
            "error=ValueError;text=no such author;place=app/views.py:31;traceback=yes",
        ),
        (FailureDetails("shop.Größe", "a;b=c\r\nX: 1%\x00"),
         "error=shop.Gr%C3%B6%C3%9Fe;text=a%3Bb%3Dc%0D%0AX: 1%25%00"),
        (FailureDetails("A", "no", "", "B", "yes", "b.py:1"),
         "error=A;text=no;cause=B;cause_text=yes;cause_place=b.py:1"),
    ],
)  # fmt: skip
def test_details_are_written_and_read(details: FailureDetails, header: str) -> None:
    assert (write_details(details), read_details(header)) == (header, details)


@given(st.lists(st.text(), min_size=7, max_size=7))
def test_details_are_always_a_header(texts: list[str]) -> None:
    header = write_details(FailureDetails(*texts))
    assert header.isascii()
    assert header.isprintable()
    read = read_details(header)
    assert write_details(read) == header


@pytest.mark.parametrize(("character", "kept"), [("a", 297), ("é", 148), ("🙂", 74), ("\ud800", 297)])
def test_a_long_detail_is_cut(character: str, kept: int) -> None:
    shown = "?" if character == "\ud800" else character
    text = read_details(write_details(FailureDetails("E", character * 10_000))).text
    assert text == shown * kept + CUT
    assert len(text.encode()) <= DETAIL_LIMIT


@pytest.mark.parametrize("header", ["", "none", ";;=;", "later=1", "error", "_fields=1"])
def test_a_reader_of_details_skips_what_it_does_not_know(header: str) -> None:
    assert read_details(header) == FailureDetails()
