"""The knee of throughput over users: the number of users from which more users do not bring more throughput.

Definitions
    points: those of ``saturation.load_points``: the whole seconds after the warm-up, each with the users that ran when
        its requests began.
    knee: the number of users at which two joined straight lines fit best (least squares). It is searched for up to the
        last ten seconds whose mean is nine tenths of the highest, because what follows is collapse. There is a knee if
        throughput rises before it, and after it by less than half as much per user. If throughput rises until it
        collapses, the collapse is included, down to the first second below half of the highest. Two lines must explain
        more than one line does, by a sup-F test at 1 % (Andrews, 1993), because noise makes one of many possible
        corners fit. Interval: 95 % of a wild bootstrap (Wu, 1986), whose signs are the same for some seconds because
        neighbouring seconds are correlated; it is at least as wide as the change of users in a second.
    confirmation: users stop bringing throughput because requests wait, or because they fail. So a slowdown or errors
        start near the knee. Otherwise a pause of the server, or a change of its speed, has stopped throughput.
    second opinion: Kneedle (Satopaa et al., Finding a "Kneedle" in a Haystack, 2011; the package kneed) on the same
        points, smoothed. If it is more than a quarter away and outside the interval, there is no clear knee.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from locust_asyncdjango.analysis.saturation import Onset, find_warm_up
from locust_asyncdjango.analysis.saturation.onsets.failures import find_breaking
from locust_asyncdjango.analysis.saturation.onsets.slowdown import find_rise
from locust_asyncdjango.lab.analysis.curve_points import Numbers, bootstrap_signs, climbs, throughput_points
from locust_asyncdjango.metrics.interval import Interval, full_intervals, largest_user_step
from locust_asyncdjango.metrics.plural import counted

CORNERS = 200
"""How many positions of the corner of two lines are tried."""
MIN_F = 13.0
"""Andrews' critical value at 1 % for one parameter, if the corner is searched for in nine tenths of the points."""
NEAR = 0.25
"""The share by which two numbers of users may differ and still count as the same."""
STILL_RISING = "throughput rises with users to the end: more users are needed to find where it stops"


@dataclass(frozen=True, slots=True)
class Knee:
    """The number of users from which more users do not bring more throughput.

    users, low, high: the knee and its interval, None without a clear knee. kneedle: the second opinion, None if it has
    none. why: both opinions, or why there is no knee. lines: users and successful requests per second at both ends of
    the two lines and at their corner.
    """

    users: int | None
    low: int | None
    high: int | None
    kneedle: int | None
    why: str
    lines: tuple[tuple[float, float], ...] = ()


def find_knee(intervals: Sequence[Interval]) -> Knee:
    """Return the knee of throughput over users, or the reason why there is none."""
    users, per_s = throughput_points(intervals)
    if not climbs(users):
        return _no_knee("users did not climb over enough different numbers")
    step = largest_user_step(full_intervals(intervals))
    knee = _no_knee("throughput collapses before a knee shows")
    before = _last_with(0.9, per_s)
    for end in dict.fromkeys((before, min(max(before, _last_with(0.5, per_s)) + 1, len(users)))):
        if climbs(users[:end]):
            knee = _knee_of_rise(users[:end], per_s[:end], step)
            if knee.why != STILL_RISING:
                break
    return _confirmed(knee, _load_onsets(intervals))


def _load_onsets(intervals: Sequence[Interval]) -> list[Onset]:
    """Return where latency or failures begin to rise with the users."""
    rise, broken = find_rise(intervals, find_warm_up(intervals)), find_breaking(intervals).onset
    slowdown = rise.onset if rise and not rise.is_with_time else None
    return [onset for onset in (slowdown, broken) if onset]


def _confirmed(knee: Knee, onsets: Sequence[Onset]) -> Knee:
    """Return the knee if one of the onsets is near it, or else none."""
    if knee.users is None or knee.low is None or knee.high is None:
        return knee
    for onset in onsets:
        if onset.low * (1 - NEAR) <= knee.high and knee.low <= onset.high * (1 + NEAR):
            return knee
    unexplained = "where neither a slowdown nor errors start: time may explain it, and not the users"
    return _no_knee(
        f"no clear knee: throughput stops to rise at {counted(knee.users, 'user')}, {unexplained}", knee.kneedle
    )


