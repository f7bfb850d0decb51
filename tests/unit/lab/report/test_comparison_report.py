"""What changed between two results folders, in sentences, on a page, in Markdown and in JSON."""

import json

import pytest

from locust_asyncdjango.lab.analysis.changes import ArmChange, Changes, find_changes
from locust_asyncdjango.lab.analysis.paired_stats import RatioEstimate
from locust_asyncdjango.lab.report.comparison_report import (
    change_sentences,
    changes_table,
    render_html,
    render_json,
    render_markdown,
)
from tests.support.experiments import runs_of_servers


@pytest.fixture(scope="module")
def changes() -> Changes:
    """An arm that carries a fifth less, and one that carries the same."""
    before = runs_of_servers((100.0, 102.0, 98.0), (200.0, 204.0, 196.0))
    after = runs_of_servers((80.0, 82.0, 78.0), (201.0, 203.0, 198.0))
    return find_changes(before, after, ({"versions": {"locust": "2.47"}}, {"versions": {"locust": "2.48"}}))


def test_sentences_have_the_worst_change_first(changes: Changes) -> None:
    assert change_sentences(changes, 0.1) == [
        "io_read: gunicorn-sync: 80.0 against 100.0 req/s, 0.80 (0.77-0.83) times as much",
        "1 of 2 arms: no detectable difference",
        "1 of 2 arms carry less by more than 10%",
        "locust was 2.47, and is 2.48",
    ]
    assert change_sentences(changes, 0.25)[2] == "0 of 2 arms carry less by more than 25%"


def test_table_page_markdown_and_json_say_the_same(changes: Changes) -> None:
    assert changes_table(changes).rows == (
        ("io_read: gunicorn-sync", "100.0", "80.0", "0.80 (0.77-0.83)", "less"),
        ("io_read: gunicorn-uvicorn", "200.0", "200.7", "1.00 (0.97-1.04)", "no detectable difference"),
    )
    text, page = render_markdown(changes, "A to <B>", 0.1), render_html(changes, "A to <B>", 0.1)
    assert text.startswith("# A to &lt;B>\n\n- io_read: gunicorn-sync: 80.0 against 100.0 req/s")
    assert "| io_read: gunicorn-sync | 100.0 | 80.0 | 0.80 (0.77-0.83) | less |" in text
    assert "<h1>A to &lt;B&gt;</h1>" in page
    assert "<li>1 of 2 arms carry less by more than 10%</li>" in page
    content = json.loads(render_json(changes, 0.1))
    assert (content["format"], content["format_version"]) == ("locust-asyncdjango comparison", 2)
    assert [(arm["is_worse"], round(arm["estimate"]["ratio"], 2)) for arm in content["arms"]] == [
        (True, 0.8),
        (False, 1.0),
    ]
    assert (content["tolerance"], content["setup"], content["missing"]) == (0.1, ["locust was 2.47, and is 2.48"], [])


@pytest.mark.parametrize(
    ("change", "result"),
    [
        (ArmChange("x", 1.0, 2.0, RatioEstimate(2.0, 1.5, 2.5)), "more"),
        (ArmChange("x", 1.0, 2.0, RatioEstimate(2.0, None, None)), "one run each"),
        (ArmChange("x", 1.0, 0.0, None), "a run had no successful request"),
        (ArmChange("x", None, 1.0, None), "not measured in the first folder"),
        (ArmChange("x", 1.0, None, None), "not measured in the second folder"),
        (ArmChange("x", 1.0, 2.0, RatioEstimate(2.0, 1.5, 2.5), "invalid"), "invalid"),
    ],
)
def test_the_result_of_an_arm_in_words(change: ArmChange, result: str) -> None:
    assert changes_table(Changes((), (change,), ())).rows[0][-1] == result
