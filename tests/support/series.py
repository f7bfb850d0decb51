"""Samples, recorders and series files for tests of metrics."""

from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.row import Row, Sample
from locust_asyncdjango.metrics.series_file import header, json_line

KINDS = ["", "timeout", "db_too_many_clients"]

NAMES = ["GET /", "GET /posts/", "POST /posts/"]

SAMPLES = st.lists(
    st.tuples(
        st.floats(1000, 1010, allow_nan=False),
        st.sampled_from(KINDS),
        st.floats(0, 1e6, allow_nan=False),
        st.integers(0, 10**6),
        st.sampled_from(NAMES),
    )
)
"""Samples of a run that began at epoch second 1000."""


def recorder_of(*samples: Sample) -> Recorder:
    """Return a recorder of a run that began at epoch second 1000, with these samples."""
    recorder = Recorder(1000.0)
    for sample in samples:
        recorder.add(sample)
    return recorder


def write_series(path: Path, rows: Iterable[Row]) -> Path:
    """Write a series file as JSON lines, and return its path."""
    path.write_text(json_line(header(host="http://x")) + "".join(json_line(row.to_json()) for row in rows))
    return path
