"""Reads what a service said, as far as evidence may hold it; judges nothing.

Whatever is quoted is redacted before it is cut: half a secret is found by nobody, and still half a secret.
"""

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample

from gonogo.base.redaction import Redactor
from gonogo.clients.http import Body

Samples = Sequence[tuple[str, float]]
Quote = Callable[[object], str | None]
_LONGEST = 100
_MOST_DEPENDENCIES = 100
_MOST_SERIES = 2000
_DEPENDENCIES = ("dependencies", "checks", "components")
"""Our own word, the word of application/health+json, and Spring's."""


def quoting(redactor: Redactor, longest: int = _LONGEST) -> Quote:
    """A function that gives any text of the target in a form that evidence may hold, and None for what is no text."""

    def quote(value: object) -> str | None:
        if not isinstance(value, str):
            return None
        # JSON may spell lone surrogates, which no file can hold.
        return redactor.text(value.encode("utf-8", "replace").decode())[:longest]

    return quote


def json_object(body: Body) -> dict[str, Any]:
    """The JSON object of a complete body; empty for anything else."""
    if body.exchange.truncated or body.exchange.status is None:
        return {}
    try:
        document = json.loads(body.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def dependencies(document: Mapping[str, Any], quote: Quote) -> dict[str, str]:
    """As ``{"mongodb": {"status": "ok"}}``, ``{"mongodb": [{"status": "pass"}]}`` or ``{"mongodb": "ok"}``."""
    found: Mapping[str, Any] = next((document[key] for key in _DEPENDENCIES if isinstance(document.get(key), dict)), {})
    return {
        quote(name) or "": quote(_status(item)) or "nothing" for name, item in islice(found.items(), _MOST_DEPENDENCIES)
    }


def _status(item: object) -> str:
    several = item if isinstance(item, list) else [item]
    return ", ".join(sorted({_word(one.get("status") if isinstance(one, dict) else one) for one in several}))


def _word(value: object) -> str:
    match value:
        case bool():
            return "up" if value else "down"
        case str() | int() | float():
            return str(value)
        case _:
            return "nothing"


def clock_offset(date: str | None, now: datetime) -> timedelta | None:
    """A Date header less our own clock; None for anything that is no date."""
    try:
        return parsedate_to_datetime(date) - now if date else None
    except (ValueError, TypeError, OverflowError):
        return None


def samples(body: Body) -> tuple[Samples, str]:
    """Names and values of a scrape, and what is wrong with it."""
    found, problem = labelled(body)
    return [(sample.name, float(sample.value)) for sample in found], problem


def labelled(body: Body) -> tuple[Sequence[Sample], str]:
    """The samples of a scrape with their labels, and what is wrong with it."""
    exchange = body.exchange
    if not exchange.ok:
        return [], exchange.problem or f"status {exchange.status}"
    openmetrics = "openmetrics" in exchange.headers.get("content-type", "")
    try:
        families = list((parse_openmetrics if openmetrics else parse_text)(body.text))
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        return [], f"not in the exposition format: {error}"
    return [sample for family in families for sample in family.samples], ""


def series(found: Samples, required: Collection[str], quote: Quote) -> tuple[str, ...]:
    """The names, in order; when there are too many to keep, those that are asked for are kept."""
    names = sorted({name for name, _ in found}, key=lambda name: (name not in required, name))
    return tuple(sorted(quote(name) or "" for name in names[:_MOST_SERIES]))


def sums(found: Samples, names: Sequence[str]) -> dict[str, float]:
    """Over all labels of each of the names. What adds up to no number has not been counted, and is left out."""
    totals = {name: math.fsum(value for one, value in found if one == name) for name, _ in found if name in names}
    return {name: total for name, total in totals.items() if math.isfinite(total)}


def undocumented(paths: Mapping[str, Any]) -> list[str]:
    """Operations of an OpenAPI document that promise no response."""
    methods = ("get", "put", "post", "delete", "patch")
    return [
        f"{method.upper()} {path}"
        for path, item in paths.items()
        if isinstance(item, dict)
        for method in methods
        if isinstance(operation := item.get(method), dict) and not operation.get("responses")
    ]
