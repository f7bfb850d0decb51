"""Where a run saturated: intervals -> the figures of the run, each with a 95 % interval.

Start reading at ``run_figures.find_saturation``. The exact definitions, with the reasons and the literature, are in
docs/saturation.md; ``analysis/definitions.py`` has a sentence of each for people.
"""

from locust_asyncdjango.analysis.saturation.figures import (
    PEAK_WINDOW_S,
    Capacity,
    DueLatency,
    FailingName,
    Goodput,
    KindOnset,
    Onset,
    Range,
    Saturation,
)
from locust_asyncdjango.analysis.saturation.load_points import (
    BASELINE_SECONDS,
    SLOW_FACTOR,
    LoadPoint,
    find_warm_up,
    load_points,
)
from locust_asyncdjango.analysis.saturation.onsets.always_failing import failing_text
from locust_asyncdjango.analysis.saturation.run_figures import find_saturation

__all__ = [
    "BASELINE_SECONDS",
    "PEAK_WINDOW_S",
    "SLOW_FACTOR",
    "Capacity",
    "DueLatency",
    "FailingName",
    "Goodput",
    "KindOnset",
    "LoadPoint",
    "Onset",
    "Range",
    "Saturation",
    "failing_text",
    "find_saturation",
    "find_warm_up",
    "load_points",
]
