"""Where a run saturated: intervals -> the figures of the run. Start reading at ``find_saturation``."""

from locust_asyncdjango.analysis.saturation.onsets import (
    BASELINE_SECONDS,
    PEAK_WINDOW_S,
    SLOW_FACTOR,
    KindOnset,
    LoadPoint,
    Onset,
    Range,
    Saturation,
    find_saturation,
    find_warm_up,
    load_points,
)

__all__ = [
    "BASELINE_SECONDS",
    "PEAK_WINDOW_S",
    "SLOW_FACTOR",
    "KindOnset",
    "LoadPoint",
    "Onset",
    "Range",
    "Saturation",
    "find_saturation",
    "find_warm_up",
    "load_points",
]
