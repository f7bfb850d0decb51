"""Orders of arms that are balanced for carry-over."""

from collections import Counter
from itertools import chain, pairwise

import pytest

from locust_asyncdjango.lab.experiment.schedule.orders import balanced_orders


def test_two_arms_have_two_orders_and_three_have_two_squares() -> None:
    assert balanced_orders(1) == [(0,)]
    assert balanced_orders(2) == [(0, 1), (1, 0)]
    assert balanced_orders(3) == [(0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2), (2, 0, 1), (1, 2, 0)]


@pytest.mark.parametrize("arms", range(2, 15))
def test_each_arm_follows_each_arm_equally_often(arms: int) -> None:
    orders = balanced_orders(arms)
    follows = Counter(pairwise((0, *chain.from_iterable(orders))))
    assert len(orders) == (2 if arms == 2 else 2 * arms)
    assert follows == {(before, arm): len(orders) / arms for before in range(arms) for arm in range(arms)}


@pytest.mark.parametrize("arms", range(2, 15))
def test_each_arm_is_at_each_position_equally_often(arms: int) -> None:
    orders = balanced_orders(arms)
    positions = Counter(chain.from_iterable(map(enumerate, orders)))
    assert positions == {(place, arm): len(orders) / arms for place in range(arms) for arm in range(arms)}
    assert orders[1] == orders[0][::-1]
