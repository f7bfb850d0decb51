"""Messages without what varies, and texts without secrets."""

import json
import logging
from collections.abc import Callable
from functools import partial
from html import escape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.failures.normalize import (
    OnceLogger,
    escape_controls,
    fold_message,
    redact,
    safe_line,
    safe_logger,
    safe_text,
    safe_value,
)


@pytest.mark.parametrize(
    ("message", "few"),
    [
        ("nothing varies in can't, couldn't and www.example.com", None),
        ("took 10.05 s, -3 times", "took N s, -N times"),
        ("no route to 10.1.2.3:8000", "no route to ADDRESS"),
        ("no route to ::1, fe80::1", "no route to ADDRESS, ADDRESS"),
        ("mail to bob.b@example.com failed", "mail to ADDRESS failed"),
        ("order 8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60 is gone", "order ID is gone"),
        ("(id)=(8f14e45f-ceea-467f-a0e6-1b2c3d4e5f60)", "(id)=(ID)"),
        ("<Post object at 0x7f12ab>, deadbeef99", "<Post object at ID>, ID"),
        ("session Abc123def456ghi789", "session ID"),
        ("a facade was defaced in a decade", None),
        ('role "web", relation »posts« and `x`', 'role "...", relation "..." and "..."'),
        ("user 'Bob B' of 'x'", 'user "..." of "..."'),
        ("OperationalError('sorry, too many clients already')", None),
        ("(1040, 'Too many connections')", None),
        ("[Errno 24] Too many open files", None),
        ("[Errno -2] Name", None),
        ("ORA-12519: no handler", None),
        ("process 1040, (12) and Errno", "process N, (N) and Errno"),
        ("on\n two  lines", "on two lines"),
    ],
)
def test_fold_message(message: str, few: str | None) -> None:
    assert fold_message(message) == (message if few is None else few)


@given(st.text(max_size=300))
def test_a_folded_message_is_one_line_and_folds_no_further(message: str) -> None:
    once = fold_message(message)
    assert "\n" not in once
    assert fold_message(once) == once


SECRET = "hunter2!x"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:{}@127.0.0.1:5432/db",
        "redis://:{}@cache/0",
        "amqp://me:p@{}@host/",
        "Authorization: Basic {}\nHost: x",
        "Proxy-Authorization: {}",
        "Cookie: sessionid={}; a=b",
        "set-cookie: csrftoken={}",
        "Bearer {}==",
        '{{"password": "{}", "n": 1}}',
        "{{'api_key': 'with space {}'}}",
        "password={}&next=/",
        "DB_PASSWORD='{}'",
        "user=me password={} host=x",
        "https://x/?access_token={}&b=2",
        '<td>PASSWORD</td>\n <td class="code"><pre>&#x27;{}&#x27;</pre>',
        '<input name="csrfmiddlewaretoken" value="{}">',
        "SECRET_KEY = &quot;{}&quot;",
        "X-Api-Key: {}",
        '{{"pass": "{}"}}',
        "DB_PASS={}",
        '{{\\"password\\": \\"{}\\"}}',
        "{{'password': b'{}'}}",
        "[('password', '{}')]",
        "auth=('user', '{}')",
        '<input type="password" id="x" value="{}">',
        "<password>{}</password>",
        "https://{}@host/",
        "/?a=1&sig={}",
        "/cb?code={}",
        "PHPSESSID={}",
        "password='{}",
        "http://me:{}",
        "-----BEGIN RSA PRIVATE KEY-----\n{}\n",
        "postgres://me:p/w?{}@host/db",
        "http://me:it's{}@host/",
        "http://me:12345{}@host/",
        "connect to me:{}@127.0.0.1:5432 failed",
        "?next=http%3A%2F%2Fme%3A{}%40host%2F",
        "?next=%2Fx%3Ftoken%3D{}",
        "/x?user%5Bpassword%5D={}&b=2",
        "user[password]={}",
        "/x?X-Amz-Signature={}",
        "/x?a=1&amp;key={}",
        "/x?access_token=a,b;{}",
        "#access_token={}",
        "grant_type=authorization_code&code={}",
        "host=h password=a,{} dbname=d",
        "Server=h;Pwd={};Database=d",
        "AccountName=n;AccountKey=abc{}==;",
        "jdbc:postgresql://h/db?user=a&password={}",
        "rediss://default:{}@h:6379",
        '{{"password": "a\\"{}"}}',
        '{{"password": ["{}"]}}',
        "{{'token': ['a', '{}']}}",
        '{{"credentials": {{"value": "{}"}}}}',
        '{{"clientSecret": "{}"}}',
        '{{:password=>"{}"}}',
        "password == '{}'",
        "[(b'authorization', b'Token {}')]",
        "cookies={{'a': '{}'}}",
        "X-Auth-Token: {}",
        "--password {} --port 1",
        "--db-password={}",
        'Content-Disposition: form-data; name="password"\r\n\r\n{}\r\n--b',
        "<add key='Password' value='{}'/>",
        "HTTP_AUTHORIZATION = 'Bearer {}'",
        "Password: {}",
        "connect(password={}, host=h)",
        "Authorization%3A%20Basic%20{}",
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    secret_text = text.format(SECRET)
    shown = redact(secret_text)
    assert SECRET not in shown
    assert "***" in shown
    assert redact(shown) == shown


