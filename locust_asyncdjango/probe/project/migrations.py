"""The migrations of a project: what a prepared database depends on."""

import hashlib
from importlib.util import find_spec
from pathlib import Path


def list_migrations() -> dict[str, dict[str, str]]:
    """Return the migrations of each app by its label: the names of their modules, with the SHA-256 of their source."""
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    migrations = {}
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        if module and (hashes := _hash_modules(module)):
            migrations[app.label] = hashes
    return migrations


def _hash_modules(package: str) -> dict[str, str]:
    try:
        spec = find_spec(package)
    except ImportError:
        return {}
    folders = [Path(folder) for folder in (spec.submodule_search_locations or ())] if spec else []
    files = [file for folder in folders for file in sorted(folder.glob("*.py")) if file.stem[0] not in "_~"]
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
