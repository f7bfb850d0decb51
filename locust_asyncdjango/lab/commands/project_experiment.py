"""The experiment that a project's file and a command line describe. Start reading at ``project_experiment``."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.environment.servers import SERVERS, check_workers
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS, Arm
from locust_asyncdjango.lab.experiment.config_file import ExperimentFile, build_experiment, merge, read_values
from locust_asyncdjango.lab.experiment.spec import ALL, LOCUSTFILE_METHOD, Experiment, MeasuredProject, MeasuredView
from locust_asyncdjango.lab.project.fingerprints import changed_parts, fingerprints
from locust_asyncdjango.lab.project.project_env import processes_with_ports
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm

NOT_FOR_PROJECTS = ("posts",)
"""Options of ``run`` that are about the bundled site alone."""
SERVER_DATABASES = ("postgresql", "mysql")
"""The databases for which the lab starts a server."""
LEAST_CONNECTIONS_OF_MARIADB = 10
OF_SERVERS = {"variants": "variant", "max_connections": "max_connections", "workers": "workers"}
"""Options of ``run`` that are about the arms of --servers, each with the key of the [[arm]] tables in its place."""


def project_values(project: Project, command_line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by key: the command line's over those of [experiment].

    Raise UsageError where one of them would do nothing.
    """
    if unfit := [key for key in command_line if key in NOT_FOR_PROJECTS]:
        raise UsageError(f"--{unfit[0]} is for the bundled site alone; {project.file} says what is in the database")
    file = ExperimentFile(read_values(f"{project.file}: [experiment]", project.experiment, NOT_FOR_PROJECTS))
    values = merge(file, command_line)
    _check_choice(project, values)
    return values


def _check_choice(project: Project, values: Mapping[str, Any]) -> None:
    """Raise UsageError for an option that would do nothing, because the arms have their own value."""
    if values.get("arms"):
        if unfit := [key for key in ("servers", "variants", "max_connections") if key in values]:
            raise UsageError(f"{project.file}: arms name servers, variants and limits: leave {unfit[0]} out")
    elif not values.get("servers"):
        for key, arm_key in OF_SERVERS.items():
            if key in values:
                raise UsageError(
                    f"{project.file}: the arms have their own {key}; add --servers, or set {arm_key} in the [[arm]]"
                    " tables"
                )


def requested_arms(
    project: Project, values: Mapping[str, Any], installed: Collection[str] = ()
) -> tuple[ProjectArm, ...]:
    """Return the arms that the command line names or, where it names none, those of the file; () for neither.

    installed: the servers that "all" stands for. Raise UsageError for a server that cannot have the workers.
    """
    workers = values.get("workers", 1)
    check_workers(workers)
    if arms := values.get("arms"):
        return tuple(_project_arm(arm, workers) for arm in arms)
    if not values.get("servers"):
        return project.arms
    servers, variants = values["servers"], values.get("variants") or ("",)
    if servers == ALL:
        servers = [server for server in installed if workers == 1 or SERVERS[server].has_workers]
    if variants == ALL:
        variants = project.variants or ("",)
    arms_of_servers = product(values.get("max_connections", (DEFAULT_MAX_CONNECTIONS,)), servers, variants)
    return tuple(
        ProjectArm("", server, workers, variant=variant, max_connections=limit)
        for limit, server, variant in arms_of_servers
    )


def _project_arm(arm: Arm, workers: int = 1) -> ProjectArm:
    """Return an arm that the file does not describe: of the command line, or a default one.

    workers: where the arm does not name them.
    """
    return ProjectArm(
        arm.name,
        arm.server,
        arm.workers or workers,
        arm.threads,
        arm.variant,
        max_connections=arm.max_connections,
    )


def project_experiment(project: Project, arms: Sequence[ProjectArm], values: Mapping[str, Any]) -> Experiment:
    """Return the experiment. arms: what is compared. values: of options, by key. Raise UsageError."""
    measured = measured_project(project)
    named = {key: value for key, value in values.items() if key not in ("servers", *OF_SERVERS)}
    defaults = {
        "routes": tuple(view.name for view in measured.views),
        "a_a_pairs": int(values.get("repeats", 1) > 1 and not values.get("budget")),
    }
    experiment = build_experiment(
        {**defaults, **named, "arms": tuple(map(_experiment_arm, arms)), "posts": 0}, project=measured
    )
    _check_arms(project, experiment)
    _check_latency(project, experiment)
    return experiment


