"""HTML from the Jinja templates in ``templates/``. A page is one file that loads nothing else, to be sent and kept.

``page.html`` is the frame of every report, ``tables.html`` has the macros for tables and lists. Autoescape is on; only
our own style sheets and scripts are marked as safe.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from locust_asyncdjango import analysis
from locust_asyncdjango.analysis.charts import Chart

_LOAD = re.compile(r"\b\d+ (?:users?|arrivals/s)\b")

JSON_OPTIONS = {"separators": (",", ":"), "allow_nan": False}
"""Options for the JSON of charts: short, standard, and in the order in which the data are drawn."""


def render_page(
    template: str, title: str, heading: str, charts: Mapping[str, list[Chart]] | None = None, **context: Any
) -> str:
    """Return a page. charts: what to draw, by the id of the empty <div> in which it is drawn."""
    page = _environment().get_template(template)
    return page.render(title=title, heading=heading, charts=dict(charts or {}), **context) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = JSON_OPTIONS
    environment.globals["static_file"] = _static_file
    environment.tests["number_text"] = _is_number
    environment.filters["with_bold_loads"] = _with_bold_loads
    return environment


def _static_file(name: str) -> str:
    """Return the text of a style sheet or a script: of the charts, which the web UI has too, or of our pages."""
    ours = files(__package__).joinpath("static", name)
    return (ours if ours.is_file() else files(analysis).joinpath("static", name)).read_text(encoding="utf-8")


def _with_bold_loads(text: str) -> Markup:
    """Return a text as HTML in which each load is bold."""
    return Markup(_LOAD.sub(r"<b>\g<0></b>", str(escape(text))))  # noqa: S704  # escaped


def _is_number(text: object) -> bool:
    return str(text).replace(".", "", 1).isdecimal()
