"""The names of trials."""

from dataclasses import replace

import pytest

from locust_asyncdjango.lab.experiment.trial import Trial

PLAIN = Trial("io_read", "gunicorn-100-threads", 1000, 100)


@pytest.mark.parametrize(
    ("trial", "names"),
    [
        (PLAIN, ("io_read-gunicorn-100-threads", "io_read", "gunicorn-100-threads", "io_read on gunicorn-100-threads")),
        (
            replace(PLAIN, variant="psycopg2", workers=2, max_connections=5, latency_ms=20, repeat=3),
            (
                "io_read-psycopg2-gunicorn-100-threads-20ms-5connections-run3",
                "io_read (20 ms latency, 2 workers)",
                "psycopg2 on gunicorn-100-threads with 5 connections",
                "io_read/psycopg2 on gunicorn-100-threads (20 ms latency, 2 workers, max_connections 5, run 3)",
            ),
        ),
        (
            replace(PLAIN, workers=4, arm_workers=4, threads=25),
            (
                "io_read-gunicorn-100-threads-4workers-25threads",
                "io_read",
                "gunicorn-25-threads*4",
                "io_read on gunicorn-25-threads*4",
            ),
        ),
        (
            replace(PLAIN, name="threads", variant="sync", workers=4, arm_workers=4, max_connections=5, repeat=2),
            ("io_read-threads-run2", "io_read", "threads", "io_read on threads (run 2)"),
        ),
    ],
)
def test_a_trial_has_the_names_of_its_arm(trial: Trial, names: tuple[str, ...]) -> None:
    assert (trial.id, trial.subject, trial.arm, trial.title) == names
