"""Orders of arms, balanced for carry-over: what one trial leaves behind for the next one must favour no arm.

An arm that fills the disk's cache or heats the processor changes the trial after it. In a Williams square each arm
follows each other arm equally often, so that all suffer alike: Williams, "Experimental designs balanced for the
estimation of residual effects of treatments", Australian Journal of Scientific Research 2 (1949). Start reading at
``balanced_orders``.
"""

Order = tuple[int, ...]
"""The numbers of the arms, from 0, in the order in which they run."""


def balanced_orders(arms: int) -> list[Order]:
    """Return orders which, run one after another and then from the beginning again, are balanced.

    arms: how many there are. Each arm follows each arm, itself included, equally often, if an arm 0 ran before the
    first order. Each order begins with the last arm of the order before, so that this holds between two orders too. For
    two arms these are two orders, otherwise two for each arm: two Williams squares, each arm once at each position of a
    square. The second order is the reverse of the first, so that a steady drift of the machine cancels in two orders.
    """
    if arms == 1:
        return [(0,)]
    forward = _forward_orders(arms)
    backward = [order[::-1] for order in forward]
    if arms == 2:
        return [*forward, *backward]
    return [forward[0], backward[0], *backward[:0:-1], *forward[1:]]


def _forward_orders(arms: int) -> list[Order]:
    """Return orders that each begin with the last arm of the one before, and that go through all arms so."""
    first = _zigzag(arms)
    if arms == 2:
        return [first]
    if arms % 2:
        return [_shifted(first, step * first[-1]) for step in range(arms)]
    # A square of an even number of arms leads from an arm to the one half the arms away, and from there back again. A
    # second square, in which the arms of the first half have changed places, leads on.
    half = arms // 2
    places = [*((arm + 1) % half for arm in range(half)), *range(half, arms)]
    orders = []
    for arm in range(half):
        there = _shifted(first, arm)
        orders += [there, tuple(places[each] for each in _shifted(first, there[-1]))]
    return orders


def _zigzag(arms: int) -> Order:
    """Return 0, 1, last, 2, last but one, ...: all differences of neighbours are different."""
    pairs = ((step, arms - step) for step in range(1, arms // 2 + 1))
    return tuple(dict.fromkeys([0, *(arm for pair in pairs for arm in pair)]))


def _shifted(order: Order, step: int) -> Order:
    return tuple((arm + step) % len(order) for arm in order)
