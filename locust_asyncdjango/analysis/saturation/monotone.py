"""Where a quantity that rises with the load passes a limit: a monotone fit, and the interval of the place.

Start reading at ``find_crossing``. The fit is isotonic regression by pooling adjacent violators (Ayer et al., 1955):
the likeliest values that never fall. A pause or a chance failure at a low load is pooled with the loads above it, so
that it does not count as the place where the limit was passed.

The interval has all places that the data do not reject, by the likelihood ratio with and without the constraint that
the limit is passed there (Banerjee and Wellner, 2001). Its limiting distribution needs no estimate of the slope.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, log

LIKELIHOOD_LIMIT = 2.27
"""The 95 % quantile of the limiting distribution of twice the log likelihood ratio (Banerjee and Wellner, 2001)."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one load brought.

    count: the requests. total: the sum of their values, which for a share is how many of them violate a condition.
    """

    count: float
    total: float

    @property
    def mean(self) -> float:
        """Return the mean value, for a share the share itself."""
        return self.total / self.count

    def __add__(self, other: "Observation") -> "Observation":
        return Observation(self.count + other.count, self.total + other.total)


@dataclass(frozen=True, slots=True)
class Crossing:
    """Between which observations a limit is passed.

    at: how many observations, from the first, are within the limit. low, high: the fewest and the most that may be, by
    a 95 % interval. end: the observations from ``at`` to this one have the same fitted value.
    """

    at: int
    low: int
    high: int
    end: int


Likelihood = Callable[[Observation, float], float]
"""Returns the log likelihood of observations where the mean has a value, up to a constant."""


def share_likelihood(observed: Observation, share: float) -> float:
    """Return the log likelihood of a binomial count."""
    hits, misses = observed.total, observed.count - observed.total
    return _times_log(hits, share) + _times_log(misses, 1 - share)


def duration_likelihood(observed: Observation, mean: float) -> float:
    """Return the log likelihood of durations whose standard deviation is proportional to their mean (gamma)."""
    if mean <= 0:
        return 0.0 if observed.total <= 0 else -inf
    return -observed.count * log(mean) - observed.total / mean


def find_crossing(
    observations: Sequence[Observation],
    limit: float,
    likelihood: Likelihood,
    variance: Callable[[float], float],
    least_dispersion: float,
) -> Crossing:
    """Return where observations, which are in the order of their loads, pass a limit.

    variance: of a single value by the mean, as the likelihood assumes. least_dispersion: how many times as much it is
    at least; more is estimated from how the observations differ from the fit.
    """
    blocks = _pooled(observations)
    within = sum(size for size, block in blocks if block.mean <= limit)
    following = next((size for size, block in blocks if block.mean > limit), 0)
    dispersion = _dispersion(observations, blocks, variance, least_dispersion)
    best = sum(likelihood(block, block.mean) for _, block in blocks)
    before = _prefix_likelihoods(observations, likelihood, lambda mean: min(mean, limit))
    after = _prefix_likelihoods(
        [Observation(each.count, -each.total) for each in reversed(observations)],
        lambda block, mean: likelihood(Observation(block.count, -block.total), -mean),
        lambda mean: min(mean, -limit),
    )[::-1]
    slack = LIKELIHOOD_LIMIT * dispersion / 2
    possible = [n for n, pair in enumerate(zip(before, after, strict=True)) if best - sum(pair) <= slack]
    return Crossing(within, min(possible, default=within), max(possible, default=within), within + following)


def _times_log(count: float, share: float) -> float:
    if count <= 0:
        return 0.0
    return count * log(share) if share > 0 else -inf


def _pooled(observations: Sequence[Observation]) -> list[tuple[int, Observation]]:
    """Return blocks of neighbouring observations whose means rise, each with how many it pools."""
    blocks: list[tuple[int, Observation]] = []
    for each in observations:
        size, block = 1, each
        while blocks and blocks[-1][1].mean >= block.mean:
            earlier_size, earlier = blocks.pop()
            size, block = size + earlier_size, earlier + block
        blocks.append((size, block))
    return blocks


def _prefix_likelihoods(
    observations: Sequence[Observation], likelihood: Likelihood, constrain: Callable[[float], float]
) -> list[float]:
    """Return the log likelihood of the first n observations for each n from 0, each with a fit of its own.

    constrain: returns the fitted value of a mean.
    """
    blocks: list[tuple[Observation, float]] = []  # with the likelihood of all blocks up to this one
    likelihoods = [0.0]
    for each in observations:
        block = each
        while blocks and blocks[-1][0].mean >= block.mean:
            block = blocks.pop()[0] + block
        earlier = blocks[-1][1] if blocks else 0.0
        blocks.append((block, earlier + likelihood(block, constrain(block.mean))))
        likelihoods.append(blocks[-1][1])
    return likelihoods


def _dispersion(
    observations: Sequence[Observation],
    blocks: Sequence[tuple[int, Observation]],
    variance: Callable[[float], float],
    least: float,
) -> float:
    """Return how many times as much observations vary about the fit as single values would (Pearson)."""
    squares, freedom, begin = 0.0, 0, 0
    for size, block in blocks:
        spread = variance(block.mean)
        if spread > 0:
            members = observations[begin : begin + size]
            squares += sum((each.total - each.count * block.mean) ** 2 / (each.count * spread) for each in members)
            freedom += size - 1
        begin += size
    return max(squares / freedom, least) if freedom else least
