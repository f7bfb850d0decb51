"""A user's own project, as trials measure it. Start reading at ``ProjectSite``."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.environment.databases.home import find_home, scratch_folder, write_private
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.latency_proxy import upstream_address
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.pinning import Pins, pinned_to
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import Server, running_server
from locust_asyncdjango.lab.environment.web.view_client import ViewClient, response_problem
from locust_asyncdjango.lab.errors import TrialError, during_set_up
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.locust_process import check_load
from locust_asyncdjango.lab.measure.project_preflight import inspect_project_server, read_probe, require_lab_services
from locust_asyncdjango.lab.measure.sites.measured_site import Requests, RunningSite, Users
from locust_asyncdjango.lab.measure.sites.prepared_project import Inspection, LabTools, PreparedProject, prepare_project
from locust_asyncdjango.lab.measure.sites.project_services import (
    lab_services,
    prepared_database,
    project_services,
)
from locust_asyncdjango.lab.project.project_env import fill_login, fill_view, own_database_url
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.project_secrets import NO_SECRETS, Secrets
from locust_asyncdjango.lab.project.revisions.git import describe_files
from locust_asyncdjango.lab.project.revisions.worktree import checked_out
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.probe.protocol import SLOTS_PATH, TOKEN_VARIABLE
from locust_asyncdjango.routes import NATURAL, VIEWS_VARIABLE, Login, View, ViewTask

RESPONSE_TIMEOUT_S = 60


class ProjectSite:
    """A user's own project. It follows ``MeasuredSite``; ``opened_project`` makes one."""

    def __init__(
        self,
        project: Project,
        arms: Sequence[ProjectArm],
        prepared: Mapping[str, PreparedProject],
        files: str = "",
        secrets: Secrets = NO_SECRETS,
    ) -> None:
        """Keep the project, the arms that are compared, and what was made of each of their revisions.

        files: the git commit of the project's files as they are (``describe_files``). secrets: of its environment.
        """
        self.project = project
        self.prepared = prepared
        self.secrets = secrets
        self._files = files
        self._arms = {arm.name: arm for arm in arms if arm.name}
        self._is_filled = False
        self._held = ExitStack()

    def check_load(self, experiment: Experiment, logs: Path) -> None:
        """Let Locust check the load of the first view, or of the locustfile."""
        with self._users(experiment.routes[0], "", Site("http://127.0.0.1:1")) as users:
            check_load(users, experiment.load, logs)

    def provenance(self) -> dict[str, str]:
        """Return the git commit of the project's files as they are, where they are measured and in a repository."""
        return {"git revision": self._files} if self._files and "" in self.prepared else {}

    def hide_secrets(self, text: str) -> str:
        """Return a text without the secrets of the project's environment."""
        return self.secrets.hide(text)

    @during_set_up()
    def prepare(self, experiment: Experiment, logs: Path) -> None:
        """Check what requests and latency need, and run the project's commands, unless what they made is kept."""
        for view in filter(None, map(self.view, experiment.routes)):
            fill_view(view)
            self.login_of(view)
        if self.project.database == "own" and any(experiment.latencies_ms):
            upstream_address(own_database_url(self.project))
        if not self._is_filled:
            for prepared in self.prepared.values():
                self._held.enter_context(prepared_database(prepared.preparation, logs))
        self._is_filled = True

    def release_prepared(self) -> None:
        """Let other labs replace what the project's commands made. Without it, the end of this process does."""
        self._held.close()

    @contextmanager
    def running(self, trial: Trial, server: Server, pins: Pins, folder: Path) -> Iterator[RunningSite]:
        """Start the project's services with a fresh database, and the project on the trial's server."""
        arm = self.arm_of(trial)
        prepared = self.prepared[arm.revision]
        with ExitStack() as stack:
            with pinned_to(pins.services):
                services = project_services(prepared.preparation, trial.max_connections, folder, trial.latency_ms)
                values = stack.enter_context(services)
            env = prepared.server_env(values, arm)
            with pinned_to(pins.server):
                starting = running_server(
                    server, free_port(), folder, env, trial.workers, application=prepared.application
                )
                served = stack.enter_context(starting)
            site = Site(served.url, served.token)
            page = read_probe(server, site)
            require_lab_services(prepared.project, page, lab_services(values))
            view = self.view(trial.route)
            variant = variant_of(view, trial.variant, server) if view else ""
            users = stack.enter_context(self._users(trial.route, variant, site))
            yield RunningSite(site, served.program, users, page)

    def inspect(self, trial: Trial, server: Server, running: RunningSite) -> dict[str, Any]:
        """Return what the probe reports, compared with the trial, and the git revision of the project's files."""
        report = inspect_project_server(trial, server, running.site, running.page)
        checkout = self.prepared[self.arm_of(trial).revision].project.checkout
        revision = checkout.label if checkout else describe_files(self.project)
        if not checkout and revision != self._files:
            change = f"the project's files have changed since the run began: {self._files} then, {revision} now"
            report = {**report, "caveats": [*report["caveats"], change]}
        return {**report, "versions": {**report.get("versions", {}), **({"revision": revision} if revision else {})}}

    def requests(self, trial: Trial, server: Server, site: Site) -> Requests | None:
        """Return a request to the trial's view, and one that the probe answers in the place of the project.

        A locustfile has no such request.
        """
        view = self.view(trial.route)
        if view is None:
            return None
        client = ViewClient(site.url, self.login_of(view), token=site.token)
        return (
            partial(_send, client, fill_view(view), variant_of(view, trial.variant, server)),
            partial(site.read, f"{SLOTS_PATH}?ms=0", RESPONSE_TIMEOUT_S),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What commands and load may reach besides the lab's services, such as a mail server."""
        return tuple(dict.fromkeys(line for prepared in self.prepared.values() for line in prepared.warnings))

    def forget_prepared(self) -> None:
        """Remove what the project's commands made before, so that they run again."""
        for prepared in self.prepared.values():
            prepared.preparation.forget()

    def arm_of(self, trial: Trial) -> ProjectArm:
        """Return the arm of a trial. One that the command line names has no environment of its own."""
        return self._arms.get(trial.name) or ProjectArm("", trial.server, trial.workers, trial.threads, trial.variant)

    def view(self, name: str) -> View | None:
        """Return the view of that name; None where the load is a locustfile."""
        return next((view for view in self.project.views if view.name == name), None)

    def login_of(self, view: View) -> Login | None:
        """Return the login that a view needs, with its password. Raise UsageError where a variable is not set."""
        return fill_login(self.project.logins[view.login]) if view.login else None

    @contextmanager
    def _users(self, route: str, variant: str, site: Site) -> Iterator[Users]:
        """Yield the users that load a view, or those of the project's locustfile."""
        token = {TOKEN_VARIABLE: site.token} if site.token else {}
        view = self.view(route)
        if view is None:
            locustfile = self.project.locustfile or Path()
            yield Users(locustfile, env=token, folder=self.project.file.parent)
            return
        task = ViewTask(fill_view(view), variant, self.login_of(view))
        with scratch_folder(find_home().cache / "runs") as folder:  # the next lab removes that of a killed one
            file = folder / "view.json"
            write_private(file, json.dumps(asdict(task)))
            yield Users(
                package_folder("locust_asyncdjango.users") / "views.py", env={**token, VIEWS_VARIABLE: str(file)}
            )


def variant_of(view: View, variant: str, server: Server) -> str:
    """Return the variant of a view that is requested; "" for its first one, and for a view without twins.

    variant: of the arm; "" stands for the one that suits the server's interface.
    """
    wanted = variant or NATURAL[server.interface == "asgi"]
    return wanted if wanted in view.variant_names else ""


def _send(client: ViewClient, view: View, variant: str) -> None:
    """Request a view. Raise OSError where the response is no success."""
    try:
        response = client.send(view, variant)
    except TrialError as error:
        raise OSError(str(error)) from None
    if problem := response_problem(view, response):
        raise OSError(problem)


@contextmanager
def opened_project(
    project: Project,
    arms: Sequence[ProjectArm],
    tools: LabTools,
    logs: Path,
    inspection: Inspection | None = None,
) -> Iterator[ProjectSite]:
    """Yield a project with all revisions of its arms, each of them inspected. Worktrees are removed at the end.

    logs: the folder for the logs of programs. inspection: of the project's files as they are, where it is known.
    Raise UsageError where a revision cannot be measured.
    """
    cache = find_home().cache
    prepared = {}
    with ExitStack() as stack:
        for revision in dict.fromkeys(arm.revision for arm in arms):
            own_arms = [arm for arm in arms if arm.revision == revision]
            at_revision = project
            if revision:
                checkout = checked_out(project, revision, own_arms[0].setup, cache, logs / "setup.log")
                at_revision = stack.enter_context(checkout)
            known = None if revision else inspection
            prepared[revision] = prepare_project(at_revision, own_arms, tools, revision, logs / "inspect.log", known)
        site = ProjectSite(project, arms, prepared, describe_files(project), tools.secrets)
        stack.callback(site.release_prepared)
        yield site