SPECIAL = """!#$%^*()-_=+[]{}|:,./?~@;&'"<> \\"""
# What encodes a secret, which special characters it may have unencoded, and where it stands.
FORMS: tuple[tuple[Callable[[str], str], str, str], ...] = (
    (partial(quote, safe=""), SPECIAL, "http://me:{}@h:80/x"),
    (partial(quote, safe=""), SPECIAL, "user=a&passwd={}&b=2"),
    (lambda secret: quote(quote(secret, safe=""), safe=""), SPECIAL, "/login?next=%2Fx%3Ftoken%3D{}"),
    (str, "!$*()-_=+.~,;&:'%^", "postgres://me:{}@h:5432/db"),
    (str, "!$*()-_=+.~,;:/?@[]{}|^", "/x?password={}&page=2"),
    (lambda secret: json.dumps(secret), SPECIAL, '{{"a":1,"access_token":{},"n":2}}'),
    (lambda secret: json.dumps(json.dumps(secret))[1:-1], SPECIAL, r'{{"d": "{{\"api_key\": {}}}"}}'),
    (repr, SPECIAL, "{{'password': {}, 'n': 1}}"),
    (lambda secret: repr(secret.encode()), SPECIAL, "{{b'secret': {}}}"),
    (str, "!$*-_=+.~,/?:@#%^|(){}[]", "host=h password={} dbname=d"),
    (str, "!$*-_=+.~,/?:@#%^|(){}[]", "Server=h;Password={};Database=d"),
    (str, SPECIAL.replace("<", ""), "Cookie: a=b; sid={}\nX: y"),
    (escape, SPECIAL, "<password>{}</password>"),
    (lambda secret: escape(repr(secret)), SPECIAL, '<td>PASSWORD</td>\n <td class="code"><pre>{}</pre>'),
)


@given(st.sampled_from(FORMS), st.data())
def test_no_character_of_a_secret_ends_it(form: tuple[Callable[[str], str], str, str], data: st.DataObject) -> None:
    encode, special, text = form
    parts = ["Planted1", "Planted2", "Planted3"]
    ends = data.draw(st.tuples(st.sampled_from(special), st.sampled_from(special)))
    secret = f"{parts[0]}{ends[0]}{parts[1]}{ends[1]}{parts[2]}"
    assert not [part for part in parts if part in redact(text.format(encode(secret)))]


@pytest.mark.parametrize(
    "key",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ASIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_123",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 8,
        "glpat-" + "a1B2" * 5,
        "sk_live_" + "a1B2" * 6,
        "rk_test_" + "a1B2" * 6,
        "whsec_" + "a1B2" * 6,
        "sk-" + "a1B2" * 8,
        "xoxb-" + "1234-" * 4,
        "AIza" + "a1B2" * 9,
        "npm_" + "a1B2" * 9,
        "SG." + "a1B2" * 5 + "." + "a1B2" * 5,
    ],
)
def test_keys_of_known_forms_are_taken_out_wherever_they_stand(key: str) -> None:
    assert redact(f"refused: {key} is not valid") == "refused: *** is not valid"
    assert redact(f'["{key}"]') == '["***"]'


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user",
        "the passport is valid, and the key too",
        "Basic authentication is wanted",
        "http://127.0.0.1:8000/path?q=1",
        "http://127.0.0.1:8000",
        "the code=7 and the key=a of a map",
        "FATAL:  sorry, too many clients already",
        "GET /tokens/",
        "POST /password/reset/",
        "/users/:token/keys?page=2&sort=key",
        "/x?page=2&next=/password/reset/",
        "http://127.0.0.1:8000, http://[::1]:8000/ and (http://localhost:8000)",
        "see http://127.0.0.1:8000.",
        "DATABASE_URL must look like postgresql://user:password@host:port/name",
        "https://example.com/@user and https://example.com:443/a@b",
        "mail to mailto:bob@example.com or bob@example.com",
        "max_tokens=100, prompt_tokens: 12, token_type: bearer",
        'WWW-Authenticate: Bearer realm="api"',
        "Access denied for user 'x'@'h' (using password: YES)",
        "password: required, token: missing",
        "TokenError: the signature has expired",
        "InvalidToken: it has expired",
        "tokenizer=fast, compass: north, bypass=1, passed: 12, secretary: Bob",
        "Key (id)=(5) already exists; primary_key=5, foreign_key=6",
        "gunicorn-sync@100 on gunicorn/async@50",
        "2026-11-29T12:00:00+00:00",
        "task-aaaaaaaaaaaaaaaaaaaaaaaa in Asia",
    ],
)
def test_text_without_a_secret_stays(text: str) -> None:
    assert redact(text) == text


