"""What is fitted to a run: the knee of throughput over users, the Universal Scalability Law, and Little's law.

Definitions
    points: those of ``saturation.points``: whole seconds behind the warm-up, over the users that their requests met.
    knee: the users where two joined straight lines fit best (least squares), looked for up to the last ten seconds
        whose mean is nine tenths of the highest, since what comes behind is collapse. There is one if throughput rises
        before it, and behind it by less than half as much a user. If it rises until it collapses, the collapse is
        looked at too, down to the first second below half of the highest. It has to explain more than one line does, by
        a sup-F test at 1 % (Andrews, 1993), since among many corners noise makes one fit. Interval: 95 % of a wild
        bootstrap (Wu, 1986), whose signs stay the same for some seconds since neighbouring seconds are alike, and not
        less than the users change in a second.
    second opinion: Kneedle (Satopaa et al., Finding a "Kneedle" in a Haystack, 2011; the package kneed) on the same
        points, smoothed. Where it is more than a quarter away and outside the interval, there is no clear knee.
    scalability: Gunther's Universal Scalability Law, X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)) (Guerrilla
        Capacity Planning, 2007), of the seconds before the first failure. Its users at peak are sqrt((1 - sigma) /
        kappa). It is refused below an R2 of 0.9.
    Little's law (1961): users = throughput x latency of all requests, if users ask again as soon as they are answered.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from kneed import KneeLocator
from numpy.typing import NDArray
from scipy.optimize import curve_fit

from locust_asyncdjango.analysis.generator_health import BUSY_CPU
from locust_asyncdjango.analysis.saturation import load_points
from locust_asyncdjango.metrics.interval import Interval, full_intervals, largest_user_step

Numbers = NDArray[np.float64]

FEWEST_POINTS = 12
CORNERS = 200
SAMPLES = 500
"""Of a bootstrap."""
LEAST_F = 13.0
"""Andrews' critical value at 1 % for one parameter, where the corner is looked for in nine tenths of the points."""
BLOCK_S = 3
"""For which signs of the bootstrap stay the same."""
NEAR = 0.25
"""What counts as the same number of users, as a share."""
FEWEST_R2 = 0.9


RISES = "throughput rises with users to the end: more users are needed to find where it stops"


@dataclass(frozen=True, slots=True)
class Knee:
    """From where on more users bring no more. users, low, high: None where there is no clear knee; why: why not."""

    users: int | None
    low: int | None
    high: int | None
    kneedle: int | None
    why: str
    lines: tuple[tuple[float, float], ...] = ()
    """Users and successful requests a second at both ends of the two lines, and where they meet."""


@dataclass(frozen=True, slots=True)
class Scalability:
    """The Universal Scalability Law's parameters, and the users at its peak with an interval; None where refused.

    per_s_of_one: lambda. contention: sigma. coherency: kappa.
    """

    per_s_of_one: float
    contention: float
    coherency: float
    r2: float
    peak_users: int | None
    low: int | None
    high: int | None
    why: str

    def per_s(self, users: Numbers) -> Numbers:
        """Successful requests a second that it expects."""
        return _usl(users, self.per_s_of_one, self.contention, self.coherency)


@dataclass(frozen=True, slots=True)
class LittlesLaw:
    """Requests in flight for each user: 1 by Little's law.

    pause_ms: of a user between two requests. generator_bound: whether it is the generator that makes users wait.
    """

    ratio: float
    low: float
    high: float
    pause_ms: float
    holds: bool
    generator_bound: bool
    why: str


@dataclass(frozen=True, slots=True)
class RunFits:
    """All of them; None where nothing was answered."""

    knee: Knee
    scalability: Scalability | None
    little: LittlesLaw | None


def fits(seconds: Sequence[Interval]) -> RunFits:
    """What is fitted to a run's seconds."""
    return RunFits(knee(seconds), scalability(seconds), little(seconds))


def knee(seconds: Sequence[Interval]) -> Knee:
    """The knee of throughput over users."""
    users, per_s = _points(seconds)
    if not _climbs(users):
        return _no_knee("users did not climb over enough different numbers")
    step = largest_user_step(full_intervals(seconds))
    found = _no_knee("throughput collapses before a knee can be seen")
    before = _last_with(0.9, per_s)
    for end in dict.fromkeys((before, min(max(before, _last_with(0.5, per_s)) + 1, len(users)))):
        if _climbs(users[:end]):
            found = _knee_of(users[:end], per_s[:end], step)
            if found.why != RISES:
                break
    return found


