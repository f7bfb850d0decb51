"""Where the files of a revision stand, in place of the user's own."""

import os
from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.revisions.checkout import Checkout

CHECKOUT = Checkout(
    "main",
    "3f2a9c1b2d",
    Path("/home/ada/shop"),
    Path("/home/ada/shop/.cache/worktree"),
    (Path("/home/ada/shop/.cache/worktree/src"),),
)


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        ("/home/ada/shop", "/home/ada/shop/.cache/worktree"),
        ("/home/ada/shop/src/lib", "/home/ada/shop/.cache/worktree/src/lib"),
        ("/home/ada/shop/.cache/worktree/src", "/home/ada/shop/.cache/worktree/src"),
        ("/home/ada/shopping", "/home/ada/shopping"),
        ("src", "src"),
        ("", ""),
    ],
)
def test_what_is_in_the_repository_has_a_place_in_the_worktree(path: str, moved: str) -> None:
    assert CHECKOUT.moved(path) == moved


def test_python_looks_into_the_worktree_first() -> None:
    own = os.pathsep.join(("/home/ada/shop/lib", "/opt/lib", "apps"))
    assert CHECKOUT.search_path(own).split(os.pathsep) == [
        "/home/ada/shop/.cache/worktree/src",
        "/home/ada/shop/.cache/worktree/lib",
        "/opt/lib",
        "apps",
    ]
    assert CHECKOUT.search_path("") == "/home/ada/shop/.cache/worktree/src"


def test_a_revision_is_named_with_its_commit() -> None:
    assert CHECKOUT.label == "main (3f2a9c1b2d)"
    assert Checkout("3f2a9c1", "3f2a9c1b2d", Path(), Path()).label == "3f2a9c1b2d"
