"""The texts are a real PostgreSQL 15's, as psycopg2 and psycopg handed them on, unless said otherwise."""

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.failures.postgres_messages import CANDIDATE_LIMIT, TEXT_LIMIT, to_english

PSYCOPG2 = 'connection to server at "127.0.0.1", port 55779 failed: '
PSYCOPG = f"connection failed: {PSYCOPG2}"

CLIENTS = "sorry, too many clients already"
RESERVED = "remaining connection slots are reserved for non-replication superuser connections"
ROLE = 'too many connections for role "%s"'
DATABASE = 'too many connections for database "%s"'
NO_ENTRY = 'no pg_hba.conf entry for host "%s", user "%s", database "%s"'
READ_ONLY = "cannot execute %s in a read-only transaction"
TIMEOUT = "canceling statement due to statement timeout"
ROW = 'could not obtain lock on row in relation "%s"'
ADMINISTRATOR = "terminating connection due to administrator command"
SHUTTING_DOWN = "the database system is shutting down"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{PSYCOPG2}FATAL:  tut mir leid, schon zu viele Verbindungen\n", CLIENTS),
        (f"{PSYCOPG}FATAL:  tut mir leid, schon zu viele Verbindungen", CLIENTS),
        (f"{PSYCOPG2}FATAL:  désolé, trop de clients sont déjà connectés\n", CLIENTS),
        (f"{PSYCOPG2}ВАЖНО:  извините, уже слишком много клиентов\n", CLIENTS),
        (f"{PSYCOPG}FATAL:  現在クライアント数が多すぎます", CLIENTS),
        (f"{PSYCOPG2}致命错误:  对不起, 已经有太多的客户\n", CLIENTS),
        (f"{PSYCOPG2}치명적오류:  최대 동시 접속자 수를 초과했습니다.\n", CLIENTS),
        (f"{PSYCOPG2}FATAL:  lo siento, ya tenemos demasiados clientes\n", CLIENTS),
        # The translation has two lines.
        (
            f"{PSYCOPG2}FATAL:  les emplacements de connexions restants sont réservés pour les connexions\n"
            "superutilisateur non relatif à la réplication\n",
            RESERVED,
        ),
        (f"{PSYCOPG2}FATAL:  zu viele Verbindungen von Rolle »r1«\n", ROLE),
        (f"{PSYCOPG2}FATAL:  trop de connexions pour le rôle « r1 »\n", ROLE),
        (f'{PSYCOPG2}ВАЖНО:  слишком много подключений для роли "r1"\n', ROLE),
        (f'{PSYCOPG2}FATAL:  データベース"d0"への接続が多すぎます\n', DATABASE),
        (f'{PSYCOPG2}致命错误:  到数据库 "d0"的连接太多了\n', DATABASE),
        (f"{PSYCOPG2}FATAL:  demasiadas conexiones para la base de datos «d0»\n", DATABASE),
        # A name of our own, with what separates a severity.
        (f"{PSYCOPG2}FATAL:  zu viele Verbindungen für Datenbank »a:  b: 9«\n", DATABASE),
        (f"{PSYCOPG2}FATAL:  das Datenbanksystem fährt herunter\n", SHUTTING_DOWN),
        (f"{PSYCOPG2}ВАЖНО:  система баз данных останавливается\n", SHUTTING_DOWN),
        # The translation lacks a quotation mark.
        (
            f'{PSYCOPG2}FATAL:  pg_hba.conf にホスト"127.0.0.1"、ユーザー"nohba3"、データベース"postgres, '
            "暗号化なし用のエントリがありません\n",
            NO_ENTRY,
        ),
        (
            f"{PSYCOPG2}FATAL:  kein pg_hba.conf-Eintrag für Host »127.0.0.1«, Benutzer »nohba3«, "
            "Datenbank »postgres«, keine Verschlüsselung\n",
            NO_ENTRY,
        ),
        ("ОШИБКА:  выполнение оператора отменено из-за тайм-аута\n", TIMEOUT),
        ("ステートメントのタイムアウトのためステートメントをキャンセルしています\n", TIMEOUT),
        ("FEHLER:  INSERT kann nicht in einer Read-Only-Transaktion ausgeführt werden\n", READ_ONLY),
        ("错误:  不能在一个只读模式的事务中执行INSERT\n", READ_ONLY),
        ("ERREUR:  n'a pas pu obtenir un verrou sur la relation « t »\n", ROW),
        ("Verbindung wird abgebrochen aufgrund von Anweisung des Administrators", ADMINISTRATOR),
        (
            "FEHLER:  Verklemmung (Deadlock) entdeckt\nDETAIL:  Prozess 21286 wartet auf ShareLock-Sperre auf "
            "Transaktion 734; blockiert von Prozess 21287.\nHINT:  Einzelheiten zur Anfrage finden Sie im Serverlog.\n",
            "deadlock detected",
        ),
        (
            "デッドロックを検出しました\nDETAIL:  プロセス 22949 は ShareLock を トランザクション 734 で",
            "deadlock detected",
        ),
        # LC_CTYPE is C: before it knows the client's encoding the server cannot write these letters.
        (f"{PSYCOPG2}FATAL:  d?sol?, trop de clients sont d?j? connect?s\n", CLIENTS),
        (f"{PSYCOPG2}FATAL:  zu viele Verbindungen f?r Datenbank >>d0<<\n", DATABASE),
        # What psycopg makes of Latin-1; ours.
        (f"{PSYCOPG}FATAL:  das Datenbanksystem f\ufffdhrt herunter", SHUTTING_DOWN),
        # PostgreSQL 18; ours.
        (
            f"{PSYCOPG}FATAL:  die verbleibenden Verbindungen sind für Rollen mit dem SUPERUSER-Attribut reserviert",
            "remaining connection slots are reserved for roles with the %s attribute",
        ),
        # A libpq that is translated and a system's error; ours.
        (
            "Verbindung zum Server auf »localhost« (::1), Port 5432 fehlgeschlagen: Verbindungsaufbau abgelehnt",
            'connection to server at "%s" (%s), port %s failed',
        ),
        ("ERREUR:  n'a pas pu étendre le fichier « base/5/1 » : Aucun espace disponible", 'could not extend file "%s"'),
    ],
)
def test_the_english_of_a_translation(text: str, expected: str) -> None:
    assert to_english(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{PSYCOPG2}FATAL:  sorry, too many clients already\n",
        f"{PSYCOPG2}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n",
        "deadlock detected\nDETAIL:  Process 1 waits for ShareLock on transaction 2; blocked by process 3.\n",
        # An English server behind a translated libpq: rules for English find it in the text itself.
        "Verbindung zum Server auf »db«, Port 5432 fehlgeschlagen: FATAL:  sorry, too many clients already",
        # Japanese where LC_CTYPE is C: nothing is left of it.
        f"{PSYCOPG2}FATAL:  ???????????????\n",
        "Verklemmung",
        "\n" * TEXT_LIMIT + "Verklemmung (Deadlock) entdeckt",
        "".join(f"{number}x\n" for number in range(CANDIDATE_LIMIT)) + "Verklemmung (Deadlock) entdeckt",
    ],
)
def test_no_translation(text: str) -> None:
    assert to_english(text) == ""