def _knee_of(users: Numbers, per_s: Numbers, step: float) -> Knee:
    """step: by which users change in a second."""
    corner, before, behind, low, high, significance = _two_lines(users, per_s)
    at_corner = float(before[0] + before[1] * corner)
    risen = before[1] * (corner - users.min())
    if risen < NEAR * at_corner:
        return _no_knee("throughput does not rise with users: it is as high from the first on")
    if behind > before[1] / 2 or significance < LEAST_F:
        return _no_knee(RISES)
    low, high = max(low - step, 0), high + step
    second = _kneedle(users, per_s)
    opinion = f"two lines meet at {corner:.0f} users, Kneedle says {'none' if second is None else second}"
    if second is None or (abs(second - corner) > NEAR * corner and not low <= second <= high):
        return _no_knee(f"no clear knee: {opinion}", second)
    if high - low > 2 * (NEAR * corner + step):
        return _no_knee(f"no clear knee: it may lie anywhere from {low:.0f} to {high:.0f} users", second)
    lines = (
        (float(users[0]), float(before[0] + before[1] * users[0])),
        (corner, at_corner),
        (float(users[-1]), at_corner + behind * (float(users[-1]) - corner)),
    )
    return Knee(round(corner), round(low), round(high), second, opinion, lines)


def _no_knee(why: str, kneedle: int | None = None) -> Knee:
    return Knee(None, None, None, kneedle, why)


def _points(seconds: Sequence[Interval]) -> tuple[Numbers, Numbers]:
    found = load_points(seconds)
    users = np.array([met for met, _ in found])
    per_s = np.array([second.ok / second.length for _, second in found])
    order = np.argsort(users, kind="stable")
    return users[order], per_s[order]


def _climbs(users: Numbers) -> bool:
    return len(users) >= FEWEST_POINTS and len(np.unique(users)) >= FEWEST_POINTS and users.max() > 2 * users.min()


