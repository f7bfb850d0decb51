"""Which services are the user's, and which Redis is started."""

import os
import subprocess
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import services

VARIABLES = ("DATABASE_URL", "REDIS_URL", "SLOW_API_URL")


@pytest.fixture(autouse=True)
def no_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the services that the environment names."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_services_of_the_user_are_named_without_their_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    assert services.user_services() == {}
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret@db.example:5432/x")
    monkeypatch.setenv("REDIS_URL", "unix:///run/redis.sock")
    assert services.user_services() == {"DATABASE_URL": "db.example:5432", "REDIS_URL": "/run/redis.sock"}
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:p/secret@db.example:5432/x")
    monkeypatch.setenv("REDIS_URL", "redis://:secret@[::bad/0")
    assert services.user_services() == {"DATABASE_URL": "db.example:5432"}


def program(folder: Path, name: str) -> Path:
    """Return the path of a new program."""
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_machines_redis_comes_before_its_valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    valkey = program(tmp_path, "valkey-server")
    assert services.redis_program() == valkey
    redis = program(tmp_path, "redis-server")
    assert services.redis_program() == redis


def test_without_either_the_wheels_valkey_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    path = services.redis_program()
    assert os.access(path, os.X_OK)
    assert subprocess.run([path, "--version"], capture_output=True, check=True).stdout.startswith(b"Valkey server v=9")
