"""One trial of an experiment, and the names that reports and folders give it. Start reading at ``Trial``."""

from dataclasses import dataclass

from locust_asyncdjango.lab.environment.servers import server_title
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS


@dataclass(frozen=True, slots=True)
class Trial:
    """One arm under one set of conditions, run once.

    variant: "" for the natural one.
    latency_ms, client_latency_ms: added between site and services, and between users and site.
    workers: processes of the server.
    repeat: which of several runs this is, from 1.
    a_a: whether it is one of an A/A pair, which shows how runs of the same arm differ.
    plateau_users: how many users run all the time to confirm the arm's capacity; 0 for the experiment's own load.
    name: what reports call the arm; "" for its variant, server, workers and limit.
    arm_workers: the processes of the server where the arm sets them, which is then a difference between arms; else 0.
    threads: the threads of each process where the arm sets them; 0 for the server's own number.
    """

    route: str
    server: str
    posts: int
    max_connections: int
    variant: str = ""
    latency_ms: int = 0
    client_latency_ms: int = 0
    workers: int = 1
    repeat: int = 1
    a_a: bool = False
    plateau_users: int = 0
    name: str = ""
    arm_workers: int = 0
    threads: int = 0

    @property
    def id(self) -> str:
        """The name of its folder, which no other trial of the experiment has."""
        conditions = (
            f"{self.latency_ms}ms" if self.latency_ms else "",
            f"{self.max_connections}connections" if self._limit and not self.name else "",
            f"run{self.repeat}" if self.repeat > 1 else "",
            f"plateau{self.plateau_users}" if self.plateau_users else "",
        )
        return "-".join(filter(None, ("a-a" if self.a_a else "", self.route, *self._arm_names, *conditions)))

    @property
    def _arm_names(self) -> tuple[str, ...]:
        """The parts of a file name that say which arm it is."""
        if self.name:
            return (self.name,)
        return (
            self.variant,
            self.server,
            f"{self.arm_workers}workers" if self.arm_workers else "",
            f"{self.threads}threads" if self.threads else "",
        )

    @property
    def title(self) -> str:
        """The name of the trial in reports: route, arm, conditions and run."""
        subject = f"{self.route}/{self.variant}" if self.variant and not self.name else self.route
        run = f"A/A run {self.repeat}" if self.a_a else f"run {self.repeat}" if self.repeat > 1 else ""
        plateau = f"plateau of {self.plateau_users} users" if self.plateau_users else ""
        conditions = self.shared_conditions if self.name else self.conditions
        details = ", ".join(filter(None, (conditions, run, plateau)))
        return f"{subject} on {self.name or self._server}" + (f" ({details})" if details else "")

    @property
    def subject(self) -> str:
        """The route, and the conditions that all arms of a comparison share."""
        return f"{self.route} ({self.shared_conditions})" if self.shared_conditions else self.route

    @property
    def arm(self) -> str:
        """The name of the arm, or the variant, server, workers, threads and connection limit that make it one."""
        if self.name:
            return self.name
        arm = f"{self.variant} on {self._server}" if self.variant else self._server
        return f"{arm} with {self.max_connections} connections" if self._limit else arm

    @property
    def server_title(self) -> str:
        """The name of the server, with the threads that it has in this trial."""
        return server_title(self.server, self.threads)

    @property
    def conditions(self) -> str:
        """The conditions that are not the default; "" where all are."""
        return ", ".join(filter(None, (self.shared_conditions, self._limit)))

    @property
    def shared_conditions(self) -> str:
        """Those of the conditions that all arms of a subject share; the connection limit belongs to the arm."""
        conditions = (
            f"{self.latency_ms} ms latency" if self.latency_ms else "",
            f"{self.client_latency_ms} ms to the users" if self.client_latency_ms else "",
            f"{self.workers} workers" if self.workers > 1 and not self.arm_workers else "",
        )
        return ", ".join(filter(None, conditions))

    @property
    def _server(self) -> str:
        """The server with what the arm sets of it, such as "gunicorn-sync*4"."""
        return f"{self.server_title}*{self.arm_workers}" if self.arm_workers else self.server_title

    @property
    def _limit(self) -> str:
        return f"max_connections {self.max_connections}" if self.max_connections != DEFAULT_MAX_CONNECTIONS else ""


def unfinished_name(trial_id: str) -> str:
    """Return the name of the folder in which a trial is measured, before it gets the trial's own."""
    return f"{trial_id}.unfinished"
