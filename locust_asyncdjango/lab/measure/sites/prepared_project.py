"""A user's project that is ready for its trials: inspected, proven to use the lab's services, and prepared.

Start reading at ``prepare_project``.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from locust_asyncdjango.lab.environment.databases.home import find_home
from locust_asyncdjango.lab.environment.databases.templates import DatabaseServer
from locust_asyncdjango.lab.environment.mysql.cluster import find_mysql
from locust_asyncdjango.lab.environment.postgres.cluster import find_postgresql
from locust_asyncdjango.lab.environment.process import cleaned_output, free_port
from locust_asyncdjango.lab.environment.servers import Application
from locust_asyncdjango.lab.errors import UsageError, during_set_up
from locust_asyncdjango.lab.project.inspection.ask import ask_project
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.overlay import overlay_for
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.probe_folder import PROBE_PACKAGE, link_probe
from locust_asyncdjango.lab.project.programs.smtp_sink import running_smtp_sink
from locust_asyncdjango.lab.project.project_env import (
    database_values,
    fill_env,
    folder_names,
    own_database_url,
    processes_with_ports,
    program_env,
    service_values,
    sqlite_url,
)
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.project_secrets import NO_SECRETS, Secrets, secrets_of
from locust_asyncdjango.lab.project.proof import LabServices, Proof, prove
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.probe.protocol import OVERLAY_VARIABLE, SLOTS_PATH

DATABASE_SERVERS: Mapping[str, Callable[[], DatabaseServer]] = {"postgresql": find_postgresql, "mysql": find_mysql}
"""A project's kind of database -> how to find the server that the lab starts for it."""


@dataclass(frozen=True, slots=True)
class LabTools:
    """What the lab has for all revisions of a project.

    search_folder: has the probe and nothing else, for the path of the project's processes.
    smtp_port: of the mail server that takes the project's e-mail; 0 for none.
    may_install: whether servers that the project's environment lacks may be put into a folder of the lab.
    secrets: of the project's environment.
    """

    search_folder: Path
    smtp_port: int = 0
    may_install: bool = False
    secrets: Secrets = NO_SECRETS


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a project says about itself in the lab's environment, and whether it uses the lab's services."""

    report: ProjectReport
    proof: Proof


@dataclass(frozen=True, slots=True)
class PreparedProject:
    """A project at one revision, ready for its commands and its trials.

    report: what it says about itself. preparation: what fills its database. warnings: lines for the user.
    overlay: the folder of servers that its environment lacks; None where it lacks none.
    """

    report: ProjectReport
    preparation: Preparation
    warnings: tuple[str, ...] = ()
    overlay: Path | None = None

    @property
    def project(self) -> Project:
        """The project, with the root and the Python of its revision."""
        return self.preparation.project

    @property
    def application(self) -> Application:
        """What a server of the table serves: the probe, which wraps the project's application."""
        package = self.preparation.search_folder / PROBE_PACKAGE
        return Application(
            wsgi=f"{PROBE_PACKAGE}.wsgi:application",
            asgi=f"{PROBE_PACKAGE}.asgi:application",
            python=str(self.project.python),
            start=str(package / "launch.py"),
            folder=self.project.root,
            ready_path=SLOTS_PATH,
            own_wsgi=self.project.wsgi,
            own_asgi=self.project.asgi,
        )

    def server_env(self, values: Mapping[str, str], arm: ProjectArm) -> dict[str, str]:
        """Return the environment of a server. values: of placeholders. Raise UsageError."""
        env = program_env(self.project, fill_env(self.project, values, arm), self.preparation.search_folder)
        return {**env, OVERLAY_VARIABLE: str(self.overlay or "")}


@contextmanager
def lab_tools(project: Project, *, may_install: bool = False) -> Iterator[LabTools]:
    """Start what all revisions of a project share, and yield it. Raise UsageError where it does not start.

    Logs of programs that are started within the context have no secret of the project's environment.
    """
    secrets = secrets_of(project)
    with ExitStack() as stack:
        stack.enter_context(cleaned_output(secrets.hide))
        folder = link_probe(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="locust-asyncdjango-"))))
        with during_set_up():
            smtp_port = stack.enter_context(running_smtp_sink()).port if project.smtp else 0
        yield LabTools(folder, smtp_port, may_install, secrets)


def inspect_project(project: Project, tools: LabTools, log: Path, arm: ProjectArm | None = None) -> Inspection:
    """Start a project once, and return what it says about itself.

    No service runs yet. Their addresses are made up, so that a project that uses others is recognized.
    log: gets what the project prints. arm: adds its own variables.
    Raise UsageError where the project does not start.
    """
    database = expected_database(project)
    redis = f"redis://127.0.0.1:{free_port()}/0" if project.redis else ""
    values = {
        **database_values(database),
        **service_values(
            redis,
            tools.smtp_port,
            dict.fromkeys(processes_with_ports(project), free_port()),
            dict.fromkeys(folder_names(project), Path("/nonexistent")),
        ),
    }
    env = program_env(project, fill_env(project, values, arm), tools.search_folder)
    report = ask_project(project.python, project.root, env, where=str(project.file), log=log, hide=tools.secrets.hide)
    return Inspection(report, prove(project, report, LabServices(database, redis, tools.smtp_port)))


def expected_database(project: Project) -> str:
    """Return a URL that only the lab's own database could have, or that of the user's own server; "" for none."""
    if project.database == "own":
        return own_database_url(project)
    if project.database == "sqlite":
        return sqlite_url(Path(f"/nonexistent/{token_hex(8)}.sqlite3"))
    return f"{project.database}://lab:{token_hex(8)}@127.0.0.1:{free_port()}/lab_{token_hex(4)}"


def prepare_project(
    project: Project,
    arms: Sequence[ProjectArm],
    tools: LabTools,
    revision: str,
    log: Path,
    inspection: Inspection | None = None,
) -> PreparedProject:
    """Return a project that starts, uses the lab's services, and lacks no server. Its commands did not run yet.

    arms: those of the revision. An arm with variables of its own has to use the lab's services too.
    revision: of its files; "" for the files as they are. log: gets what the project prints.
    inspection: of the project, where it is known.
    Raise UsageError where one of this does not hold.
    """
    inspection = inspection or inspect_project(project, tools, log)
    report = inspection.report
    proofs = [inspection.proof, *(inspect_project(project, tools, log, arm).proof for arm in arms if arm.env)]
    if refusals := dict.fromkeys(line for each in proofs for line in each.refusals):
        raise UsageError("; ".join(refusals))
    servers = [arm.server for arm in arms]
    python_version = report.versions.get("python", "")
    cache, may_install = find_home().cache, tools.may_install
    overlay = overlay_for(project.python, python_version, servers, report.packages, cache, may_install=may_install)
    services = service_values(smtp_port=tools.smtp_port)
    find_server = DATABASE_SERVERS.get(project.database)
    database_server = find_server() if find_server else None
    preparation = Preparation(
        project, cache, tools.search_folder, report.migrations, services, revision, database_server
    )
    warnings = dict.fromkeys(line for each in proofs for line in each.warnings)
    return PreparedProject(report, preparation, tuple(warnings), overlay)
