"""Cases -> a document that a parser reads."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.analysis.junit import Case, junit_xml

STARTED = "2025-03-01T12:00:00+00:00"


def parsed(document: str) -> ET.Element:
    return ET.fromstring(document.encode())


def read_back(text: str) -> str:
    """What XML makes of a text: characters it does not allow replaced, line ends as one newline."""
    allowed = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)
    return re.sub("\r\n?", "\n", allowed)


def test_a_document_has_all_cases() -> None:
    cases = [
        Case("thresholds", "p95>800ms", failed="1230 ms at 250 users", detail="first seen\nafter 61 s"),
        Case("feed", "saturates as before", detail="28.3 req/s & <more>", seconds=1.5),
        Case("thresholds", "failures>0", seconds=0.25),
    ]
    assert junit_xml(cases, STARTED, 62.0) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites tests="3" failures="1" errors="0" skipped="0" time="62.000">\n'
        '  <testsuite name="thresholds" tests="2" failures="1" errors="0" skipped="0" time="0.250"'
        ' timestamp="2025-03-01T12:00:00+00:00">\n'
        '    <testcase classname="thresholds" name="p95&gt;800ms" time="0.000">\n'
        '      <failure message="1230 ms at 250 users" type="failed">first seen\nafter 61 s</failure>\n'
        "    </testcase>\n"
        '    <testcase classname="thresholds" name="failures&gt;0" time="0.250" />\n'
        "  </testsuite>\n"
        '  <testsuite name="feed" tests="1" failures="0" errors="0" skipped="0" time="1.500"'
        ' timestamp="2025-03-01T12:00:00+00:00">\n'
        '    <testcase classname="feed" name="saturates as before" time="1.500">\n'
        "      <system-out>28.3 req/s &amp; &lt;more&gt;</system-out>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n"
    )


def test_a_document_without_cases() -> None:
    assert junit_xml([], STARTED, 0.0) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<testsuites tests="0" failures="0" errors="0" skipped="0" time="0.000" />\n'
    )


def test_what_xml_does_not_allow_is_replaced() -> None:
    document = junit_xml([Case("s", "\x00a\x1b", failed="\ud800", detail="\ufffe\x0b")], STARTED, 0.0)
    testcase = parsed(document)[0][0]
    assert testcase.attrib["name"] == "\ufffda\ufffd"
    assert (testcase[0].attrib["message"], testcase[0].text) == ("\ufffd", "\ufffd\ufffd")


any_text = st.text(st.characters(exclude_categories=()))


@given(any_text, any_text, any_text, any_text)
def test_any_text_is_read_back(suite: str, name: str, failed: str, detail: str) -> None:
    testcase = parsed(junit_xml([Case(suite, name, failed, detail)], STARTED, 0.0))[0][0]
    assert read_back(testcase.attrib["classname"]) == read_back(suite)
    assert read_back(testcase.attrib["name"]) == read_back(name)
    outcomes = [(each.tag, read_back(each.get("message", "")), each.text or "") for each in testcase]
    if failed:
        assert outcomes == [("failure", read_back(failed), read_back(detail))]
    else:
        assert outcomes == ([("system-out", "", read_back(detail))] if detail else [])
