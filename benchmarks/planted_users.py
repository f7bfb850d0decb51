"""What planted.py loads its sites with: users climb steadily from none to PLANTED_PEAK in PLANTED_CLIMB_S seconds."""

import os

from locust import LoadTestShape, task

from locust_asyncdjango import FastUser, plugin

plugin.register()

PEAK = int(os.environ["PLANTED_PEAK"])
CLIMB_S = float(os.environ["PLANTED_CLIMB_S"])


class Asking(FastUser):
    """Asks again as soon as it is answered."""

    @task
    def ask(self) -> None:
        """One GET."""
        self.client.get("/")


class Climb(LoadTestShape):
    """The target follows from the time alone; at the top the run ends."""

    def tick(self) -> tuple[int, float] | None:
        """Users wanted now and the rate to get there, or None when the time is over."""
        elapsed = self.get_run_time()  # type: ignore[no-untyped-call]
        if elapsed >= CLIMB_S:
            return None
        rate = PEAK / CLIMB_S
        target = min(PEAK, max(1, int(rate * (elapsed + 1))))
        running = self.get_current_user_count()  # type: ignore[no-untyped-call]
        return target, max(rate, float(target - running))
