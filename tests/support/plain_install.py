"""Run ``locust-asyncdjango`` as if nothing else were installed: ``python -P tests/support/plain_install.py list``."""

import sys
from importlib.machinery import ModuleSpec
from typing import Any

VISIBLE = {*sys.stdlib_module_names, "__main__", "locust_asyncdjango"}


class HidingFinder:
    """A finder of modules that hides what is neither in the standard library nor ours."""

    def __init__(self, finder: Any) -> None:
        self.finder = finder

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return what the finder finds, unless the module is hidden."""
        spec: ModuleSpec | None = None
        if name.partition(".")[0] in VISIBLE:
            spec = self.finder.find_spec(name, path, target)
        return spec


if __name__ == "__main__":
    sys.meta_path[:] = [HidingFinder(finder) for finder in sys.meta_path]
    from locust_asyncdjango.lab.cli import main

    sys.exit(main())