@given(st.text() | st.text(alphabet="\"'`»«<>„“%(): \n?*1aA.\ud800"))
def test_any_text_can_be_translated(text: str) -> None:
    assert to_english(text) == ""


@pytest.mark.parametrize("unit", ["x: ", "x:  ", "'a ", '"', "„", "AA ", "a_", "<<", "(1", "%0", "`", ": \t", "x\n"])
def test_a_long_text_without_a_message_has_no_translation(unit: str) -> None:
    # A search whose time grows with the square of the length would not end.
    assert to_english(unit * 1_000_000) == ""


def test_every_translation_of_the_data_finds_its_english() -> None:
    content = resources.files("locust_asyncdjango.failures").joinpath("postgres_messages.txt").read_text("utf-8")
    translations: dict[str, list[tuple[str, str]]] = {}
    for line in content.splitlines():
        if not line.startswith(("#", "\t")):
            message = line
            assert to_english(message) == ""
            translations[message] = []
        elif line.startswith("\t"):
            _, language, text = line.split("\t")
            assert to_english(f"{PSYCOPG}FATAL:  {text}") == message, (language, text)
            translations[message].append((language, text))
    assert list(translations) == sorted(translations)
    assert all(texts and texts == sorted(set(texts)) for texts in translations.values())
    assert {"de", "es", "fr", "ja", "ko", "ru", "zh_CN"} <= {language for language, _ in translations[CLIENTS]}
