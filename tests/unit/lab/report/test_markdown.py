"""Markdown from texts that may hold anything."""

from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.lab.report.markdown import bullet_lines, escape_markdown, table_lines


def test_a_table_and_a_list() -> None:
    assert table_lines(("a", "b"), [(1, "x | y"), ("<b>", "two\nlines")]) == [
        "| a | b |",
        "| --- | --- |",
        "| 1 | x &#124; y |",
        "| &lt;b> | two lines |",
    ]
    assert bullet_lines(["one", "two\n three"]) == ["- one", "- two three"]
    assert table_lines(("a",), [("see http://x",)])[-1] == "| see http&#58;//x |"


def test_markdown_of_others_is_shown_as_it_is() -> None:
    assert escape_markdown("![x](javascript:a) `c` ***@b \\[y] a & b_c") == (
        r"!\[x\](javascript:a) \`c\` ***@b \\\[y\] a &amp; b_c"
    )


@given(st.text())
def test_no_text_ends_a_cell_or_a_line_or_begins_a_tag(text: str) -> None:
    escaped = escape_markdown(text)
    assert not {"|", "<", "\n"} & set(escaped)
    assert len(escaped.splitlines()) <= 1