def _knee_of_rise(users: Numbers, per_s: Numbers, step: float) -> Knee:
    """Return the knee of points without a collapse. step: the largest change of users in a second."""
    fit = _two_lines(users, per_s)
    corner = fit.corner
    at_corner = fit.intercept + fit.slope * corner
    if fit.slope * (corner - users.min()) < NEAR * at_corner:
        return _no_knee("throughput does not rise with users: it is as high with the first users")
    if fit.slope_after > fit.slope / 2 or fit.f < MIN_F:
        return _no_knee(STILL_RISING)
    low, high = max(fit.low - step, 0), fit.high + step
    second = _kneedle(users, per_s)
    opinion = (
        f"two lines meet at {counted(f'{corner:.0f}', 'user')}, Kneedle says {'none' if second is None else second}"
    )
    if second is None or (abs(second - corner) > NEAR * corner and not low <= second <= high):
        return _no_knee(f"no clear knee: {opinion}", second)
    if high - low > 2 * (NEAR * corner + step):
        return _no_knee(f"no clear knee: it may be anywhere from {low:.0f} to {high:.0f} users", second)
    first, last = float(users[0]), float(users[-1])
    lines = (
        (first, fit.intercept + fit.slope * first),
        (corner, at_corner),
        (last, at_corner + fit.slope_after * (last - corner)),
    )
    return Knee(round(corner), round(low), round(high), second, opinion, lines)


def _no_knee(why: str, kneedle: int | None = None) -> Knee:
    return Knee(None, None, None, kneedle, why)


def _last_with(share: float, per_s: Numbers) -> int:
    """Return the number of points up to the last one whose throughput is at least this share of the highest."""
    means = _smoothed(per_s, min(10, len(per_s) // 4))
    return int(np.flatnonzero(means >= share * means.max())[-1]) + 1


def _smoothed(values: Numbers, width: int) -> Numbers:
    """Return moving means over this many neighbours, over fewer at both ends."""
    ones = np.ones(min(width, len(values)))
    smoothed: Numbers = np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")
    return smoothed


class _TwoLines(NamedTuple):
    """Two lines that meet at a corner, the corner's interval, and the F statistic against one line."""

    corner: float
    intercept: float
    slope: float
    slope_after: float
    low: float
    high: float
    f: float


def _two_lines(users: Numbers, per_s: Numbers) -> _TwoLines:
    edge = max(len(users) // 20, 2)
    corners = np.linspace(users[edge], users[-1 - edge], CORNERS)
    shapes = [np.column_stack([np.ones_like(users), users, np.maximum(users - corner, 0)]) for corner in corners]
    bases = [np.linalg.qr(shape)[0] for shape in shapes]

    def best(values: Numbers) -> NDArray[np.intp]:
        # For each row of values: the corner whose two lines explain most of its variance.
        index: NDArray[np.intp] = np.array([((values @ basis) ** 2).sum(axis=1) for basis in bases]).argmax(axis=0)
        return index

    chosen = int(best(per_s[np.newaxis])[0])
    intercept, slope, change = np.linalg.lstsq(shapes[chosen], per_s)[0]
    fitted = shapes[chosen] @ np.array([intercept, slope, change])
    signs = bootstrap_signs(len(users))
    # The residuals are smaller than the noise because three numbers and a corner were fitted.
    residuals = (per_s - fitted) * np.sqrt(len(users) / (len(users) - 4))
    low, high = np.percentile(corners[best(fitted + residuals * signs)], [2.5, 97.5])
    one_line = np.polynomial.Polynomial.fit(users, per_s, 1)(users)
    residual_squares = max(float(((per_s - fitted) ** 2).sum()), 1e-12)
    f = (float(((per_s - one_line) ** 2).sum()) - residual_squares) / (residual_squares / (len(users) - 4))
    corner = float(corners[chosen])
    return _TwoLines(corner, float(intercept), float(slope), float(slope + change), float(low), float(high), f)


def _kneedle(users: Numbers, per_s: Numbers) -> int | None:
    from kneed import KneeLocator  # it loads scipy.signal, which takes a second, and few runs get here

    levels, which = np.unique(users, return_inverse=True)
    means = np.bincount(which, weights=per_s) / np.bincount(which)
    smoothed = np.maximum.accumulate(_smoothed(means, max(len(levels) // 5, 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # kneed warns if there is no knee
        locator = KneeLocator(levels, smoothed, curve="concave", direction="increasing", online=True)
    # Take the knee that stands out most: the first one may be noise.
    heights = dict(zip(locator.x, locator.y_difference, strict=True))
    return round(float(max(locator.all_knees, key=heights.__getitem__))) if locator.all_knees else None
