"""A discrete-event model of users in a closed loop and a server, whose saturation point is known.

``simulate(server, load, seed)`` returns the series of a run, made by the project's own Recorder and Series. A user
sends a request, waits for its response, thinks, and sends the next one. A server works on as many requests at once as
it has slots; the others wait in the order of their arrival. In its slot a request first needs ``cpu`` (seconds of a
processor, which all requests share equally) and then ``service`` (seconds of waiting, which disturb no other request).

The truth: with a constant service time S, C slots and no think time, requests queue from C + 1 users on. With P
processors, D seconds of ``cpu`` and S of ``service``, throughput is bounded by P / D, and requests queue from about
P (D + S) / D users on.

What disturbs a measurement is planted: ``speed`` makes the whole server faster or slower for a while (a pause is a
speed of 0), ``fails`` lets requests fail, by chance or by the number of requests in flight.
"""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.series_file import Series

Draw = Callable[[Random], float]
"""Returns seconds, drawn by chance."""

Speed = Callable[[float], float]
"""Returns how fast a server works at a second of the run: 1 as planned, 0.5 half as fast, 0 not at all."""

Failure = Callable[[Random, int], str]
"""Called for each request that arrives, with the requests in flight, this one included; returns the failure kind of its
response, "" for a success. A failure takes as long as a success."""

SPEED_STEP_S = 0.05
"""For how long a speed stays the same."""
SEND_S = 0.0005
"""How long a generator takes from a response to the user's next request."""
RESPONSE_BYTES = 100
CPU_PERCENT = 20.0
"""The processor time of the generator that is recorded: it is not at its limit."""


def constant(seconds: float) -> Draw:
    """Return a duration without noise."""
    return lambda _: seconds


def lognormal(mean_s: float, sigma: float) -> Draw:
    """Return a log-normal duration. sigma: of its logarithm; 0.1 is noise of 10 %, 1 has a long tail."""
    return lambda chance: mean_s * chance.lognormvariate(-sigma * sigma / 2, sigma)


def exponential(mean_s: float) -> Draw:
    """Return an exponential duration, whose standard deviation is its mean."""
    return lambda chance: chance.expovariate(1 / mean_s)


def bimodal(mean_s: float, slow_share: float, ratio: float) -> Draw:
    """Return a duration of two sorts of requests. ratio: how many times as long the slow ones take."""
    fast_s = mean_s / (1 - slow_share + slow_share * ratio)
    return lambda chance: fast_s * (ratio if chance.random() < slow_share else 1.0)


def steady(_t: float) -> float:
    """Work as fast as planned all the time."""
    return 1.0


def pauses(*between: tuple[float, float]) -> Speed:
    """Return the speed of a server that stops. between: first and last second of each pause."""
    return lambda t: 0.0 if any(begin <= t < end for begin, end in between) else 1.0


def slower_from(begin_s: float, factor: float) -> Speed:
    """Return the speed of a machine with a neighbour: from a second on, everything takes ``factor`` times as long."""
    return lambda t: 1 / factor if t >= begin_s else 1.0


def drifting(length_s: float, factor: float) -> Speed:
    """Return the speed of a server that slows down with time: at the end everything takes ``factor`` times as long."""
    return lambda t: 1 / (1 + (factor - 1) * t / length_s)


def cycling(period_s: float, share: float) -> Speed:
    """Return the speed of a daily cycle: everything takes 1 + share x sin times as long. share: may be negative."""
    return lambda t: 1 / (1 + share * math.sin(2 * math.pi * t / period_s))


def warming_up(factor: float, decay_s: float) -> Speed:
    """Return the speed of a server whose first requests take ``1 + factor`` times as long, less and less."""
    return lambda t: 1 / (1 + factor * math.exp(-t / decay_s))


def never_fails(_chance: Random, _in_flight: int) -> str:
    """Answer each request with success."""
    return ""


def fails_by_chance(share: float, kind: str = "http_5xx") -> Failure:
    """Return failures at any load. share: of the requests, from 0 to 1."""
    return lambda chance, _: kind if chance.random() < share else ""


