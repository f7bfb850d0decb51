"""Start a project a few times, to see which variables it demands and what its settings make of the lab's services.

Start reading at ``Session.first_start``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.ask import ask_project, missing_variable
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.inspection.settings_source import Variable, service_env
from locust_asyncdjango.lab.project.project_env import database_values, fill_env, program_env, service_values
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project

EXAMPLE_ADDRESSES = {
    "postgresql": "postgresql://lab:lab@127.0.0.1:1/lab",
    "mysql": "mysql://lab:lab@127.0.0.1:1/lab",
    "sqlite": "sqlite:////lab/db.sqlite3",
}
"""Addresses at which nothing runs: settings are read, and nothing is connected to."""
EXAMPLE_REDIS, EXAMPLE_SMTP_PORT = "redis://127.0.0.1:2/0", 3
MOST_VARIABLES = 40
"""How many missing variables are supplied, one after the other, until a project starts."""
PLACEHOLDER = "for the lab"
"""The value of a variable without which a project does not start."""
STAND_INS = {
    **dict.fromkeys(("int", "float"), "1"),
    **dict.fromkeys(("bool", "strtobool"), "false"),
    **dict.fromkeys(("json", "json.loads"), "{{}}"),
    **dict.fromkeys(("email", "email_url"), "consolemail://"),
    "url": "http://127.0.0.1:1",
}
"""What settings make of a variable -> a value with which they can, as a template."""
OF_THE_SYSTEM = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "SHELL", "PWD", "TMPDIR", "TZ", "PYTHONPATH"}
"""Variables of every shell, which a file need not name."""


@dataclass(frozen=True, slots=True)
class Start:
    """A project that was started. report: None where it did not start. error: why. needed: the variables it demands."""

    project: Project
    report: ProjectReport | None
    error: str = ""
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """Starts a project.

    search_folder: on PYTHONPATH, with the probe. environ: of the user's shell. variables: that its settings read.
    """

    search_folder: Path
    environ: Mapping[str, str]
    variables: tuple[Variable, ...]

    def first_start(self, project: Project) -> Start:
        """Start a project for the first time: as it is, or else with a database of the first kind with which it starts.

        Its settings may not do without an address, and it may have the driver of one kind only.
        """
        first = tried = self.start(project)
        for kind in EXAMPLE_ADDRESSES:
            services = service_env(self.variables, kind)
            if services and tried.report is None:
                tried = self.start(replace(project, database=kind, env={**project.env, **services}))
        return first if tried.report is None else tried

    def start(self, project: Project) -> Start:
        """Start a project, with a value for each variable that it demands.

        Variables of the user's shell that the source demands are kept from it at first, so that those that it really
        demands are found too.
        """
        hidden = {each.name for each in self.variables if each.is_required and each.name in self.environ}
        hidden -= {*OF_THE_SYSTEM, *project.env, *service_env(self.variables, project.database)}
        needed: dict[str, str] = {}
        while True:
            attempt = replace(project, env={**project.env, **needed})
            try:
                return Start(attempt, self._ask(attempt, hidden), needed=tuple(needed))
            except UsageError as error:
                reason = str(error).partition(": ")[2]
            name = missing_variable(reason) or self._named_in(reason, needed)
            if name and name not in attempt.env and len(needed) < MOST_VARIABLES:
                needed[name] = self._value(name, project.database)
            elif hidden - needed.keys():  # nothing says which of them it was
                needed |= {each: self._value(each, project.database) for each in sorted(hidden - needed.keys())}
            else:
                if needed.pop(name, None):  # it was no variable that was missing
                    attempt = replace(project, env={**project.env, **needed})
                return Start(attempt, None, reason, tuple(needed))

    def _ask(self, project: Project, hidden: set[str]) -> ProjectReport:
        """Return what a project says about itself in the environment of example services."""
        values = {
            **database_values(EXAMPLE_ADDRESSES.get(project.database, EXAMPLE_ADDRESSES["postgresql"])),
            **service_values(EXAMPLE_REDIS, EXAMPLE_SMTP_PORT, folders={"static": Path("/lab/static")}),
        }
        filled = fill_env(project, values, environ=self.environ)
        environ = {name: value for name, value in self.environ.items() if name not in hidden}
        env = program_env(project, filled, self.search_folder, environ)
        return ask_project(project.python, project.root, env, where=FILE_NAME)

    def _named_in(self, reason: str, supplied: Mapping[str, str]) -> str:
        """Return the first variable of the settings, and not supplied yet, that an error names; "" for none."""
        words = reason.replace("'", " ").replace('"', " ").replace(",", " ").split()
        names = {each.name for each in self.variables if each.is_required} - supplied.keys()
        return next((word.strip(".:;()") for word in words if word.strip(".:;()") in names), "")

    def _value(self, name: str, kind: str) -> str:
        """Return the value of a variable that the project demands. kind: of the database."""
        services = service_env(self.variables, kind)
        if name in services:
            return services[name]
        if name in self.environ:
            return f"{{env.{name}}}"
        casts = (each.cast for each in self.variables if each.name == name)
        return next((STAND_INS[cast] for cast in casts if cast in STAND_INS), PLACEHOLDER)
