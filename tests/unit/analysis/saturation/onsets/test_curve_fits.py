"""Fits recover what was planted."""

from locust_asyncdjango.analysis.saturation.onsets.curve_fits import elasticity, fit_corner, fit_queue, rest_of_step


def test_the_corner_of_a_line_is_recovered() -> None:
    fit = fit_corner([(x, 10 + 2 * max(x - 20, 0), 1.0) for x in range(1, 61)])
    assert abs(fit.corner - 20) < 0.3
    assert (round(fit.level), round(fit.slope, 1)) == (10, 2.0)
    assert fit.low <= fit.corner <= fit.high
    assert fit.values([5.0, fit.corner + 10]) == [fit.level, fit.level + 10 * fit.slope]


def test_many_points_fit_as_their_means_do() -> None:
    noise = (0.9, 1.1, 1.0, 0.95, 1.05)
    line = [(x / 10, 10 + 2 * max(x / 10 - 20, 0)) for x in range(10, 610)]
    of_many = fit_corner([(x, y * factor, 1.0) for x, y in line for factor in noise])
    of_means = fit_corner([(x, y, 5.0) for x, y in line])
    assert of_many.corner == of_means.corner
    assert of_many.low <= of_means.low <= of_means.high <= of_many.high


def test_a_straight_line_has_no_corner() -> None:
    fit = fit_corner([(x, 10 + x, 1.0) for x in range(1, 61)])
    assert (fit.low, fit.f < 1) == (1, True)


def test_the_corner_of_a_queue_is_recovered() -> None:
    fit = fit_queue([(x, 10 * max(x / 20, 1.0), 1.0) for x in range(1, 61)])
    assert abs(fit.corner - 20) < 0.3
    assert fit.low <= fit.corner <= fit.high
    assert fit.values([5.0, 2 * fit.corner]) == [fit.level, 2 * fit.level]


def test_a_step_leaves_nothing() -> None:
    assert rest_of_step([(float(x), 5.0 if x < 7 else 9.0, 2.0) for x in range(20)]) < 1e-9


def test_the_elasticity_of_a_power_is_its_exponent() -> None:
    power = elasticity([(x, 3 * x**0.5, 1.0) for x in range(1, 20)])
    assert power is not None
    assert (round(power.value, 6), power.is_above(0.49), power.is_below(0.51)) == (0.5, True, True)
    assert elasticity([(7.0, 3.0, 1.0), (7.0, 4.0, 1.0)]) is None


def test_requests_that_differ_much_do_not_show_the_elasticity() -> None:
    points = [(x, 3.0 * x, 5.0) for x in range(1, 6)]
    sure, unsure = elasticity(points), elasticity(points, relative_variance=6.0)
    assert sure is not None
    assert unsure is not None
    assert (sure.value, sure.is_above(0.5)) == (unsure.value, True)
    assert not unsure.is_above(0.5)
