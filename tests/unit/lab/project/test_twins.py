"""Twins are the same but for what is ignored, and a difference is shown in at most three lines."""

import pytest

from locust_asyncdjango.lab.project.twins import TwinResponse, differences

JSON = "application/json"
HTML = "text/html; charset=utf-8"
TOKENS = ("a" * 64, "b" * 64)


def compared(
    first: str | bytes, second: str | bytes, content_type: str = HTML, ignore: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the differences between two bodies."""
    bodies = [body if isinstance(body, bytes) else body.encode() for body in (first, second)]
    return differences(
        TwinResponse("sync", "/posts/?page=1", 200, content_type, bodies[0]),
        TwinResponse("async", "/aposts/?page=1", 200, content_type, bodies[1]),
        ignore,
    )


@pytest.mark.parametrize(
    ("first", "second", "content_type", "ignore"),
    [
        ("<p>a</p>", "<p>a</p>", HTML, ()),
        ("<p>a</p>\n\n  <p>b</p>\n", "<p>a</p>\n<p>b</p>", HTML, ()),
        *(
            (form.format(TOKENS[0]), form.format(TOKENS[1]), HTML, ())
            for form in (
                '<input type="hidden" name="csrfmiddlewaretoken" value="{}">',
                "<input value='{}' name='csrfmiddlewaretoken' type='hidden'>",
                'window.csrfToken = "{}";',
                '<meta name="csrf-token" content="{}">',
                '<script nonce="{}">',
            )
        ),
        ('<a href="/posts/?page=2">', '<a href="/aposts/?page=2">', HTML, ()),
        ('"http://127.0.0.1:8000/x"', '"http://127.0.0.1:9000/x"', HTML, ()),
        ("took 12 ms", "took 9 ms", HTML, (r"took \d+ ms",)),
        ('{"a": 1, "b": [1, 2]}', '{"b":[1,2],"a":1}', JSON, ()),
        ('{"a": 1, "b": 2}', '{"b":3,"a":1}', JSON, (r'"b": ?\d',)),
        ('{"b": {"at": "12:01"}}', '{"b": {"at": "12:02"}}', JSON, (r"\d\d:\d\d",)),
        ('{"next": "http://127.0.0.1:1/posts/?a=2"}', '{"next":"http://127.0.0.1:2/aposts/?a=2"}', JSON, ()),
        ('{"a": 1}', '{"a":1}', "application/problem+json; charset=utf-8", ()),
        (b"\xff\x00", b"\xff\x00", "image/png", ()),
    ],
)
def test_responses_that_are_the_same(first: str, second: str, content_type: str, ignore: tuple[str, ...]) -> None:
    assert compared(first, second, content_type, ignore) == ()


@pytest.mark.parametrize(
    ("first", "second", "content_type", "lines"),
    [
        (
            "<p>\n\n<b>12 posts</b>",
            "<p>\n<b>13 posts</b>",
            HTML,
            (
                "the bodies first differ in line 2, without blank lines",
                "  sync: <b>12 posts</b>",
                "  async: <b>13 posts</b>",
            ),
        ),
        (
            "x" * 100 + "a" + "y" * 100,
            "x" * 100 + "b",
            HTML,
            (
                "the bodies first differ in line 1, without blank lines",
                f"  sync: ...{'x' * 20}a{'y' * 39}...",
                f"  async: ...{'x' * 20}b",
            ),
        ),
        (
            "a",
            "a\nb",
            HTML,
            (
                "the bodies first differ in line 2, without blank lines",
                "  sync: nothing: the body has ended",
                "  async: b",
            ),
        ),
        (
            '{"a": [{"id": 1, "t": "x"}]}',
            '{"a": [{"id": 1, "t": "y"}]}',
            JSON,
            ("the JSON first differs at a[0].t", '  sync: "x"', '  async: "y"'),
        ),
        ('{"a": 1}', '{"a": 1, "b": 2}', JSON, ("the JSON first differs at b", "  sync: nothing", "  async: 2")),
        ("[1, 2]", "[2, 1]", JSON, ("the JSON first differs at [0]", "  sync: 1", "  async: 2")),
        ("1", "2", JSON, ("the JSON first differs at its top", "  sync: 1", "  async: 2")),
        (
            '{"a": 1',
            '{"a": 2',
            JSON,
            ("the bodies first differ in line 1, without blank lines", '  sync: {"a": 1', '  async: {"a": 2'),
        ),
        (
            b"\xff\x00",
            b"\xff\x01\x01",
            "image/png",
            ("the bodies first differ at byte 2; sync has 2 bytes, async has 3",),
        ),
    ],
)
def test_the_first_difference(first: str, second: str, content_type: str, lines: tuple[str, ...]) -> None:
    assert compared(first, second, content_type) == lines


def test_statuses_come_first_and_secrets_are_hidden() -> None:
    one, other = TwinResponse("sync", "/a/", 200, HTML, b"a"), TwinResponse("async", "/b/", 500, HTML, b"b")
    assert differences(one, other) == ("sync answers with status 200, async with 500",)
    assert compared("password=hunter2", "password=hunter3")[1] == "  sync: password=***"
