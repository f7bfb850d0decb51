"""How the latencies of a subject's arms are distributed at full load: a curve of percentiles for each arm."""

from collections.abc import Sequence
from fractions import Fraction

from locust_asyncdjango.analysis.charts import Chart, chart, curve, dot
from locust_asyncdjango.lab.report.answer.arm_summaries import ArmSummary
from locust_asyncdjango.lab.report.answer.curve_charts import arm_role
from locust_asyncdjango.lab.report.answer.load_levels import full_level
from locust_asyncdjango.metrics.statistics import percentiles

SHARE_OF_SLOWER = "percentile of the requests"
PERCENTS = tuple(
    Fraction(text)
    for text in (
        *("1", "5", "10", "20", "30", "40", "50", "60", "70", "75", "80", "85", "90", "92", "94", "95", "96", "97"),
        *("98", "98.5", "99", "99.2", "99.5", "99.7", "99.8", "99.9", "99.95", "99.99"),
    )
)
MIN_ABOVE = 2
"""A percentile is drawn if at least so many requests were slower."""


def distribution_chart(arms: Sequence[ArmSummary], place: str) -> list[Chart]:
    """Return the chart of a subject's arms; none without latencies. place: begins the name of the chart."""
    levels = [(arm, level) for arm in arms if arm.levels and (level := full_level(arm.levels)) and level.ok_ms]
    if not levels:
        return []
    shares = [float(100 / (100 - percent)) for percent in PERCENTS]
    lines, dots = [], []
    for arm, level in levels:
        total = level.ok_ms.total()
        shown = [percent for percent in PERCENTS if total * (100 - percent) / 100 >= MIN_ABOVE]
        values = percentiles(level.ok_ms, shown)
        role = arm_role(arm.colour)
        lines.append(curve(arm.name, role, [*values, *[None] * (len(PERCENTS) - len(shown))], None))
        if values:
            dots.append(dot(shares[len(values) - 1], values[-1], arm.name, role, is_end=False))
    note = "How long the successful requests at full load took: half of them no longer than at p50."
    drawn = chart(f"{place}-distribution", "Latency distribution", note, (SHARE_OF_SLOWER, shares), "", lines, [])
    return [drawn | {"scale": "log ms", "x_scale": "percentiles", "dots": dots}]
