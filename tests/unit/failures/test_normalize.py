"""Messages without what varies, and texts without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.failures.normalize import fold_message, redact


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
    ],
)
def test_secrets_are_taken_out(text: str) -> None:
    secret_text = text.format(SECRET)
    shown = redact(secret_text)
    assert SECRET not in shown
    assert "***" in shown


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
    ],
)
def test_text_without_a_secret_stays(text: str) -> None:
    assert redact(text) == text
