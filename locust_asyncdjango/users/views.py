"""The locustfile with which the lab loads the views of a project: ``locust -f .../users/views.py``.

Its user classes are those of the JSON file that LOCUST_ASYNCDJANGO_VIEWS names. They log in before the load begins.
"""

import os
import sys
from typing import Any, NoReturn

from locust import events
from locust.env import Environment

from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.users.login import LoginFailedError
from locust_asyncdjango.users.view_users import ViewsFileError, log_in_before_load, view_users


def _refuse(error: Exception) -> NoReturn:
    sys.stderr.write(f"locust: error: {safe_line(str(error))}\n")
    sys.exit(2)


try:
    USER_CLASSES = view_users(os.environ)
except ViewsFileError as error:
    _refuse(error)
globals().update(USER_CLASSES)  # Locust runs the classes that it finds in a locustfile


def on_init(environment: Environment, **_: Any) -> None:
    """Log in, or end with exit code 2 where that fails."""
    try:
        log_in_before_load(environment, USER_CLASSES.values())
    except LoginFailedError as error:
        _refuse(error)


events.init.add_listener(on_init)
