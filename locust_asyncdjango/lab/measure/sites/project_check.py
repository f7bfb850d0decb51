"""Request each view of a project once on a running arm, and compare its twins. Start reading at ``check_arm``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.environment.web.view_client import ViewClient
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.project import ProjectSite, variant_of
from locust_asyncdjango.lab.project.project_env import fill_view
from locust_asyncdjango.lab.project.twins import TwinResponse, differences
from locust_asyncdjango.routes import View
from locust_asyncdjango.routes.requests import view_problem


@dataclass(frozen=True, slots=True)
class ViewCheck:
    """What a view answered to one request.

    variant: "" for a view without twins. response: with its status and its body. problem: why it is no success; "" for
    a success.
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


def check_arm(site: ProjectSite, trial: Trial, server: Server, views: Sequence[str], folder: Path) -> ArmCheck:
    """Start an arm, request its views once, and return what they answered; also where it does not start.

    trial: of the arm, with any view. views: the names of those to request. folder: for the logs of programs.
    Raise UsageError where no arm can be started.
    """
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
    client = ViewClient(running.url, site.login_of(view), token=running.token)
    response = client.send(fill_view(view), variant)
    problem = view_problem(view, response.status, response.location)
    content_type = response.headers.get("Content-Type", "")
    twin = TwinResponse(variant, view.path_of(variant), response.status, content_type, response.body)
    return ViewCheck(view, variant, twin, round(response.seconds * 1000, 1), problem)


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


def require_equal_twins(site: ProjectSite, experiment: Experiment, logs: Path) -> None:
    """Compare the twins of the measured views, each on the first arm that has it. Raise UsageError where they differ.

    logs: a folder for the logs of programs. An arm that does not start is another matter: its trial will say so.
    """
    views = [view for view in site.project.views if view.name in experiment.routes and view.variant_names]
    if not views:
        return
    site.prepare(experiment, logs)
    arms: dict[tuple[str, ...], Trial] = {}
    for trial in next(comparisons(experiment)):
        server = experiment.server_of(trial)
        arms.setdefault(tuple(variant_of(view, trial.variant, server) for view in views), trial)
    names = [view.name for view in views]
    checks = [check_arm(site, trial, experiment.server_of(trial), names, logs) for trial in arms.values()]
    if lines := twin_differences(checks):
        raise UsageError(
            f"twins differ: {'; '.join(lines)}; let them answer the same, or name what may differ with the key ignore"
            " of the view"
        )
