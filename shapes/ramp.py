"""Ramps: users climb at a steady rate to a cap and stay there until the time is over."""

from typing import ClassVar

from locust import LoadTestShape


class RampTo500(LoadTestShape):
    """5 users, 5 more every second up to 500, 3 minutes in all.

    ``-u``, ``-r`` and ``-t`` override the cap (users), the rate (users a second) and the length (seconds).
    """

    abstract = True
    use_common_options = True

    users: ClassVar[int] = 500
    spawn_rate: ClassVar[float] = 5.0
    run_time: ClassVar[float] = 180.0

    def tick(self) -> tuple[int, float] | None:
        """Users wanted now and the rate to get there, or None when the time is over.

        The target follows from the time alone. A master does not call while it is busy spawning; what it missed then
        is made up at its next call, hence a rate above the ramp's own when users are lacking.
        """
        cap, rate, length = self._cap_rate_length()
        elapsed = self.get_run_time()  # type: ignore[no-untyped-call]
        if elapsed >= length:
            return None
        target = min(cap, max(1, int(rate * (elapsed + 1))))
        running = self.get_current_user_count()  # type: ignore[no-untyped-call]
        return target, max(rate, float(target - running))

    def _cap_rate_length(self) -> tuple[int, float, float]:
        # Read at every call, because the web UI can change them between two runs.
        options = self.runner.environment.parsed_options if self.runner else None
        return (
            getattr(options, "num_users", None) or self.users,
            getattr(options, "spawn_rate", None) or self.spawn_rate,
            getattr(options, "run_time", None) or self.run_time,
        )
