"""The times of requests that were never sent."""

from locust_asyncdjango.lab.experiment.probe_figures import RequestTimes

TIMES = RequestTimes(
    name="io_read",
    view="site.io_read",
    is_async=False,
    requests=30,
    failed=1,
    queued_ms=120.0,
    view_ms=40.0,
    query_ms=20.0,
    connect_ms=5.0,
    pool_wait_ms=0.0,
    http_ms=0.0,
    queries=2.0,
    connects=1.0,
    http_calls=0.0,
    hops=0.0,
    failures={"OperationalError": 1},
)
