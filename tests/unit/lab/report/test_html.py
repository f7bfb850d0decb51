"""Pages from templates: everything is escaped, and nothing is loaded."""

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.report.html import render_page
from locust_asyncdjango.lab.report.table import Table

HOSTILE = '</script></h1><script>alert(1)</script> & "quoted"'


def page(title: str = "title", table: Table | None = None, sentences: tuple[str, ...] = ()) -> str:
    """Return a page with one table."""
    table = table or Table("Peaks", "What was carried.", ("arm",), ())
    charts = {"charts": [{"id": "chart", "title": title}]}
    return render_page("comparison_report.html", title, title, charts, sentences=sentences, tables=[table])


class TextParser(HTMLParser):
    """Collects the texts of all elements by their tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: dict[str, str] = {}

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    parser = TextParser()
    parser.feed(page(text, sentences=(text,)))
    assert (parser.texts["h1"], parser.texts["li"]) == (text, text)


def test_charts_are_json_that_does_not_end_its_script() -> None:
    (data,) = re.findall(r'id="charts-data">(.*?)</script>', page(HOSTILE))
    assert "<" not in data
    assert json.loads(data) == {"charts": [{"id": "chart", "title": HOSTILE}]}


def test_a_page_loads_nothing() -> None:
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page()) == []
    assert "@import" not in page()


def test_numbers_stand_to_the_right_and_ratios_are_drawn() -> None:
    table = Table(
        "Peaks",
        "",
        ("arm", "req/s"),
        (("a", "1.5"), ("b", "-")),
        (RatioEstimate(1.0, 0.5, 2.0), RatioEstimate(1.0, None, None)),
    )
    text = page(table=table)
    assert '<td data-head="arm">a</td><td class="number" data-head="req/s">1.5</td><td><svg class="whiskers"' in text
    assert '<td data-head="arm">b</td><td data-head="req/s">-</td><td><svg class="whiskers"' in text
    assert re.findall(r'text-anchor="middle">([^<]*)<', text) == ["0.5", "0.8", "1", "1.5", "2"]
    assert (text.count("<circle"), text.count('class="span"'), text.count('class="one"')) == (2, 1, 2)


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="sentences"):
        render_page("comparison_report.html", "title", "heading", tables=[SimpleNamespace()])
