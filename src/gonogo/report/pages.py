"""What our pages have in common: templates that escape everything, and sources whose hashes stand in the policy."""

import base64
import hashlib
from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from gonogo.report.visible import visible


def content_hash(text: str) -> str:
    """The hash of a text as a Content-Security-Policy wants it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page_environment(*packages: str) -> jinja2.Environment:
    """Templates of these packages, the first that has one first. Everything that they put out is escaped."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


@cache
def page_source(environment: jinja2.Environment, *names: str) -> Markup:
    """Our own style sheets or scripts, one after the other, as they stand in the page."""
    loader = environment.loader
    if loader is None:
        raise AssertionError(names)
    return Markup("").join(Markup(loader.get_source(environment, name)[0]) for name in names)  # noqa: S704 - our own files


def _finalize(value: Any) -> Any:  # noqa: ANN401 - whatever a template puts out
    """Everything but our own markup is shown with its hidden characters spelled out."""
    if isinstance(value, Markup) or value is None:
        return value
    return visible(str(value))
