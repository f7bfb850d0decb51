"""What a master and its workers send each other, and when the rows of a second are complete."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from locust.exception import RPCSendError

from locust_asyncdjango.failures.counts import FailureRow, FailureUpdate
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin.generator.worker_clock import WorkerClock
from locust_asyncdjango.plugin.recording import Recording
from locust_asyncdjango.plugin.worker_protocol import (
    FINISH_MESSAGE,
    MAX_LAG_S,
    ROWS_MESSAGE,
    MasterLink,
    WorkerLink,
    merge_update,
    take_update,
)
from locust_asyncdjango.plugin.worker_update import Update

START = 1_000_000
NOW = START + 9.5
REFUSED = Failure("connect_refused", "network", "Connection refused", "start the server")


class FakeRunner:
    """A Locust runner whose connection can be down. It calls listeners at once, as if a message had come."""

    def __init__(self, *workers: str) -> None:
        self.sent: list[tuple[str, Any]] = []
        self.is_down = False
        self.listeners: dict[str, Any] = {}
        running = {name: SimpleNamespace(id=name) for name in workers}
        self.clients = FakeClients(running)

    def register_message(self, name: str, listener: Any) -> None:
        self.listeners[name] = listener

    def send_message(self, name: str, data: Any = None) -> None:
        if self.is_down:
            raise RPCSendError("down")
        self.sent.append((name, data))

    def receive(self, name: str, worker: str, data: Any = None) -> None:
        self.listeners[name](msg=SimpleNamespace(data=data, node_id=worker))


class FakeClients(dict[str, Any]):
    """The workers that a master knows, by state."""

    def __init__(self, running: dict[str, Any]) -> None:
        super().__init__(running)
        self.spawning: list[Any] = []
        self.ready: list[Any] = []
        self.missing: list[Any] = []
        self.running = list(running.values())


def make_recording(started: float = START) -> Recording:
    recording = Recording(ArrivalQueue())
    recording.begin(started)
    return recording


def let_pass(recording: Recording, now: float) -> None:
    """Make it this time in a run that began at START, of which nothing is recorded."""
    recording.begin(now)
    recording.recorder.started = recording.failure_counts.started = START


def make_update(number: int) -> Update:
    return Update((Row(number),), FailureUpdate(), unrecorded=0, started=START, until=None, sent=NOW)


def master_link(*workers: str) -> tuple[FakeRunner, MasterLink, Recording]:
    runner: Any = FakeRunner(*workers)
    recording = make_recording()
    return runner, MasterLink(runner, recording), recording


def test_an_update_moves_what_a_worker_has_recorded_to_its_master_once() -> None:
    worker, master = make_recording(START + 2), make_recording(START)
    worker.recorder.add((START + 3.5, "", 20.0, 100, "GET /"))
    worker.recorder.add((START + 3.6, "connect_refused", 1.0, 0, "GET /"))
    worker.failure_counts.add(REFUSED, START + 3.6)
    worker.unrecorded = 4
    merge_update(master, take_update(worker), START + 5, WorkerClock())
    merge_update(master, take_update(worker), START + 5, WorkerClock())
    (row,) = master.recorder.take()
    assert (row.t, row.ok, dict(row.failed), row.bytes) == (3, 1, {"connect_refused": 1}, 100)
    (failure,) = master.failure_counts.rows()
    assert (failure.kind, failure.count, failure.first_t) == ("connect_refused", 1, 3)
    assert (worker.unrecorded, master.unrecorded) == (0, 4)


def test_an_update_has_only_the_seconds_before_a_moment() -> None:
    worker = make_recording()
    worker.recorder.add((START + 0.5, "", 20.0, 0, "GET /"))
    worker.recorder.add((START + 1.5, "", 20.0, 0, "GET /"))
    first, rest = take_update(worker, START + 1.0), take_update(worker)
    assert [row.t for row in first.rows] == [0]
    assert [row.t for row in rest.rows] == [1]
    assert (first.until, rest.until) == (START + 1.0, None)


def test_what_a_worker_cannot_send_it_sends_later_in_order(caplog: pytest.LogCaptureFixture) -> None:
    runner: Any = FakeRunner()
    link = WorkerLink(runner, lambda: None, lambda: NOW)
    runner.is_down = True
    link.send(make_update(1))
    link.send(make_update(2))
    runner.is_down = False
    link.send(make_update(3))
    assert runner.sent == [(ROWS_MESSAGE, make_update(n).to_message()) for n in (1, 2, 3)]
    assert caplog.messages == ["The master cannot be reached (down). This worker keeps its rows to send them later"] * 2


def test_a_worker_finishes_before_it_says_so() -> None:
    runner: Any = FakeRunner()
    WorkerLink(runner, lambda: runner.sent.append(("finished", None)), lambda: NOW)
    runner.receive(FINISH_MESSAGE, "master")
    assert runner.sent == [("finished", None), (FINISH_MESSAGE, None)]


def test_a_second_is_complete_when_all_workers_have_sent_it_or_are_too_slow() -> None:
    runner, link, _ = master_link("a", "b")
    assert link.complete_until(100.3) == 100.3 - MAX_LAG_S  # b has sent nothing yet
    link.note_progress("a", 100)
    link.note_progress("b", 99)
    assert link.complete_until(100.3) == 99
    link.note_progress("b", 100)
    link.note_progress("b", 98)  # an old message
    assert link.complete_until(100.3) == 100
    assert link.complete_until(110.3) == 110.3 - MAX_LAG_S
    runner.clients.running.clear()
    assert link.complete_until(110.3) == 110.3


def test_a_master_merges_updates_and_notes_how_far_they_go() -> None:
    runner, link, recording = master_link("a")
    worker = make_recording()
    worker.recorder.add((START + 0.5, "", 20.0, 0, "GET /"))
    runner.receive(ROWS_MESSAGE, "a", take_update(worker, START + 1.2).to_message())
    assert link.complete_until(START + 2) == START + 1
    assert [row.ok for row in recording.recorder.take()] == [1]


def test_a_master_counts_what_is_no_update_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    runner, link, recording = master_link("a")
    runner.receive(ROWS_MESSAGE, "a", {**make_update(1).to_message(), "unrecorded": float("nan")})
    runner.receive(ROWS_MESSAGE, "a", None)
    assert (recording.refused_updates, len(caplog.messages), link.complete_until(START)) == (2, 1, START - MAX_LAG_S)
    let_pass(recording, NOW)
    runner.receive(ROWS_MESSAGE, "a", make_update(1).to_message())
    assert [row.t for row in recording.recorder.take()] == [1]


def test_a_master_waits_until_all_workers_have_finished() -> None:
    runner: Any = FakeRunner("a", "b")

    def sleep(_: float) -> None:
        runner.receive(FINISH_MESSAGE, "a" if len(runner.sent) == 1 else "b")
        runner.sent.append(("slept", None))

    MasterLink(runner, make_recording(), sleep).collect_last_updates()
    assert runner.sent == [(FINISH_MESSAGE, None), ("slept", None), ("slept", None)]


def test_a_master_does_not_wait_for_workers_that_are_gone(caplog: pytest.LogCaptureFixture) -> None:
    runner, link, _ = master_link("a")
    runner.clients.missing.append(runner.clients["a"])
    link.collect_last_updates()
    assert caplog.messages == ["The last second of a is missing from the results: the worker did not send it"]


def test_workers_that_sent_rows_and_are_gone_are_lost() -> None:
    runner, link, _ = master_link("a", "b", "c")
    for name in "abc":
        link.note_progress(name, START + 1)
    assert link.count_lost() == 0
    runner.clients.missing.append(runner.clients["a"])
    del runner.clients["b"]
    assert link.count_lost() == 2
    link.begin()
    assert link.count_lost() == 0


def test_the_workers_of_a_load_are_all_that_can_make_requests() -> None:
    runner, link, _ = master_link("a")
    runner.clients.ready.append(SimpleNamespace(id="b"))
    assert link.workers() == {"a", "b"}


@pytest.mark.parametrize(
    ("ahead_s", "messages"),
    [
        pytest.param(0.0, [], id="as the master's"),
        pytest.param(0.9, [], id="a little ahead"),
        pytest.param(120.0, ["is 120"], id="ahead"),
        pytest.param(-120.0, ["is 120"], id="behind"),
    ],
)
def test_the_times_of_a_worker_are_the_masters(
    ahead_s: float, messages: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    runner, link, master = master_link("a")
    worker = make_recording(START + ahead_s)
    rows: list[Row] = []
    failures: list[FailureRow] = []
    for second in range(5):
        at = START + ahead_s + second
        worker.recorder.add((at + 0.05, "connect_refused", 1.0, 0, "GET /"))
        worker.failure_counts.add(REFUSED, at + 0.05)
        worker.recorder.record_state(at + 0.05, 3)
        update = take_update(worker, at + 1)
        let_pass(master, START + second + 1)
        runner.receive(ROWS_MESSAGE, "a", replace(update, sent=at + 1).to_message())
        rows += master.recorder.take(START + second + 1)
        failures += master.failure_counts.rows()
    assert [(row.t, row.users, row.failed.total()) for row in rows] == [(second, 3, 1) for second in range(5)]
    assert sum(each.count for each in failures) == 5
    assert (failures[0].first_t, failures[-1].last_t) == (0, 4)
    assert link.complete_until(START + 5) == pytest.approx(START + 5, abs=1)
    assert [text.partition("'a' ")[2].partition(".")[0] for text in caplog.messages] == messages
    assert [row.clock_s or 0 for row in rows] == pytest.approx([abs(ahead_s) if messages else 0] * 5, abs=0.1)


def test_a_message_that_took_long_moves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    runner, _, master = master_link("a")
    let_pass(master, NOW)
    for second, sent_ago_s in enumerate((2.0, 0.0)):
        update = replace(make_update(second), sent=master.now() - sent_ago_s)
        runner.receive(ROWS_MESSAGE, "a", update.to_message())
    assert [(row.t, row.clock_s) for row in master.recorder.take()] == [(0, None), (1, None)]
    assert caplog.messages == []


def test_what_waits_for_a_certain_clock_is_merged_when_the_run_ends() -> None:
    runner, link, master = master_link("a")
    let_pass(master, NOW)
    runner.receive(ROWS_MESSAGE, "a", replace(make_update(1), sent=master.now() - 2).to_message())
    assert master.recorder.take() == []
    runner.clients.missing.append(runner.clients["a"])
    link.collect_last_updates()
    assert [(row.t, row.clock_s) for row in master.recorder.take()] == [(1, None)]


def test_a_later_run_estimates_the_clocks_anew(caplog: pytest.LogCaptureFixture) -> None:
    runner, link, master = master_link("a")
    for _ in range(2):
        update = replace(make_update(0), started=START + 60, sent=master.now() + 60)
        runner.receive(ROWS_MESSAGE, "a", update.to_message())
        link.begin()
    assert len(caplog.messages) == 2


@pytest.mark.parametrize("ahead_s", [0, 120, -120])
def test_what_a_worker_kept_of_an_earlier_run_is_left_out(ahead_s: int, caplog: pytest.LogCaptureFixture) -> None:
    runner, _, master = master_link("a")
    let_pass(master, START + 1)
    earlier = make_recording(START + ahead_s - 60)
    for second in (0, 10, 20, 60):  # the worker has not noticed that another run began
        at = START + ahead_s - 60 + second
        earlier.recorder.add((at + 0.5, "connect_refused", 1.0, 0, "GET /"))
        earlier.failure_counts.add(REFUSED, at + 0.5)
        update = replace(take_update(earlier, at + 1), sent=START + ahead_s + 1)
        runner.receive(ROWS_MESSAGE, "a", update.to_message())
    assert [(row.t, row.failed.total()) for row in master.recorder.take()] == [(0, 1)]
    assert [each.count for each in master.failure_counts.rows()] == [1]
    (message,) = (text for text in caplog.messages if "The clock of" not in text)
    assert message.startswith("Worker 'a' has sent what it recorded before this run began")
