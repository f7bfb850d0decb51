"""The answer on each subject of an experiment. Start reading at ``answers_of``."""

from dataclasses import dataclass

from locust_asyncdjango.analysis.charts import Chart
from locust_asyncdjango.analysis.formatting import format_per_s
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer import texts
from locust_asyncdjango.lab.report.answer.arm_summaries import ArmSummary, arm_summaries
from locust_asyncdjango.lab.report.answer.curve_charts import arm_role, curve_charts
from locust_asyncdjango.lab.report.answer.distribution import distribution_chart
from locust_asyncdjango.lab.report.answer.recommendation import Recommendation, recommend
from locust_asyncdjango.lab.report.answer.request_names import RequestNames, request_names
from locust_asyncdjango.lab.report.answer.request_times import arm_times, times_text

HEADERS = (
    *("arm", "capacity within the objective", "goodput at full load", "failures at full load"),
    *("p50 / p95 / p99 at full load", "memory", "connections"),
)


@dataclass(frozen=True, slots=True)
class ArmCells:
    """A row of the table of arms, as texts.

    details: slots, and where the time of a request goes. role: of the arm's colour.
    capacity, capacity_note: the users, and rate, interval and reason. capacity_per_s: the rate.
    share: of the largest capacity of the subject, for a bar; None without a capacity.
    fails: whether so many requests fail at full load that it has to be noticed.
    """

    name: str
    details: tuple[str, ...]
    role: str
    capacity: str
    capacity_note: str
    capacity_per_s: str
    share: float | None
    goodput: str
    failures: str
    fails: bool
    latencies: str
    memory: str
    connections: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the texts of the row below HEADERS."""
        name = f"{self.name} ({'; '.join(self.details)})"
        capacity = f"{self.capacity} ({self.capacity_note})" if self.capacity_note else self.capacity
        return (name, capacity, self.goodput, self.failures, self.latencies, self.memory, self.connections)

    @property
    def terminal_cells(self) -> tuple[str, ...]:
        """Return the texts of the row of the terminal's table, which are shorter."""
        return (
            self.name,
            _without_unit(self.capacity).replace("at least ", ">= ").replace("below ", "< "),
            self.capacity_per_s,
            self.goodput.removesuffix(" req/s"),
            self.failures,
            self.latencies.replace(" / ", "/"),
            self.memory.removesuffix(" MB"),
            self.connections,
        )


@dataclass(frozen=True, slots=True)
class SubjectAnswer:
    """The answer on a subject: what to choose, and the figures of its arms, best first.

    objective: what must hold at a load within the capacity. place: begins the ids of its charts. names: the requests
    by name; None for less than two names.
    """

    subject: str
    recommendation: Recommendation
    arms: tuple[ArmSummary, ...]
    objective: str
    place: str
    names: RequestNames | None = None

    @property
    def rows(self) -> list[ArmCells]:
        """Return the table of arms."""
        most = max((arm.capacity.users for arm in self.arms if arm.capacity), default=0)
        return [_cells(arm, most) for arm in self.arms]

    def charts(self) -> list[Chart]:
        """Return the charts with all arms on common axes."""
        return curve_charts(self.arms, self.objective, self.place) or distribution_chart(self.arms, self.place)

    def distribution(self) -> list[Chart]:
        """Return the chart of the latencies at full load, unless ``charts`` has it."""
        return distribution_chart(self.arms, self.place) if curve_charts(self.arms, self.objective, self.place) else []

    @property
    def is_open(self) -> bool:
        """Return whether the load is that of an open model."""
        return any(arm.capacity and texts.is_open(arm.capacity) for arm in self.arms)


def answers_of(findings: Findings) -> list[SubjectAnswer]:
    """Return the answer on each subject, in the order in which they were first measured."""
    answers = []
    for number, subject in enumerate(findings.subjects):
        arms = arm_summaries(findings, subject)
        choice, objective = recommend(findings, subject, arms), findings.experiment.load.objective
        names = request_names(findings, arms)
        answers.append(SubjectAnswer(subject, choice, arms, objective, f"subject-{number}", names))
    return answers


def _without_unit(load: str) -> str:
    return load.removesuffix(" users").removesuffix(" user").removesuffix(f" {texts.ARRIVALS}")


def _details(arm: ArmSummary) -> tuple[str, ...]:
    """Return the slots of an arm and where the time of its requests goes, or why it was not measured."""
    if arm.error:
        return (f"not measured: {arm.error}",)
    times = arm_times(arm.runs)
    return (arm.slots, f"a request: {times_text(times)}") if times else (arm.slots,)


def _cells(arm: ArmSummary, most_users: int) -> ArmCells:
    full, capacity = arm.full, arm.capacity
    return ArmCells(
        name=arm.name + (" (!)" if arm.runs.invalid_reason else ""),
        details=_details(arm),
        role=arm_role(arm.colour),
        capacity=texts.load_text(capacity),
        capacity_note=texts.capacity_note(capacity),
        capacity_per_s=format_per_s(capacity.per_s) if capacity and capacity.users else texts.NONE,
        share=capacity.users / most_users if capacity and capacity.users else None,
        goodput=texts.goodput_text(full),
        failures=texts.share_text(full.failed_share) if full else texts.NONE,
        fails=bool(full and full.failed_share > 0.01),
        latencies=texts.latencies_text(full),
        memory=texts.count_text(arm.memory_mb, "MB"),
        connections=texts.count_text(arm.connections),
    )
