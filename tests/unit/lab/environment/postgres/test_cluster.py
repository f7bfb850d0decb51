"""Clusters that cannot be made."""

import re
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.postgres.cluster import copy_cluster
from locust_asyncdjango.lab.environment.postgres.installation import Installation
from locust_asyncdjango.lab.errors import TrialError


def test_a_copy_that_fails_is_one_line_however_many_files_there_are(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for n in range(200):
        (template / f"link{n}").symlink_to("nowhere")
    installation = Installation(tmp_path, tmp_path, None)
    with pytest.raises(TrialError) as error:
        copy_cluster(installation, template, tmp_path / "cluster")
    assert re.fullmatch(
        rf"the database cannot be copied: \[Errno 2\] No such file or directory: '{template}/link\d+'; see that the"
        rf" disk of {tmp_path} has room and can be written, or set LOCUST_ASYNCDJANGO_CACHE to another folder",
        str(error.value),
    )
