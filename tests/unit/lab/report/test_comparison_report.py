"""What changed between two results folders, in sentences, on a page, in Markdown and in JSON."""

import json

import pytest

from locust_asyncdjango.lab.analysis.changes.arm_change import CAPACITY, PEAK, ArmChange, Changes
from locust_asyncdjango.lab.analysis.changes.change_stats import Change, CommonChange
from locust_asyncdjango.lab.analysis.changes.find_changes import find_changes
from locust_asyncdjango.lab.report.comparison_report import (
    change_sentences,
    changes_tables,
    render_html,
    render_json,
    render_markdown,
)
from tests.support.experiments import runs_of_servers

UNCHANGED = Change(1.0, 1.0, 0.9, 1.1, is_assumed=False)


@pytest.fixture(scope="module")
def changes() -> Changes:
    """An arm that carries a fifth less, and one that carries the same."""
    before = runs_of_servers((100.0, 102.0, 98.0), (200.0, 204.0, 196.0))
    after = runs_of_servers((80.0, 82.0, 78.0), (201.0, 203.0, 198.0))
    return find_changes(before, after, ({"versions": {"locust": "2.47"}}, {"versions": {"locust": "2.48"}}))


def test_what_was_asked_differently_is_first_and_the_worst_change_follows(changes: Changes) -> None:
    assert change_sentences(changes, 0.1) == [
        "locust was 2.47, and is 2.48",
        "the 2 arms together carry as much as before",
        "io_read: gunicorn-sync: 80.0 against 100.0 req/s, 0.80 (0.76-0.84) times as much",
        "1 of 2 arms: no detectable difference",
        "1 of 2 arms carry less by more than 10%",
    ]
    assert change_sentences(changes, 0.25)[-1] == "0 of 2 arms carry less by more than 25%"


def test_table_page_markdown_and_json_say_the_same(changes: Changes) -> None:
    (table,) = changes_tables(changes)
    assert table.headers == ("arm", "before req/s", "after req/s", "times as much", "result")
    assert table.rows == (
        ("io_read: gunicorn-sync", "100.0", "80.0", "0.80 (0.76-0.84)", "less"),
        ("io_read: gunicorn-uvicorn", "200.0", "200.7", "1.00 (0.95-1.05)", "no detectable difference"),
    )
    text, page = render_markdown(changes, "A to <B>", 0.1), render_html(changes, "A to <B>", 0.1)
    assert text.startswith("# A to &lt;B>\n\n- locust was 2.47, and is 2.48\n")
    assert "| io_read: gunicorn-sync | 100.0 | 80.0 | 0.80 (0.76-0.84) | less |" in text
    assert "<h1>A to &lt;B&gt;</h1>" in page
    assert "<li>1 of 2 arms carry less by more than 10%</li>" in page
    content = json.loads(render_json(changes, 0.1))
    assert (content["format"], content["format_version"]) == ("locust-asyncdjango comparison", 3)
    assert [(arm["is_worse"], round(arm["change"]["ratio"], 2)) for arm in content["arms"]] == [(True, 0.8), (False, 1)]
    assert (content["tolerance"], content["setup"], content["missing"]) == (0.1, ["locust was 2.47, and is 2.48"], [])
    assert (content["capacities"], content["common"]["speed"]) == ([], None)


def test_capacities_have_a_table_of_their_own() -> None:
    less = ArmChange("x", 100.0, 50.0, Change(0.5, 0.5, 0.4, 0.6, is_assumed=False), CAPACITY)
    same = ArmChange("x", 9.0, 9.0, UNCHANGED)
    changes = Changes((), (same,), (), CommonChange(), (less,))
    assert [(table.title, table.headers[1]) for table in changes_tables(changes)] == [
        ("What the arms carried", "before req/s"),
        ("Capacity within the objective", "before users"),
    ]
    assert change_sentences(changes, 0.1)[1:] == [
        "x: 50.0 against 100.0 users, 0.50 (0.40-0.60) times as much",
        "1 of 1 arms: no detectable difference",
        "0 of 1 arms carry less by more than 10%",
        "1 of 1 capacities are lower by more than 10%",
    ]


@pytest.mark.parametrize(
    ("common", "arms", "sentence"),
    [
        (CommonChange(), 1, "one arm was measured in both: if the machine was slower, that looks like a change"),
        (
            CommonChange(0.9, 1.0, 0.9),
            1,
            "one arm was measured in both: if the machine was slower, that looks like a change; the processors ran 0.90"
            " times as fast, and 0.90 times is taken off",
        ),
        (
            CommonChange(0.85, 0.85),
            3,
            "the 3 arms together carry 0.85 times as much; that is taken off as the machine's: if all arms really"
            " changed, this hides it",
        ),
        (
            CommonChange(0.9, 0.6, 1.0),
            3,
            "the 3 arms together carry 0.60 times as much; the processors ran 1.00 times as fast; no more than 0.90"
            " times can be the machine's, and is taken off",
        ),
        (CommonChange(), 0, "no arm was measured in both: nothing can be compared"),
    ],
)
def test_what_was_taken_off_is_said(common: CommonChange, arms: int, sentence: str) -> None:
    compared = [ArmChange("x", 1.0, 1.0, UNCHANGED)] * arms or [ArmChange("x", 1.0, None, None)]
    assert change_sentences(Changes((), tuple(compared), (), common), 0.1)[0] == sentence


def test_arms_that_were_not_measured_are_not_counted_as_less() -> None:
    gone, never = ArmChange("x", 1.0, None, None), ArmChange("y", None, None, None)
    assert change_sentences(Changes((), (gone, never), ()), 0.1) == [
        "no arm was measured in both: nothing can be compared",
        "x: not measured in the second folder",
        "y: not measured in either folder",
        "1 of 2 arms: measured before, and nothing now",
    ]


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (ArmChange("x", 1.0, 2.0, Change(2.0, 2.0, 1.5, 2.5, is_assumed=False)), "more"),
        (ArmChange("x", 1.0, 2.0, UNCHANGED), "no detectable difference"),
        (ArmChange("x", 1.0, 0.0, None), "a run had no successful request"),
        (ArmChange("x", None, 1.0, None), "not measured in the first folder"),
        (ArmChange("x", 1.0, None, None), "not measured in the second folder"),
        (ArmChange("x", 1.0, 2.0, UNCHANGED, PEAK, "invalid"), "invalid"),
    ],
)
def test_the_result_of_an_arm_in_words(change: ArmChange, result: str) -> None:
    (table,) = changes_tables(Changes((), (change,), ()))
    assert table.rows[0][-1] == result
