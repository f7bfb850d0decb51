"""What is said of a project that does not start."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.inspection.ask import advice
from locust_asyncdjango.lab.project.inspection.report import (
    Cache,
    Database,
    Mailer,
    ProjectReport,
    UrlPattern,
    read_report,
)

PYTHON = Path("/site/.venv/bin/python")
SECRET = 'add KEY = "..." below [project.env], or as "{env.KEY}" if it is secret'


@pytest.mark.parametrize(
    ("error", "what_to_do"),
    [
        ("ImproperlyConfigured: Set the KEY environment variable", SECRET),
        ("UndefinedValueError: KEY not found. Declare it as envvar or define a default value.", SECRET),
        ("KeyError: 'KEY'", SECRET),
        ('EnvError: Environment variable "KEY" not set', SECRET),
        (
            "ModuleNotFoundError: No module named 'django'",
            "/site/.venv/bin/python has no Django; name the project's own Python with the key python below [project]",
        ),
        (
            "ModuleNotFoundError: No module named 'rest_framework.views'",
            "if rest_framework is a package, name the Python that has it with the key python below [project]; if it is"
            " the project's, correct root or settings",
        ),
        (
            "ImproperlyConfigured: The SECRET_KEY setting must not be empty.",
            'add SECRET_KEY = "for the lab" below [project.env], if the settings read it from there',
        ),
        ("SyntaxError: invalid syntax", "mend it, or set what it needs below [project.env]"),
    ],
)
def test_what_to_do_about_an_error(error: str, what_to_do: str) -> None:
    assert advice(error, PYTHON) == what_to_do


def test_an_answer_becomes_a_report() -> None:
    assert read_report({}) == ProjectReport()
    answer = {
        "versions": {"python": "3.12.1", "django": "5.2"},
        "servers": {"gunicorn": "23.0"},
        "packages": {"django": "5.2"},
        "debug": True,
        "allowed_hosts": ["*"],
        "secure_ssl_redirect": True,
        "wsgi_application": "mysite.wsgi.application",
        "root_urlconf": "mysite.urls",
        "login_url": "/login/",
        "installed_apps": ["blog"],
        "sync_only_middleware": ["a.B"],
        "databases": {"default": {"engine": "x.postgresql", "host": "h", "port": "1", "name": "n", "pool": None}},
        "caches": {"default": {"backend": "b", "locations": ["l"]}},
        "mailers": {"": {"backend": "e", "host": "m", "port": 25}, "bulk": {"backend": "f", "port": "no"}},
        "static": {"url": "/static/", "root": "/s"},
        "urls": [{"name": "home", "route": "", "view": "v", "is_async": True, "parameters": {}}],
        "migrations": {"blog": {"0001_initial": "ab"}},
        "errors": {},
        "of another version": 1,
    }
    assert read_report(answer) == ProjectReport(
        versions={"python": "3.12.1", "django": "5.2"},
        servers={"gunicorn": "23.0"},
        packages={"django": "5.2"},
        debug=True,
        allowed_hosts=("*",),
        secure_ssl_redirect=True,
        wsgi_application="mysite.wsgi.application",
        root_urlconf="mysite.urls",
        login_url="/login/",
        installed_apps=("blog",),
        sync_only_middleware=("a.B",),
        databases=(Database("default", "x.postgresql", "h", "1", "n"),),
        caches=(Cache("default", "b", ("l",)),),
        mailers=(Mailer("", "e", "m", 25), Mailer("bulk", "f")),
        static_url="/static/",
        static_root="/s",
        urls=(UrlPattern("home", "", "v", is_async=True),),
        migrations={"blog": {"0001_initial": "ab"}},
    )
