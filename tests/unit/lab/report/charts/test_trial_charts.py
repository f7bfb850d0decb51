"""The charts of each trial: the same colours and axes in all of them."""

from collections import Counter

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.report.charts.trial_charts import trial_charts
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import SERVERS, experiment, measured


def recorded(rate: int, failures: int) -> Series:
    failed = Counter({"timeout": failures} if failures else {})
    rows = [Row(t, 10, rate, failed, ok_ms=Counter({20.0: rate} if rate else {})) for t in range(20)]
    return Series.from_rows({}, rows)


def test_charts_of_the_same_kind_have_the_same_axes_and_empty_ones_are_left_out() -> None:
    wanted = experiment(servers=SERVERS)
    sync, uvicorn = trials(wanted)
    results = (measured(sync, 30.0), measured(uvicorn, 80.0))
    charts = trial_charts(Findings(wanted, results, {sync.id: recorded(30, 0), uvicorn.id: recorded(80, 5)}))
    assert {trial: [chart["id"] for chart in each] for trial, each in charts.items()} == {
        sync.id: ["throughput", "latency"],
        uvicorn.id: ["throughput", "latency", "failures"],
    }
    assert [each[0]["top"] for each in charts.values()] == [{"left": 80.0, "right": 10.0}] * 2
    roles = [{line["name"]: line["role"] for chart in each for line in chart["lines"]} for each in charts.values()]
    assert [(each["successful"], each["p95"], each["failed"]) for each in roles] == [
        *(("arm-0", "arm-0", "failed"), ("arm-1", "arm-1", "failed")),
    ]