def fails_beyond(in_flight: int, share: float = 1.0, kind: str = "db_too_many_clients", base: float = 0.0) -> Failure:
    """Return failures of a server that breaks: of requests that arrive while more than so many are in flight.

    share: of these requests. base: the share of all other requests that fail.
    """

    def fails(chance: Random, now: int) -> str:
        return kind if chance.random() < (share if now > in_flight else base) else ""

    return fails


@dataclass(frozen=True, slots=True)
class Server:
    """A server.

    service: seconds of waiting within the slot. slots: requests that it works on at once; 0 for unbounded. cpu: seconds
    of a processor that a request needs; None for none. processors: that the requests share. speed, fails: disturbances.
    """

    service: Draw
    slots: int = 0
    cpu: Draw | None = None
    processors: int = 1
    speed: Speed = steady
    fails: Failure = never_fails


@dataclass(frozen=True, slots=True)
class Load:
    """Users of a run.

    users: how many run at the end of each second, as the load shape wants it; its length is that of the run.
    think: seconds that a user waits between a response and the next request. timeout_s: a user gives up after so many
    seconds: a failure of kind ``timeout``. The server works on such a request all the same.
    """

    users: Sequence[int]
    think: Draw = field(default=constant(SEND_S))
    timeout_s: float = math.inf


def ramp(per_s: float, peak: int, length_s: int, down_s: int = 0) -> Load:
    """Return a load that climbs by ``per_s`` users a second to its peak and stays there.

    length_s: of the whole run. down_s: in its last seconds the users leave again, the same number in each.
    """
    climbing = [min(peak, round(per_s * (t + 1))) for t in range(length_s - down_s)]
    return Load((*climbing, *(round(climbing[-1] * (down_s - t - 1) / down_s) for t in range(down_s))))


def simulate(server: Server, load: Load, seed: int = 0) -> Series:
    """Return the series of one run."""
    return _Run(server, load, Random(seed)).series()  # noqa: S311


class _Clock:
    """How much a server could have done since the start of a run, in seconds of its planned speed."""

    def __init__(self, speed: Speed, length_s: float) -> None:
        self._is_steady = speed is steady
        self._done = [0.0]
        if not self._is_steady:
            for n in range(math.ceil(length_s / SPEED_STEP_S) + 1):
                self._done.append(self._done[-1] + speed((n + 0.5) * SPEED_STEP_S) * SPEED_STEP_S)

    def done_at(self, t: float) -> float:
        """Return the work that could be done until second t."""
        if self._is_steady:
            return t
        step = min(int(t / SPEED_STEP_S), len(self._done) - 2)
        return self._done[step] + (self._done[step + 1] - self._done[step]) * (t / SPEED_STEP_S - step)

    def time_of(self, done: float) -> float:
        """Return when so much work is done; infinite where that is after the run."""
        if self._is_steady:
            return done
        step = bisect_right(self._done, done) - 1
        if step >= len(self._done) - 1:
            return math.inf
        return SPEED_STEP_S * (step + (done - self._done[step]) / (self._done[step + 1] - self._done[step]))


@dataclass(slots=True, eq=False)
class _Request:
    user: int
    began_s: float
    kind: str


class _Processors:
    """Processors that all requests share equally: each gets as much of one as any other, and at most one whole."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._share = self._updated = 0.0
        """The work done for each request that has been there all the time, and until when, by the server's clock."""
        self._ends: list[tuple[float, int, _Request]] = []
        self.version = 0
        """Changes whenever the next request to end, or when it ends, does."""

    def add(self, now: float, work: float, order: int, request: _Request) -> None:
        """Begin to work on a request."""
        self._update(now)
        heappush(self._ends, (self._share + work, order, request))

    def next_end(self, now: float) -> float:
        """Return when the next request is done, by the server's clock; infinite without one."""
        if not self._ends:
            return math.inf
        return now + max(self._ends[0][0] - self._share, 0.0) / self._rate()

    def pop(self, now: float) -> _Request:
        """Return the request that is done."""
        self._update(now)
        return heappop(self._ends)[2]

    def _rate(self) -> float:
        return min(1.0, self._count / len(self._ends))

    def _update(self, now: float) -> None:
        if self._ends:
            self._share += (now - self._updated) * self._rate()
        self._updated = now
        self.version += 1


