"""The experiment that a project's file and a command line describe. Start reading at ``project_experiment``."""

from collections.abc import Mapping, Sequence
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS, Arm
from locust_asyncdjango.lab.experiment.config_file import ExperimentFile, build_experiment, merge, read_values
from locust_asyncdjango.lab.experiment.spec import Experiment, MeasuredProject, MeasuredView
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm

LOCUSTFILE_METHOD = "LOCUSTFILE"
NOT_FOR_PROJECTS = ("posts",)
"""Options of ``run`` that are about the bundled site alone."""


def project_values(project: Project, command_line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by key: the command line's over those of [experiment]. Raise UsageError."""
    if unfit := [key for key in command_line if key in NOT_FOR_PROJECTS]:
        raise UsageError(f"--{unfit[0]} is for the bundled site alone; {project.file} says what is in the database")
    file = ExperimentFile(read_values(f"{project.file}: [experiment]", project.experiment, NOT_FOR_PROJECTS))
    return merge(file, command_line)


def requested_arms(project: Project, values: Mapping[str, Any]) -> tuple[ProjectArm, ...]:
    """Return the arms that the command line names or, where it names none, those of the file; () for neither."""
    if arms := values.get("arms"):
        return tuple(map(_project_arm, arms))
    if servers := values.get("servers"):
        limits = values.get("max_connections", (DEFAULT_MAX_CONNECTIONS,))
        variants = values.get("variants") or ("",)
        return tuple(
            ProjectArm("", server, values.get("workers", 1), variant=variant, max_connections=limit)
            for limit in limits
            for server in servers
            for variant in variants
        )
    return project.arms


def _project_arm(arm: Arm) -> ProjectArm:
    """Return an arm that the file does not describe: of the command line, or a default one."""
    return ProjectArm(
        arm.name,
        arm.server,
        arm.workers or 1,
        arm.threads,
        arm.variant,
        max_connections=arm.max_connections,
    )


def project_experiment(project: Project, arms: Sequence[ProjectArm], values: Mapping[str, Any]) -> Experiment:
    """Return the experiment. arms: what is compared. values: of options, by key. Raise UsageError."""
    measured = measured_project(project)
    named = {key: value for key, value in values.items() if key not in ("servers", "variants", "max_connections")}
    defaults = {
        "routes": tuple(view.name for view in measured.views),
        "a_a_pairs": int(values.get("repeats", 1) > 1 and not values.get("budget")),
    }
    return build_experiment(
        {**defaults, **named, "arms": tuple(map(_experiment_arm, arms)), "posts": 0}, project=measured
    )


def resumed_arms(project: Project, experiment: Experiment) -> tuple[ProjectArm, ...]:
    """Return the arms of an experiment that is continued, with what the project's file says of them now.

    Raise UsageError where the file describes other views or arms than when the experiment began.
    """
    if measured_project(project) != experiment.project:
        raise UsageError(f"{project.file} has other views than when the run began; measure anew")
    by_name = {arm.name: arm for arm in project.arms}
    arms = tuple(by_name.get(arm.name) or _project_arm(arm) for arm in experiment.arms)
    for now, before in zip(map(_experiment_arm, arms), experiment.arms, strict=True):
        if now != before:
            raise UsageError(f"{project.file}: the arm {before.name!r} has changed since the run began; measure anew")
    return arms


def measured_project(project: Project) -> MeasuredProject:
    """Return a project as an experiment names it, without anything of its environment."""
    views = tuple(MeasuredView(view.name, view.method, view.path, view.variant_names) for view in project.views)
    if project.locustfile:
        views = (MeasuredView(project.locustfile.stem, LOCUSTFILE_METHOD, project.locustfile.name),)
    return MeasuredProject(project.root.name, str(project.file.absolute()), views, project.database)


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
    )