# Everything that a terminal, a page or a file could take for more than a letter: Other, and ends of lines.
CONTROLS = st.characters(categories=("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("\x1b[2J\x9b31m\x07\x08\x00\x7f", r"\x1b[2J\x9b31m\x07\x08\x00\x7f", None),
        ("\u202egnp\u2066a\u200bb\ufeff\u2028c", r"\u202egnp\u2066a\u200bb\ufeff\u2028c", None),
        ("a\r\nb\tc\rd", r"a\r\nb\tc\rd", "a\nb\tc\\rd"),
        ("no-break\xa0space, \u3000, m\xfcde, \u4e2d, \U0001f600", None, None),
        ("lone \ud800", "lone ?", None),
    ],
)
def test_control_characters_are_visible(text: str, line: str | None, lines: str | None) -> None:
    line = text if line is None else line
    assert safe_line(text) == line
    assert safe_text(text) == (line if lines is None else lines)


@given(st.text(st.characters(exclude_categories=())), CONTROLS)
def test_no_control_character_is_left(text: str, control: str) -> None:
    text = f"{text}{control}{text}"
    assert not any(each.isprintable() is False and each != "\xa0" for each in escape_controls(text) if each.isascii())
    assert control not in safe_line(text)
    assert len(safe_line(text).splitlines()) == 1
    safe_text(text).encode()


def test_values_of_secret_names_are_hidden_in_any_structure() -> None:
    value = {
        "url": "http://me:pw@h/",
        "password": "x",
        "token": {"deep": "y"},
        "argv": ["run", "--password", "x", "--port", "80", "DB_PASSWORD", "x"],
        "factors": (("SITE_SECRET", "x"), ("SITE_MODE", "fast")),
        "many\x1b": [None, 1, True, "a\nb"],
        "secret": "",
    }
    assert safe_value(value) == {
        "url": "http://***@h/",
        "password": "***",
        "token": {"deep": "y"},
        "argv": ["run", "--password", "***", "--port", "80", "DB_PASSWORD", "***"],
        "factors": (("SITE_SECRET", "***"), ("SITE_MODE", "fast")),
        r"many\x1b": [None, 1, True, "a\nb"],
        "secret": "",
    }
    assert safe_value({"a": "b\nc"}, safe_line) == {"a": r"b\nc"}


def test_what_a_logger_of_ours_logs_is_safe(caplog: pytest.LogCaptureFixture) -> None:
    logger = safe_logger("tests.of.safe_logger")
    assert safe_logger("tests.of.safe_logger") is logger
    try:
        raise ValueError("\x1b[2J of password=abc")
    except ValueError as error:
        logger.exception("it failed with %s, %d times", error, 2)
    (record,) = caplog.records
    assert record.getMessage() == r"it failed with \x1b[2J of password=***, 2 times"
    text = logging.Formatter().format(record)
    assert text.splitlines()[1] == "Traceback (most recent call last):"
    assert text.endswith(r"ValueError: \x1b[2J of password=***")


def test_something_is_logged_once_for_each_key(caplog: pytest.LogCaptureFixture) -> None:
    once = OnceLogger(logging.getLogger("tests.of.once"))
    for worker in ("a", "b", "a"):
        once.warning(worker, "%s is late", worker)
    once.exception("c", "%s failed", "c")
    once.exception("c", "%s failed", "c")
    assert caplog.messages == ["a is late", "b is late", "c failed"]
    once.clear()
    once.warning("a", "again")
    assert caplog.messages[3:] == ["again"]