class _Run:
    """The state of one run: what happens next, who waits, and what was recorded."""

    def __init__(self, server: Server, load: Load, chance: Random) -> None:
        self._server, self._load, self._chance = server, load, chance
        self._length_s = len(load.users)
        self._clock = _Clock(server.speed, self._length_s)
        self._processors = _Processors(server.processors)
        self._recorder = Recorder(0.0)
        self._events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self._order = self._running = 0
        self._waiting: deque[_Request] = deque()
        self._in_slots = 0
        self._in_flight: dict[int, _Request] = {}
        """The request of each user, until the user has its response or gives up."""

    def series(self) -> Series:
        """Return what was recorded of the whole run."""
        for second in range(self._length_s):
            self._at(second, self._begin_second, second)
        while self._events:
            t, _, happen, arguments = heappop(self._events)
            if t >= self._length_s:
                break
            happen(t, *arguments)
        if self._in_flight:
            longest_s = self._length_s - min(request.began_s for request in self._in_flight.values())
            self._recorder.add_in_flight(self._length_s - 0.001, len(self._in_flight), longest_s)
        return Series.from_rows({}, self._recorder.take())

    def _at(self, t: float, happen: Callable[..., None], *arguments: object) -> None:
        self._order += 1
        if t < math.inf:
            heappush(self._events, (t, self._order, happen, arguments))

    def _begin_second(self, now: float, t: int) -> None:
        """Start or stop users, spread over the second, as Locust does."""
        users = self._load.users[t]
        for n in range(self._running, users):
            self._at(now + (n - self._running) / (users - self._running), self._send, n)
        for user in range(users, self._running):
            self._in_flight.pop(user, None)
        self._running = users
        self._recorder.record_state(t + 0.999, users, CPU_PERCENT)

    def _send(self, now: float, user: int) -> None:
        if user >= self._running or user in self._in_flight:
            return
        kind = self._server.fails(self._chance, len(self._in_flight) + 1)
        request = self._in_flight[user] = _Request(user, now, kind)
        if self._load.timeout_s < math.inf:
            self._at(now + self._load.timeout_s, self._give_up, request)
        if self._server.slots and self._in_slots >= self._server.slots:
            self._waiting.append(request)
        else:
            self._begin(now, request)

    def _begin(self, now: float, request: _Request) -> None:
        self._in_slots += 1
        if self._server.cpu is None:
            self._wait(now, request)
            return
        self._processors.add(self._clock.done_at(now), self._server.cpu(self._chance), self._order, request)
        self._await_processors(now)

    def _await_processors(self, now: float) -> None:
        end = self._clock.time_of(self._processors.next_end(self._clock.done_at(now)))
        self._at(end, self._leave_processors, self._processors.version)

    def _leave_processors(self, now: float, version: int) -> None:
        if version != self._processors.version:
            return
        request = self._processors.pop(self._clock.done_at(now))
        self._await_processors(now)
        self._wait(now, request)

    def _wait(self, now: float, request: _Request) -> None:
        work = self._server.service(self._chance)
        self._at(self._clock.time_of(self._clock.done_at(now) + work), self._respond, request)

    def _respond(self, now: float, request: _Request) -> None:
        self._in_slots -= 1
        if self._waiting:
            self._begin(now, self._waiting.popleft())
        self._end(now, request, request.kind)

    def _give_up(self, now: float, request: _Request) -> None:
        self._end(now, request, "timeout")

    def _end(self, now: float, request: _Request, kind: str) -> None:
        if self._in_flight.get(request.user) is not request:  # its user was stopped, or gave up
            return
        del self._in_flight[request.user]
        self._recorder.add((now, kind, (now - request.began_s) * 1000, RESPONSE_BYTES, "GET /"))
        self._at(now + self._load.think(self._chance), self._send, request.user)
