"""Locks on files and folders."""

from pathlib import Path

import pytest

from locust_asyncdjango.metrics.file_lock import exclusive_lock, remove_unused, shared_lock


def lock_is_free(path: Path) -> bool:
    try:
        with exclusive_lock(path, wait=False):
            return True
    except BlockingIOError:
        return False


@pytest.mark.parametrize("name", ["", "made.lock"], ids=["folder", "file"])
def test_a_lock_has_one_holder_at_a_time(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with exclusive_lock(path):
        assert not lock_is_free(path)
    assert lock_is_free(path)


def test_a_lock_ends_with_an_exception(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusive_lock(tmp_path):
        raise KeyError
    assert lock_is_free(tmp_path)


def test_what_a_file_holds_stays(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.write_text("kept")
    with exclusive_lock(file):
        assert file.read_text() == "kept"


def test_a_path_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), exclusive_lock(tmp_path / "no" / "folder"):
        pass


def test_a_folder_that_is_in_use_is_not_removed(tmp_path: Path) -> None:
    folder = tmp_path / "used"
    folder.mkdir()
    with shared_lock(folder):
        with shared_lock(folder):
            assert not remove_unused(folder)
        assert not remove_unused(folder)
    assert remove_unused(folder)
    assert not folder.exists()
    assert remove_unused(folder)
