"""Print where this Python looks for modules, as one JSON object on the last line. The lab runs it, in no project.

paths: sys.path. packages: what setuptools' editable installs lead to, by the name of the package or module.
"""

import json
import sys


def editable_packages() -> dict[str, str]:
    """Return the places to which the import hooks of editable installs lead, by the name of the package."""
    packages: dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        mapping = getattr(module, "MAPPING", None)
        if name.startswith("__editable__") and isinstance(mapping, dict):
            packages.update(mapping)
    return packages


if __name__ == "__main__":
    print(json.dumps({"paths": sys.path, "packages": editable_packages()}))
