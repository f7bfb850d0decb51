"""Who used the processors at full load."""

from dataclasses import replace

from locust_asyncdjango.lab.analysis.processor_use import ProcessorUse, find_processor_use, mean_use
from locust_asyncdjango.lab.experiment.result import ResourceSample
from tests.support.experiments import goodput

FULL_LOAD = replace(goodput(100.0), begin_s=10, end_s=20)
STARTED_S = 1000.0
BUSY = ResourceSample(
    t=0.0,
    memory_mb=50.0,
    cpu_percent=60.0,
    processes=2,
    threads=3,
    other_percent=10.0,
    own_percent=160.0,
    steal_percent=4.0,
    generator_percent=70.0,
    busy_percents=[98.0, 76.0],
)
IDLE = replace(BUSY, cpu_percent=0.0, own_percent=2.0, generator_percent=1.0, busy_percents=[5.0, 5.0])


def at(second: float, sample: ResourceSample) -> ResourceSample:
    return replace(sample, at_s=STARTED_S + second)


def test_the_seconds_of_full_load_count() -> None:
    samples = [at(t + 0.7, BUSY if 10 <= t < 20 else IDLE) for t in range(30)]
    assert find_processor_use(samples, FULL_LOAD, STARTED_S) == ProcessorUse(
        processors=2, least_busy=76.0, busy=87.0, generator=35.0, server=30.0, services=15.0, others=5.0, stolen=2.0
    )


def test_too_few_seconds_and_what_earlier_versions_wrote_say_nothing() -> None:
    assert find_processor_use([at(t, BUSY) for t in (12, 13)], FULL_LOAD, STARTED_S) is None
    earlier = [at(t, replace(BUSY, busy_percents=[])) for t in range(30)]
    assert find_processor_use(earlier, FULL_LOAD, STARTED_S) is None
    ended = [at(t, replace(BUSY, generator_percent=None)) for t in range(30)]
    assert find_processor_use(ended, FULL_LOAD, STARTED_S) is None


def test_a_processor_that_was_switched_off_is_left_out() -> None:
    samples = [*(at(t, BUSY) for t in range(11, 15)), at(15, replace(BUSY, busy_percents=[90.0]))]
    use = find_processor_use(samples, FULL_LOAD, STARTED_S)
    assert use
    assert (use.processors, use.least_busy) == (1, 96.4)


def test_the_mean_of_runs() -> None:
    use = ProcessorUse(2, 90.0, 95.0, 30.0, 40.0, 10.0, 5.0, 0.0)
    assert use.is_full
    assert not replace(use, least_busy=89.9).is_full
    assert mean_use([use, replace(use, least_busy=80.0, generator=40.0)]) == replace(
        use, least_busy=85.0, generator=35.0
    )
