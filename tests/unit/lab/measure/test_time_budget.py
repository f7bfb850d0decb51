"""Whether another round fits into the time."""

from locust_asyncdjango.lab.measure.time_budget import TimeBudget


class FakeClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_rounds_fit_while_trials_as_long_as_those_before_end_in_time() -> None:
    clock = FakeClock()
    budget = TimeBudget(100.0, clock)
    assert budget.fits(50)  # nothing is known yet
    for took_s in (10.0, 20.0):
        clock.now_s += took_s
        budget.add(took_s)
    assert budget.used_s == 30.0
    assert (budget.fits(4), budget.fits(5)) == (True, False)


def test_what_an_earlier_run_took_counts() -> None:
    budget = TimeBudget(100.0, FakeClock())
    budget.add_earlier(0.0)
    assert budget.fits(50)
    budget.add_earlier(40.0)
    assert (budget.used_s, budget.fits(1), budget.fits(2)) == (40.0, True, False)


def test_what_was_spent_before_the_first_trial_counts() -> None:
    budget = TimeBudget(100.0, FakeClock(), 40.0)
    assert (budget.used_s, budget.fits(50)) == (40.0, True)
    budget.add(18.0)
    assert (budget.fits(3), budget.fits(4)) == (True, False)


def test_without_a_budget_everything_fits() -> None:
    budget = TimeBudget(None, FakeClock())
    budget.add(1e9)
    assert budget.fits(1000)