def _check_arms(project: Project, experiment: Experiment) -> None:
    """Raise UsageError where an arm has more workers than its server can have, or a limit that nothing has."""
    for arm in experiment.arms:
        if arm.workers > 1 and not experiment.server(arm.server).has_workers:
            raise UsageError(f"{arm.server} cannot have more than one process; leave its workers out, or the server")
        if arm.max_connections != DEFAULT_MAX_CONNECTIONS and project.database not in SERVER_DATABASES:
            raise UsageError(
                f"{project.file}: max_connections is the limit of the lab's database server, and the database is"
                f" {project.database}; leave it out"
            )
        if project.database == "mysql" and arm.max_connections < LEAST_CONNECTIONS_OF_MARIADB:
            raise UsageError(
                f"{project.file}: MariaDB permits {LEAST_CONNECTIONS_OF_MARIADB} connections at least, whatever its"
                f" max_connections; set that to {LEAST_CONNECTIONS_OF_MARIADB} or more"
            )


def _check_latency(project: Project, experiment: Experiment) -> None:
    """Raise UsageError where latency would be added to nothing, or not to the database."""
    if not any(experiment.latencies_ms):
        return
    if project.database == "own" and not project.database_url:
        raise UsageError(
            f"{project.file}: no latency can be added to a database whose address the lab does not know; name it with"
            " the key database_url below [project], or leave latency_ms out"
        )
    if project.database == "sqlite" and not project.redis and not processes_with_ports(project):
        raise UsageError(
            f"{project.file}: the project's database is an SQLite file, and no latency can be added to a file; leave"
            " latency_ms out, or measure with another database"
        )


def resumed_arms(project: Project, experiment: Experiment) -> tuple[ProjectArm, ...]:
    """Return the arms of an experiment that is continued, with what the project's file says of them now.

    Raise UsageError where the file describes other views or arms than when the experiment began.
    """
    before, now = experiment.project or measured_project(project), measured_project(project)
    if now.views != before.views:
        raise UsageError(f"{project.file} has other views than when the run began; measure anew")
    if changed := changed_parts(before.fingerprints, now.fingerprints):
        raise UsageError(f"{project.file}: {', '.join(changed)} changed since the run began; measure anew")
    by_name = {arm.name: arm for arm in project.arms}
    arms = tuple(by_name.get(arm.name) or _project_arm(arm) for arm in experiment.arms)
    for arm, earlier in zip(map(_experiment_arm, arms), experiment.arms, strict=True):
        if arm != replace(earlier, commit=""):
            raise UsageError(f"{project.file}: the arm {earlier.name!r} has changed since the run began; measure anew")
    return arms


def require_same_commits(project: Project, arms: Sequence[ProjectArm], experiment: Experiment) -> None:
    """Raise UsageError where a revision means another commit than when the experiment began. arms: as it is now."""
    for now, before in zip(arms, experiment.arms, strict=True):
        if now.commit != before.commit:
            raise UsageError(
                f"{project.file}: the revision {now.revision!r} was {before.commit or 'not recorded'} when the run"
                f" began, and is {now.commit} now; measure anew"
            )


def measured_project(project: Project) -> MeasuredProject:
    """Return a project as an experiment names it, without anything of its environment."""
    views = tuple(MeasuredView(view.name, view.method, view.path, view.variant_names) for view in project.views)
    if project.locustfile:
        views = (MeasuredView(project.locustfile.stem, LOCUSTFILE_METHOD, project.locustfile.name),)
    return MeasuredProject(
        project.root.name, str(project.file.absolute()), views, project.database, fingerprints(project)
    )


def _experiment_arm(arm: ProjectArm) -> Arm:
    env: dict[str, str] = safe_value(dict(arm.env))
    return Arm(
        arm.server,
        arm.variant,
        arm.max_connections,
        workers=arm.workers if arm.name or arm.workers > 1 else 0,
        threads=arm.threads,
        name=arm.name,
        env=tuple(env.items()),
        revision=arm.revision,
        commit=arm.commit,
    )
