"""What an experiment can find before it is run."""

import pytest

from locust_asyncdjango.lab.analysis.comparison.planning import (
    repeats_for,
    run_noise_to_spread,
    smallest_difference,
)

SPREAD = run_noise_to_spread(0.05)


def test_the_smallest_difference_shrinks_with_repeats() -> None:
    differences = [smallest_difference(SPREAD, repeats, 2) for repeats in (1, 2, 4, 6)]
    assert differences[0] is None
    assert [round(each, 2) for each in differences[1:] if each] == [1.12, 0.14, 0.10]


def test_what_shares_the_error_makes_the_smallest_difference_larger() -> None:
    least = smallest_difference(SPREAD, 4, 2)
    assert least is not None
    for more in (smallest_difference(SPREAD, 4, 2, subjects=3), smallest_difference(SPREAD, 4, 2, looks=3)):
        assert more is not None
        assert more > 1.2 * least


@pytest.mark.parametrize(("difference", "repeats"), [(0.15, 4), (0.05, 18), (0.001, None)])
def test_repeats_that_a_difference_takes(difference: float, repeats: int | None) -> None:
    assert repeats_for(difference, SPREAD, 2) == repeats
    if repeats:
        enough, too_few = (smallest_difference(SPREAD, n, 2) for n in (repeats, repeats - 1))
        assert enough is not None
        assert too_few is not None
        assert enough <= difference < too_few
