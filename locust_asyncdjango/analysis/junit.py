"""Cases -> JUnit XML, as GitLab, Jenkins and GitHub read it.

The library junitparser writes this too. We keep our own fifty lines because the plugin needs them: with the library,
the plain install would grow.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

# XML 1.0, section 2.2: a document cannot have these characters, not even as references.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One check and how it ended.

    failed: the reason in one line, "" for a check that passed. detail: longer text, of a failed or a passed check.
    seconds: how long the check took.
    """

    suite: str
    name: str
    failed: str = ""
    detail: str = ""
    seconds: float = 0.0


def junit_xml(cases: Iterable[Case], started: str, seconds: float) -> str:
    """Return a document, to be written as UTF-8.

    started: when the checks began, in ISO 8601. seconds: how long all suites took together.
    """
    suites: dict[str, list[Case]] = {}
    for case in cases:
        suites.setdefault(case.suite, []).append(case)
    everything = [case for suite in suites.values() for case in suite]
    root = _element("testsuites", **_counts(everything), time=f"{seconds:.3f}")
    root.extend(_suite(name, suite, started) for name, suite in suites.items())
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(name: str, cases: list[Case], started: str) -> ET.Element:
    took = sum(case.seconds for case in cases)
    suite = _element("testsuite", name=name, **_counts(cases), time=f"{took:.3f}", timestamp=started)
    suite.extend(map(_case, cases))
    return suite


def _case(case: Case) -> ET.Element:
    element = _element("testcase", classname=case.suite, name=case.name, time=f"{case.seconds:.3f}")
    if case.failed:
        element.append(_element("failure", case.detail, message=case.failed, type="failed"))
    elif case.detail:
        element.append(_element("system-out", case.detail))
    return element


def _counts(cases: list[Case]) -> dict[str, str]:
    failures = sum(bool(case.failed) for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}


def _element(tag: str, text: str = "", /, **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: _NOT_XML.sub("\ufffd", value) for name, value in attributes.items()})
    element.text = _NOT_XML.sub("\ufffd", text)
    return element
