"""How a run is wired: what its events start and stop, and what each second does."""

import logging
import time
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from locust.env import Environment
from locust.runners import STATE_RUNNING

from locust_asyncdjango.analysis.thresholds import parse_threshold
from locust_asyncdjango.load.arrivals import QUEUE_ATTRIBUTE, ArrivalQueue
from locust_asyncdjango.plugin.open_model import ARRIVALS_MESSAGE
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputFiles
from locust_asyncdjango.plugin.results import EXIT_CROSSED
from locust_asyncdjango.plugin.run import Ticker, record_worker, subscribe_run, subscribe_worker
from locust_asyncdjango.plugin.worker_protocol import FINISH_MESSAGE, ROWS_MESSAGE
from tests.support.locust_environments import make_environment


class FakeDisplay:
    """A display that notes each call."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self, header: dict[str, Any]) -> None:
        self.calls.append(f"start {header['format']}")

    def stop(self) -> None:
        self.calls.append("stop")


class FakeWorker:
    """The runner of a worker, which notes what it sends."""

    def __init__(self) -> None:
        self.environment: Any = None
        self.client_id = "a"
        self.user_count, self.current_cpu_usage = 3, 12.5
        self.state = STATE_RUNNING
        self.listeners: dict[str, Any] = {}
        self.sent: list[tuple[str, Any]] = []

    def register_message(self, name: str, listener: Any) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: Any = None) -> None:
        self.sent.append((name, data))

    def stop(self) -> None:
        self.environment.events.test_stop.fire(environment=self.environment)

    def _send_stats(self) -> None:
        self.sent.append(("stats", None))


def request(environment: Environment, **changed: Any) -> None:
    environment.events.request.fire(
        **{
            "request_type": "GET",
            "name": "/",
            "response_time": 20.0,
            "response_length": 10,
            "exception": None,
            "context": {},
            **changed,
        }
    )


def subscribed(environment: Environment, options: Options, display: Any = None) -> Environment:
    assert environment.runner is not None
    subscribe_run(environment, environment.runner, options, OutputFiles(options), display)
    return environment


def test_the_end_does_not_wait_for_a_greenlet_whose_end_ctrl_c_has_interrupted() -> None:
    environment = subscribed(make_environment(), Options(), FakeDisplay())
    assert environment.runner is not None
    ended = gevent.spawn(int)
    ended.join()
    # gevent would take it out of the group at its end.
    environment.runner.greenlet.greenlets.add(ended)
    with gevent.Timeout(60):
        environment.events.quitting.fire(environment=environment, reverse=True)
    assert len(environment.runner.greenlet) == 0


def test_a_headless_run_from_its_start_to_its_summary(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    display = FakeDisplay()
    environment = subscribed(make_environment(), Options(fail_on=(parse_threshold("requests>1"),)), display)
    events: Any = environment.events
    events.test_start.fire(environment=environment)
    request(environment)
    request(environment)
    events.test_stopping.fire(environment=environment)
    events.test_stop.fire(environment=environment)
    events.quitting.fire(environment=environment, reverse=True)
    assert "where this run saturated" not in caplog.text
    events.quit.fire(exit_code=3)
    assert environment.process_exit_code == EXIT_CROSSED
    assert display.calls[:2] == ["start locust-asyncdjango series", "stop"]
    summary = caplog.messages[-1]
    assert "successes                   2" in summary
    assert "FAILED requests>1: 2 at " in summary


def test_each_run_of_the_web_ui_has_a_summary_of_its_own(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("locust_asyncdjango.plugin.run.add_tabs", lambda *_: None)
    environment = make_environment()
    environment.web_ui = SimpleNamespace(stop=lambda: None)  # type: ignore[assignment]
    events: Any = subscribed(environment, Options()).events
    for requests in (2, 1):
        events.test_start.fire(environment=environment)
        for _ in range(requests):
            request(environment)
        events.test_stop.fire(environment=environment)
    summaries = [message for message in caplog.messages if "where this run saturated" in message]
    assert ["successes                   2" in summaries[0], "successes                   1" in summaries[1]] == [
        True
    ] * 2


def test_users_find_the_queue_of_the_run() -> None:
    environment = subscribed(make_environment(), Options())
    assert isinstance(getattr(environment, QUEUE_ATTRIBUTE), ArrivalQueue)


def test_a_worker_sends_what_it_has_recorded_and_then_that_it_has_finished() -> None:
    environment, runner = make_environment(), FakeWorker()
    runner.environment = environment
    subscribe_worker(environment, runner)  # type: ignore[arg-type]
    assert set(runner.listeners) == {FINISH_MESSAGE, ARRIVALS_MESSAGE}
    events: Any = environment.events
    events.test_start.fire(environment=environment)
    request(environment)
    request(environment, exception=ConnectionRefusedError())
    runner.listeners[FINISH_MESSAGE](msg=None, environment=environment)
    names = [name for name, _ in runner.sent]
    assert names == [ROWS_MESSAGE, ROWS_MESSAGE, "stats", FINISH_MESSAGE]
    rows = [row for _, update in runner.sent[:2] for row in update["rows"]]
    assert sum(row["ok"] for row in rows) == 1
    assert sum(row["failed"].get("connect_refused", 0) for row in rows) == 1


def test_a_worker_goes_on_with_a_run_that_began_before_init() -> None:
    environment, runner = make_environment(), FakeWorker()
    runner.environment = environment
    record_worker(environment)
    request(environment)
    subscribe_worker(environment, runner)  # type: ignore[arg-type]
    assert runner.sent == [(ARRIVALS_MESSAGE, None)]
    request(environment)
    runner.listeners[FINISH_MESSAGE](msg=None, environment=environment)
    rows = [row for name, update in runner.sent if name == ROWS_MESSAGE for row in update["rows"]]
    assert sum(row["ok"] for row in rows) == 2


def test_a_worker_asks_for_its_share_until_it_knows_it() -> None:
    environment, runner = make_environment(), FakeWorker()
    runner.environment = environment
    subscribe_worker(environment, runner)  # type: ignore[arg-type]
    run = environment.events.test_start._handlers[-1].__self__
    run._tick(time.time())
    run._tick(time.time())
    stages = {"stages": None, "elapsed": 0.0, "share": 1.0}
    runner.listeners[ARRIVALS_MESSAGE](msg=SimpleNamespace(data=stages), environment=environment)
    run._tick(time.time())
    assert [name for name, _ in runner.sent].count(ARRIVALS_MESSAGE) == 2


def test_a_ticker_ticks_after_each_second_and_survives_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now, ticks, slept = 100.25, [], []

    class EndError(BaseException):
        pass

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(round(seconds, 6))
        now += seconds

    def tick(moment: float) -> None:
        ticks.append(round(moment, 6))
        if len(ticks) == 3:
            raise EndError
        raise ValueError("of this second")

    ticker = Ticker(tick, lambda: now, delay_s=0.3)
    monkeypatch.setattr("locust_asyncdjango.plugin.run.gevent", SimpleNamespace(sleep=sleep))
    with pytest.raises(EndError):
        ticker._tick_every_second()
    assert ticks == [100.3, 101.3, 102.3]
    assert slept == [0.05, 1.0, 1.0]
    assert caplog.messages == ["The last second could not be recorded; the run goes on"] * 2


def test_a_ticker_that_is_stopped_ends_its_greenlet() -> None:
    ticker = Ticker(lambda _: None, time.time)
    ticker.stop()
    ticker.start()
    greenlet = ticker._greenlet
    assert greenlet is not None
    ticker.stop()
    ticker.stop()
    gevent.joinall([greenlet], timeout=5)
    assert greenlet.dead


def test_a_stop_threshold_stops_the_run(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    environment = make_environment()
    runner: Any = environment.runner
    subscribed(environment, Options(stop_on=(parse_threshold("requests>1"),)))
    stopped: list[str] = []
    monkeypatch.setattr(runner, "quit", lambda: stopped.append("quit"))
    monkeypatch.setattr("locust_asyncdjango.plugin.run.gevent.spawn", lambda function, *_: function())
    monkeypatch.setattr(Ticker, "start", lambda ticker: setattr(ticker, "_greenlet", None))
    events: Any = environment.events
    events.test_start.fire(environment=environment)
    runner.state = STATE_RUNNING
    request(environment)
    request(environment)
    run = events.test_start._handlers[-1].__self__
    run._tick(time.time() + 1)
    run._tick(time.time() + 2)
    assert stopped == ["quit"]
    (message,) = (message for message in caplog.messages if message.startswith("Stopping"))
    assert message.startswith("Stopping: requests>1: 2 at ")
