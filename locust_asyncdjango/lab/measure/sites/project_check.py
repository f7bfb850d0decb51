"""Request each view of a project once on each arm, and compare its twins. Start reading at ``arm_checks``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.environment.web.view_client import ViewClient, response_problem
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.project import ProjectSite, variant_of
from locust_asyncdjango.lab.project.project_env import fill_view
from locust_asyncdjango.lab.project.twins import TwinResponse, differences
from locust_asyncdjango.routes import View


@dataclass(frozen=True, slots=True)
class ViewCheck:
    """What a view answered to one request.

    variant: "" for a view without twins. response: with its status and its body; the status is 0 where there was none.
    problem: why it is no success; "" for a success.
    """

    view: View
    variant: str
    response: TwinResponse
    ms: float
    problem: str = ""

    @property
    def name(self) -> str:
        """The view with its variant."""
        return f"{self.view.name}/{self.variant}" if self.variant else self.view.name


@dataclass(frozen=True, slots=True)
class ArmCheck:
    """What an arm answered.

    views: each view in the variant that the arm measures. caveats: of its settings.
    error: why it could not be requested at all; "" where it could.
    """

    arm: str
    views: tuple[ViewCheck, ...] = ()
    caveats: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether all views answered as they should."""
        return not self.error and not any(check.problem for check in self.views)


def arm_checks(site: ProjectSite, experiment: Experiment, logs: Path) -> Iterator[ArmCheck]:
    """Start one arm after another, request the measured views once, and yield what each of them answered.

    logs: a folder for the logs of programs. Raise UsageError where no arm can be started.
    """
    for trial in next(comparisons(experiment)):
        folder = logs / trial.id
        folder.mkdir()
        yield _check_arm(site, trial, experiment.server_of(trial), experiment.routes, folder)


def _check_arm(site: ProjectSite, trial: Trial, server: Server, views: Sequence[str], folder: Path) -> ArmCheck:
    requested = [view for view in site.project.views if view.name in views]
    try:
        with site.running(trial, server, Pins(), folder) as running:
            report = site.inspect(trial, server, running)
            checks = tuple(
                _check_view(site, running.site, view, variant_of(view, trial.variant, server)) for view in requested
            )
    except TrialError as error:
        return ArmCheck(trial.arm, error=str(error))
    return ArmCheck(trial.arm, checks, tuple(report.get("caveats", ())))


def _check_view(site: ProjectSite, running: Site, view: View, variant: str) -> ViewCheck:
    path = view.path_of(variant)
    try:
        client = ViewClient(running.url, site.login_of(view), token=running.token)
        response = client.send(fill_view(view), variant)
    except TrialError as error:
        return ViewCheck(view, variant, TwinResponse(variant, path, 0), 0.0, str(error))
    content_type = response.headers.get("Content-Type", "")
    twin = TwinResponse(variant, path, response.status, content_type, response.body)
    return ViewCheck(view, variant, twin, round(response.seconds * 1000, 1), response_problem(view, response))


def twin_differences(checks: Iterable[ArmCheck]) -> list[str]:
    """Return where the twins of a view first differ from each other, in lines that begin with the view's name.

    checks: of the arms, each of which has one variant of each view. Responses that are no success are not compared.
    """
    lines: list[str] = []
    responses: dict[str, dict[str, ViewCheck]] = {}
    for check in (view for arm in checks for view in arm.views if not view.problem):
        responses.setdefault(check.view.name, {}).setdefault(check.variant, check)
    for name, by_variant in responses.items():
        first, *others = by_variant.values()
        for other in others:
            lines += [f"{name}: {line}" for line in differences(first.response, other.response, first.view.ignore)]
    return lines


def require_measurable(checks: Sequence[ArmCheck]) -> list[str]:
    """Return which trials will not be measured, and why, in lines for the user. checks: of all arms.

    Raise UsageError for a view that is no success on any arm that was asked, and for twins that differ.
    """
    asked = [check for check in checks if not check.error]
    if not asked:
        raise UsageError(f"no arm can be measured: {'; '.join(dict.fromkeys(_error_text(each) for each in checks))}")
    problems: dict[str, list[str]] = {}
    for check in (view for arm in asked for view in arm.views):
        problems.setdefault(check.view.name, []).append(check.problem)
    if broken := {name: dict.fromkeys(each) for name, each in problems.items() if all(each)}:
        views = "; ".join(f"{name} is no success on any arm: {', '.join(each)}" for name, each in broken.items())
        raise UsageError(
            f"{views}; `locust-asyncdjango check` shows what each arm answers: mend the view, or leave it out with"
            " --routes"
        )
    if lines := twin_differences(asked):
        raise UsageError(
            f"twins differ: {'; '.join(lines)}; let them answer the same, or name what may differ with the key ignore"
            " of the view"
        )
    return [f"{_error_text(check)}; its trials will say so" for check in checks if check.error] + [
        f"{view.name} is no success on {arm.arm}, so that it is not measured there: {view.problem}"
        for arm in asked
        for view in arm.views
        if view.problem
    ]


def _error_text(check: ArmCheck) -> str:
    return f"{check.arm}: {check.error}"
