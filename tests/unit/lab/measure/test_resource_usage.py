"""What a trial uses: connections by the titles of processes, and the peaks of samples."""

from collections import Counter
from pathlib import Path

from locust_asyncdjango.lab.experiment.result import PeakUsage, ResourceSample, read_resource_samples
from locust_asyncdjango.lab.measure.resource_usage import append_sample, connection_states, granted_share, peak_usage

SAMPLES = [
    ResourceSample(0.0, 50.0, 0.0, 2, 3),
    ResourceSample(1.0, 70.5, 80.0, 2, 40, connections={"active": 3, "idle": 7}, redis_clients=12),
    ResourceSample(2.5, 60.0, 100.0, 2, 30, connections={"active": 5}, redis_clients=None),
    ResourceSample(2.5, 60.0, 0.0, 2, 30, connections=None, redis_clients=None),
]


def test_connections_are_told_by_the_titles_of_postgresqls_processes() -> None:
    assert connection_states(
        [
            "postgres: checkpointer ",
            "postgres: background writer ",
            "postgres: logical replication launcher ",
            "postgres: lab posts 127.0.0.1(41000) idle",
            "postgres: lab posts 127.0.0.1(41002) idle in transaction",
            "postgres: lab posts 127.0.0.1(41004) SELECT",
            "postgres: lab posts ::1(41006) INSERT waiting",
            "postgres: main: lab posts [local] idle",
            "postgres: lab posts 127.0.0.1(41008) authentication",
            "postgres: lab posts 127.0.0.1(41010) startup",
            "",
        ]
    ) == Counter({"idle": 2, "idle in transaction": 1, "active": 2, "starting": 2})


def test_what_others_take_is_time_that_it_did_not_get() -> None:
    assert [
        granted_share(100.0, 0.0),
        granted_share(100.0, 25.0),
        granted_share(50.0, 150.0),
        granted_share(0.0, 0.0),
    ] == [1.0, 0.8, 0.25, 1.0]


def test_the_most_of_a_trial() -> None:
    assert peak_usage(SAMPLES) == PeakUsage(70.5, 40, 10, 12, 0.8 + 1.5)


def test_connections_to_a_database_that_is_not_the_labs_are_unknown() -> None:
    samples = [ResourceSample(0.0, 50.0, 0.0, 2, 3, connections=None)]
    usage = peak_usage(samples)
    assert (usage.connections, usage.redis_clients) == (None, None)
    assert peak_usage([*samples, ResourceSample(1.0, 50.0, 0.0, 2, 3)]).connections == 0


def test_samples_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "costs.jsonl"
    assert read_resource_samples(file) == []
    for cost in SAMPLES:
        append_sample(file, cost)
    assert read_resource_samples(file) == SAMPLES
