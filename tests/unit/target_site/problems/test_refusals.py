"""Which messages of databases and poolers are known, and the words that stand for them."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_site.problems import refusals
from target_site.problems.refusals import (
    CLOSED_PHRASES,
    CONNECTING_PHRASES,
    LOST,
    OTHER_DATABASES_PHRASES,
    POOLER_PHRASES,
    Refusal,
    refusal_by_message,
    refusal_by_phrase,
)

TOOL = Path(__file__).parents[4] / "tools" / "build_postgres_refusals.py"
TABLES = (POOLER_PHRASES, CLOSED_PHRASES, CONNECTING_PHRASES, OTHER_DATABASES_PHRASES)
CONNECTING = 'connection to server at "10.1.2.3", port 5432 failed: '


@pytest.mark.parametrize(
    ("message", "sqlstate", "words"),
    [
        ("FATAL:  sorry, too many clients already", "53300", "sorry, too many clients already"),
        (
            "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
            "53300",
            "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        ),
        ('FATAL:  too many connections for role "alice"', "53300", 'too many connections for role "..."'),
        ("ВАЖНО:  роль «алиса» не существует", "28000", 'роль "..." не существует'),
        (
            "SCHWERWIEGEND:  tut mir leid, schon zu viele Verbindungen",
            "53300",
            "tut mir leid, schon zu viele Verbindungen",
        ),
        (
            "FATAL:  Passwort-Authentifizierung für Benutzer »alice« fehlgeschlagen",
            "28P01",
            'Passwort-Authentifizierung für Benutzer "..." fehlgeschlagen',
        ),
        # As a server whose LC_CTYPE is C sends it.
        (
            "FATAL:  Passwort-Authentifizierung f?r Benutzer >>alice<< fehlgeschlagen",
            "28P01",
            'Passwort-Authentifizierung für Benutzer "..." fehlgeschlagen',
        ),
        ('FATAL:  ロール"alice"からの接続が多すぎます', "53300", 'ロール"..."からの接続が多すぎます'),
    ],
)
def test_postgresqls_own_message_is_known_in_each_language(message: str, sqlstate: str, words: str) -> None:
    for text in (message, message.partition(":  ")[2] + "\n", CONNECTING + message):
        assert refusal_by_message(text) == Refusal(sqlstate, words)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FATAL:  sorry, alice, too many clients already",
        'duplicate key value violates unique constraint "sorry, too many clients already"',
        "Failing row contains (carol@example.com, 4711).",
    ],
)
def test_any_other_message_is_not(text: str) -> None:
    assert refusal_by_message(text) is None


def test_names_in_quotes_are_no_phrases() -> None:
    text = 'connection to server at "ssl.timeout.example", port 5432 failed: Connection refused'
    assert refusal_by_phrase(text, CONNECTING_PHRASES) == Refusal(LOST, "Connection refused")


@given(st.text(max_size=300))
def test_the_words_are_of_the_tables_whatever_the_message(text: str) -> None:
    known = {words for table in TABLES for _, _, words in table}
    for phrase, _, words in (entry for table in TABLES for entry in table):
        refusal = refusal_by_phrase(f"{text} {phrase} {text}", *TABLES)
        assert refusal is None or refusal.words in known  # None where the text has put quotes around the phrase
        assert words in known


def test_the_data_is_made_of_the_generators() -> None:
    tool = runpy.run_path(str(TOOL))
    assert Path(refusals.__file__).with_name("postgres_refusals.txt").read_text("utf-8") == tool["refusals"](
        tool["SOURCE"].read_text("utf-8")
    )
