"""Request each view of a project once on each arm, and compare its twins. Start reading at ``arm_checks``."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import islice
from pathlib import Path

from locust_asyncdjango.lab.analysis.planning.ramp_users import Pilot, ramp_users
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.pinning import resolve_pins
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.environment.web.view_client import RefusedLoginError, ViewClient
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.failed_view import describe_answer, describe_login
from locust_asyncdjango.lab.measure.sites.measured_site import RunningSite
from locust_asyncdjango.lab.measure.sites.pilot import run_pilot
from locust_asyncdjango.lab.measure.sites.project import ProjectSite, variant_of
from locust_asyncdjango.lab.project.project_env import fill_view
from locust_asyncdjango.lab.project.twins import TwinResponse, differences
from locust_asyncdjango.routes import View


@dataclass(frozen=True, slots=True)
class ViewCheck:
    """What a view answered to one request.

    variant: "" for a view without twins. response: with its status and its body; the status is 0 where there was none.
    problem: why it is no success; "" for a success. log: of its server, where it says more.
    subject: of the trials with this view.
    pilot: what the arm did for the view in a few seconds; None where that was not tried.
    """

    view: View
    variant: str
    response: TwinResponse
    ms: float
    problem: str = ""
    log: Path | None = None
    subject: str = ""
    pilot: Pilot | None = None

    @property
    def is_error(self) -> bool:
        """Whether it answered with the status of an error, which is no success."""
        return bool(self.problem) and self.response.status >= HTTPStatus.BAD_REQUEST

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


def arm_checks(
    site: ProjectSite, experiment: Experiment, logs: Path, *, with_pilots: bool = False
) -> Iterator[ArmCheck]:
    """Start one arm after another, request the measured views once, and yield what each of them answered.

    logs: a folder for the logs of programs. with_pilots: also load each view for a few seconds, at each latency.
    Raise UsageError where no arm can be started.
    """
    at_latencies = islice(comparisons(experiment), len(experiment.latencies_ms) if with_pilots else 1)
    for trial in (trial for compared in at_latencies for trial in compared):
        folder = logs / trial.id
        folder.mkdir()
        yield _check_arm(site, experiment, trial, folder, with_pilots=with_pilots)


def _check_arm(site: ProjectSite, experiment: Experiment, trial: Trial, folder: Path, *, with_pilots: bool) -> ArmCheck:
    """Check the views on the arm of a trial, which has any of them. Those that load is put on come after all others."""
    requested = [view for view in site.project.views if view.name in experiment.routes]
    server = experiment.server_of(trial)
    try:
        with site.running(trial, server, resolve_pins(experiment.pin), folder) as running:
            report = site.inspect(trial, server, running)
            checks = [
                replace(
                    _check_view(site, running, view, variant_of(view, trial.variant, server)),
                    subject=replace(trial, route=view.name).subject,
                )
                for view in requested
            ]
            if with_pilots:
                checks = [_with_pilot(check, site, trial, server, running.site) for check in checks]
    except TrialError as error:
        return ArmCheck(trial.arm, error=str(error))
    return ArmCheck(trial.arm, tuple(checks), tuple(report.get("caveats", ())))


def _with_pilot(check: ViewCheck, site: ProjectSite, trial: Trial, server: Server, running: Site) -> ViewCheck:
    """Return the check of a view with its pilot, unless the view is no success."""
    requests = None if check.problem else site.requests(replace(trial, route=check.view.name), server, running)
    return replace(check, pilot=run_pilot(requests[0])) if requests else check


def _check_view(site: ProjectSite, running: RunningSite, view: View, variant: str) -> ViewCheck:
    path = view.path_of(variant)
    try:
        client = ViewClient(running.site.url, site.login_of(view), token=running.site.token, asks_details=True)
        response = client.send(fill_view(view), variant)
    except RefusedLoginError as error:
        problem, has_log = describe_login(error, site.secrets)
        return ViewCheck(view, variant, TwinResponse(variant, path, 0), 0.0, problem, _log(running, has_log=has_log))
    except TrialError as error:
        return ViewCheck(view, variant, TwinResponse(variant, path, 0), 0.0, str(error))
    content_type = response.headers.get("Content-Type", "")
    twin = TwinResponse(variant, path, response.status, content_type, response.body)
    problem, has_log = describe_answer(view, response, site.secrets)
    log = _log(running, has_log=has_log)
    return ViewCheck(view, variant, twin, round(response.seconds * 1000, 1), problem, log)


def _log(running: RunningSite, *, has_log: bool) -> Path | None:
    return running.program.log if has_log and running.program else None


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


def users_of_ramps(checks: Iterable[ArmCheck], objective: str) -> tuple[tuple[str, int], ...]:
    """Return how many users the ramp of each subject climbs to, by the pilots of its arms. objective: of the load."""
    pilots: dict[str, list[Pilot]] = {}
    for check in (view for arm in checks for view in arm.views):
        if check.pilot:
            pilots.setdefault(check.subject, []).append(check.pilot)
    return tuple((subject, ramp_users(each, objective)) for subject, each in pilots.items())


def require_measurable(checks: Sequence[ArmCheck]) -> list[str]:
    """Return which trials will not be measured, and why, in lines for the user. checks: of all arms.

    Raise UsageError for a view that is no success on any arm that started, and for twins that differ.
    """
    started = [check for check in checks if not check.error]
    if not started:
        raise UsageError(f"no arm can be measured: {'; '.join(dict.fromkeys(_error_text(each) for each in checks))}")
    by_name: dict[str, list[ViewCheck]] = {}
    for check in (view for arm in started for view in arm.views):
        by_name.setdefault(check.view.name, []).append(check)
    if broken := [each for each in by_name.values() if all(check.problem for check in each)]:
        views = "; ".join(map(_nowhere_text, broken))
        raise UsageError(
            f"{views}; `locust-asyncdjango check` shows what each arm answers: mend the view, or leave it out with"
            " --routes"
        )
    if lines := twin_differences(started):
        raise UsageError(
            f"twins differ: {'; '.join(lines)}; let them answer the same, or name what may differ with the key ignore"
            " of the view"
        )
    lines = [f"{_error_text(check)}; its trials will say so" for check in checks if check.error] + [
        f"{view.name} is no success on {arm.arm}, so that it is not measured there: {view.problem}"
        for arm in started
        for view in arm.views
        if view.problem
    ]
    return list(dict.fromkeys(lines))


def _nowhere_text(checks: Sequence[ViewCheck]) -> str:
    """Return why a view is no success on any arm, with one log that says more. checks: of the view on all arms."""
    problems = ", ".join(dict.fromkeys(check.problem for check in checks))
    log = next((f"; {log_text(check.log)}" for check in checks if check.log), "")
    return f"{checks[0].view.name} is no success on any arm: {problems}{log}"


def log_text(log: Path) -> str:
    """Return where the log is that says more about an error."""
    return f"its server's log says more: {log}"


def _error_text(check: ArmCheck) -> str:
    return f"{check.arm}: {check.error}"
