"""A table as Markdown, and where its ratios are drawn."""

import pytest

from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.report.table import WHISKER_WIDTH, Table, whiskers


def test_a_table_in_markdown_has_title_and_explanation() -> None:
    table = Table("Peaks", "What was carried.", ("arm", "req/s"), (("a|b", "1.0"),))
    assert table.markdown() == [
        *("## Peaks", "", "What was carried.", ""),
        *("| arm | req/s |", "| --- | --- |", "| a&#124;b | 1.0 |"),
    ]
    assert table.whiskers == []


def test_ratios_share_a_logarithmic_axis_from_edge_to_edge() -> None:
    half, double = whiskers([RatioEstimate(0.5, None, None), RatioEstimate(1.0, 0.5, 2.0)])
    assert (half.ratio, double.low, double.high) == pytest.approx(
        (0.02 * WHISKER_WIDTH, 0.02 * WHISKER_WIDTH, 0.98 * WHISKER_WIDTH)
    )
    assert (half.low, half.high) == (None, None)
    assert half.one == double.one == double.ratio == pytest.approx(WHISKER_WIDTH / 2)


def test_equal_ratios_do_not_fill_the_axis() -> None:
    (only,) = whiskers([RatioEstimate(1.0, 0.99, 1.01)])
    assert only.low is not None
    assert only.high is not None
    assert 0.3 * WHISKER_WIDTH < only.low < only.ratio < only.high < 0.7 * WHISKER_WIDTH