def _last_with(share: float, per_s: Numbers) -> int:
    """How many points it takes to the last at which throughput is such a share of the highest."""
    means = _smoothed(per_s, min(10, len(per_s) // 4))
    return int(np.flatnonzero(means >= share * means.max())[-1]) + 1


def _smoothed(values: Numbers, width: int) -> Numbers:
    """Means of as many neighbours; of those that there are at the ends."""
    ones = np.ones(min(width, len(values)))
    smoothed: Numbers = np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")
    return smoothed


def _two_lines(users: Numbers, per_s: Numbers) -> tuple[float, Numbers, float, float, float, float]:
    """The corner, intercept and slope before it, the slope behind it, the corner's interval, and F against one line."""
    edge = max(len(users) // 20, 2)
    corners = np.linspace(users[edge], users[-1 - edge], CORNERS)
    shapes = [np.column_stack([np.ones_like(users), users, np.maximum(users - corner, 0)]) for corner in corners]
    bases = [np.linalg.qr(shape)[0] for shape in shapes]

    def best(values: Numbers) -> NDArray[np.intp]:
        # Of each row of values: the corner whose lines explain most of it.
        found: NDArray[np.intp] = np.array([((values @ basis) ** 2).sum(axis=1) for basis in bases]).argmax(axis=0)
        return found

    found = int(best(per_s[np.newaxis])[0])
    intercept, slope, change = np.linalg.lstsq(shapes[found], per_s)[0]
    fitted = shapes[found] @ np.array([intercept, slope, change])
    signs = _signs(len(users))
    # Residuals of three fitted numbers and a corner are smaller than the noise.
    residuals = (per_s - fitted) * np.sqrt(len(users) / (len(users) - 4))
    low, high = np.percentile(corners[best(fitted + residuals * signs)], [2.5, 97.5])
    one_line = np.polynomial.Polynomial.fit(users, per_s, 1)(users)
    left = max(float(((per_s - fitted) ** 2).sum()), 1e-12)
    significance = (float(((per_s - one_line) ** 2).sum()) - left) / (left / (len(users) - 4))
    before = np.array([intercept, slope])
    return float(corners[found]), before, float(slope + change), float(low), float(high), significance


def _signs(length: int, samples: int = SAMPLES) -> Numbers:
    """Of a wild bootstrap: the same for a block of seconds. The same each time, so that a report can be made again."""
    chance = np.random.default_rng(0)
    blocks = chance.choice([-1.0, 1.0], size=(samples, length // BLOCK_S + 1))
    return np.repeat(blocks, BLOCK_S, axis=1)[:, :length]


def _kneedle(users: Numbers, per_s: Numbers) -> int | None:
    levels, which = np.unique(users, return_inverse=True)
    means = np.bincount(which, weights=per_s) / np.bincount(which)
    smoothed = np.maximum.accumulate(_smoothed(means, max(len(levels) // 5, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there is none
        found = KneeLocator(levels, smoothed, curve="concave", direction="increasing", online=True)
    # Of all knees the one that stands out most; its first one may be noise.
    heights = dict(zip(found.x, found.y_difference, strict=True))
    return round(float(max(found.all_knees, key=heights.__getitem__))) if found.all_knees else None


def _usl(users: Numbers, per_s_of_one: float, contention: float, coherency: float) -> Numbers:
    more = users - 1
    return per_s_of_one * users / (1 + contention * more + coherency * users * more)


def scalability(seconds: Sequence[Interval]) -> Scalability | None:
    """The Universal Scalability Law; None where there is too little to fit it to."""
    failed = next((second.t for second in seconds if second.failed), None)
    users, per_s = _points([second for second in seconds if failed is None or second.t <= failed])
    if not _climbs(users) or not per_s.any():
        return None

    def fitted(values: Numbers, start: Sequence[float] | Numbers) -> Numbers:
        bounds = ([0, 0, 0], [np.inf, 1, 1])
        found: Numbers = curve_fit(_usl, users, values, p0=start, bounds=bounds, max_nfev=2000)[0]
        return found

    first = max(float(np.median(per_s[:5] / users[:5])), 1e-9)
    try:
        parameters = fitted(per_s, [first, 0.01, 1e-5])
        expected = _usl(users, *parameters)
        residuals = per_s - expected
        samples = [fitted(expected + residuals * signs, parameters) for signs in _signs(len(users), SAMPLES // 5)]
    except RuntimeError:  # it does not converge
        return None
    r2 = 1 - float((residuals**2).sum() / max(((per_s - per_s.mean()) ** 2).sum(), 1e-12))
    peak = _users_at_peak(parameters)
    low, high = np.percentile([_users_at_peak(sample) for sample in samples], [2.5, 97.5])
    why = ""
    if r2 < FEWEST_R2:
        why = f"refused: it explains too little of this run (R2 {r2:.2f})"
    elif peak > 2 * users.max():
        why = f"its peak lies beyond what was measured ({users.max():.0f} users)"
    users_at_peak, at_least, at_most = (None if why else round(min(value, 1e9)) for value in (peak, low, high))
    per_s_of_one, contention, coherency = map(float, parameters)
    return Scalability(per_s_of_one, contention, coherency, r2, users_at_peak, at_least, at_most, why)


def _users_at_peak(parameters: Numbers) -> float:
    _, contention, coherency = parameters
    return float(np.sqrt((1 - contention) / max(coherency, 1e-18)))


def little(seconds: Sequence[Interval]) -> LittlesLaw | None:
    """Whether users = throughput x latency; None where nothing was answered, or requests have waited for users."""
    if any(second.late for second in seconds):
        return None
    found = load_points(seconds)
    kept = [second for _, second in found]
    busy = np.array([second.busy_s for second in kept])
    users = np.array([met * second.length for met, second in found])
    requests = sum(second.ok + second.failures for second in kept)
    if not requests or not users.any():
        return None
    ratio = float(busy.sum() / users.sum())
    # Blocks of seconds, drawn with replacement.
    size = max(len(kept) // 20, 1)
    starts = np.random.default_rng(0).integers(0, len(kept), (SAMPLES, -(-len(kept) // size)))
    drawn = (starts[:, :, np.newaxis] + np.arange(size)).reshape(SAMPLES, -1) % len(kept)
    low, high = np.percentile(busy[drawn].sum(axis=1) / users[drawn].sum(axis=1), [2.5, 97.5])
    pause_ms = max(float(users.sum() - busy.sum()), 0) / requests * 1000
    cpu = float(np.median([second.cpu for second in kept]))
    holds = abs(ratio - 1) <= 0.1
    bound = not holds and ratio < 1 and cpu >= BUSY_CPU
    why = _why(ratio, holds, bound, pause_ms, cpu)
    return LittlesLaw(ratio, float(low), float(high), pause_ms, holds, bound, why)


def _why(ratio: float, holds: bool, bound: bool, pause_ms: float, cpu: float) -> str:
    if holds:
        return "users are always waiting for an answer, as they should"
    if ratio > 1:
        return "more is in flight than there are users: users ask in parallel, or rows of a worker's users are missing"
    if bound:
        return (
            f"the generator is the limit: its processor is busy to {cpu:.0f} %, and a user waits {pause_ms:.0f} ms "
            "between two requests; use more workers (--processes -1)"
        )
    return (
        f"users pause {pause_ms:.0f} ms between two requests: their wait_time, other work of theirs, or requests that "
        "were not recorded"
    )
