"""An application that cannot be imported."""

import not_installed  # type: ignore[import-not-found]

application = not_installed.application
