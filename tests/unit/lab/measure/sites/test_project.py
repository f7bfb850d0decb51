"""What a user's own project is to the results of its trials."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.measured_site import RunningSite, Users
from locust_asyncdjango.lab.measure.sites.prepared_project import PreparedProject
from locust_asyncdjango.lab.measure.sites.project import ProjectSite
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.revisions.checkout import Checkout
from locust_asyncdjango.lab.project.revisions.git import describe_files
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.probe.protocol import SLOTS_PATH
from tests.support.http_site import http_site
from tests.support.project_files import project_of

SERVER = Server("mine", "wsgi", slots=1)
PAGE = {"interface": "wsgi", "gevent": False, "versions": {"django": "5.2"}}


def in_repository(folder: Path) -> Project:
    """Return a project whose folder is a git repository without changes."""
    project = project_of(folder, 'database = "sqlite"')
    git = ("git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com")
    for arguments in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "first")):
        subprocess.run([*git, *arguments], check=True)
    return project


def inspected(site: ProjectSite, arm: str) -> tuple[str, list[str]]:
    """Return the revision and the caveats of a trial of an arm."""
    page = json.dumps({"process": 7, "in_flight": 1}).encode()
    with http_site({f"{SLOTS_PATH}?ms=200": (200, page)}) as server:
        running = RunningSite(Site(server.url), None, Users(Path("users.py")), PAGE)
        report = site.inspect(Trial("home", SERVER.name, 0, 100, name=arm), SERVER, running)
    return report["versions"]["revision"], report["caveats"]


def test_results_name_the_commit_of_each_arm_and_changes_while_a_run_goes_on(tmp_path: Path) -> None:
    project = in_repository(tmp_path)
    commit = describe_files(project)
    at_main = replace(project, checkout=Checkout("main", "3f2a9c1b2d", tmp_path, tmp_path / "worktree"))
    prepared = {
        revision: PreparedProject(ProjectReport(), Preparation(each, tmp_path, tmp_path))
        for revision, each in (("", project), ("main", at_main))
    }
    arms = (ProjectArm("now", "uvicorn"), ProjectArm("then", "uvicorn", revision="main"))
    site = ProjectSite(project, arms, prepared, commit)
    assert site.provenance() == {"git revision": commit}
    assert inspected(site, "now") == (commit, [])
    assert inspected(site, "then") == ("main (3f2a9c1b2d)", [])
    (tmp_path / "new.py").touch()
    changed = f"{commit} with uncommitted changes"
    assert inspected(site, "now") == (
        changed,
        [f"the project's files have changed since the run began: {commit} then, {changed} now"],
    )
    assert inspected(site, "then") == ("main (3f2a9c1b2d)", [])
    assert ProjectSite(project, arms[1:], {"main": prepared["main"]}, commit).provenance() == {}
