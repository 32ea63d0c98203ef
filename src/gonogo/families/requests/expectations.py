"""Holds the reply to a declared request against its declaration: the facts in which it departs from it."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from gonogo.clients.exchanges import Body
from gonogo.families.http.bodies import SaidTwice, read_json
from gonogo.families.requests.pages import age_departures, page_departures
from gonogo.families.requests.section import HeaderRule, RequestEntry

_LONGEST = 80
_LONGEST_DEPARTURE = 300
_SUCCESS = range(200, 300)
_CANNOT_SAY = (JMESPathError, RecursionError)


def departures(entry: RequestEntry, body: Body, now: datetime) -> tuple[str, ...]:
    """Names what of the reply is not as declared, each with what was observed and what was expected."""
    named = (*_departures(entry, body), *page_departures(entry, body), *age_departures(entry, body, now))
    return tuple(body.redactor.text(text)[:_LONGEST_DEPARTURE] for text in named)


def observed(entry: RequestEntry, body: Body) -> Mapping[str, str]:
    """Give the values that the body holds for each expression, as JSON; nothing if the body is no JSON."""
    try:
        document = read_json(body.content, strict=True)
    except (ValueError, RecursionError):
        return {}
    return {expression: body.redactor.text(_observed(expression, document)) for expression in entry.expressions}


def _departures(entry: RequestEntry, body: Body) -> Iterator[str]:
    status = body.exchange.status
    if status not in (entry.status or _SUCCESS):
        wanted = " or ".join(map(str, entry.status)) or "one of 2xx"
        where = body.exchange.headers.get("location", "")
        yield f"{wanted} is expected, not {status}{f' (to {where})' if where else ''}"
    for name, expected in entry.header.items():
        yield from _header(name, expected, body.headers.get(name.lower()))
    if entry.body and entry.body not in body.text:
        yield f"{entry.body!r} does not stand in the body{_beginning(body)}"
    if entry.never and entry.never in body.text:
        yield f"{entry.never!r} stands in the body"
    if entry.expressions:
        yield from _values(entry, body)


def _header(name: str, expected: HeaderRule, value: str | None) -> Iterator[str]:
    if value is None:
        if expected is not False:
            yield f"the header {name} is missing" + (f", {expected!r} is expected" if expected is not True else "")
    elif expected is False:
        yield f"the header {name} is {value[:_LONGEST]!r}, and should not be there"
    elif expected is not True and expected.lower() not in value.lower():
        yield f"the header {name} is {value[:_LONGEST]!r}, {expected!r} is expected"


def _values(entry: RequestEntry, body: Body) -> Iterator[str]:
    try:
        document = read_json(body.content, strict=True)
    except SaidTwice as twice:
        yield f"the body says {str(twice)[:_LONGEST]!r} twice{_beginning(body)}"
        return
    except (ValueError, RecursionError):
        yield f"the body is no JSON{_beginning(body)}"
        return
    for expression in entry.expressions:
        try:
            if jmespath.search(expression, document) is not True:
                yield f"{expression} is not true: found {_observed(expression, document)}"
        except _CANNOT_SAY as error:
            yield f"{expression} cannot be said of this body: {' '.join(str(error).split())}"


def _observed(expression: str, document: object) -> str:
    """Give the left sides of its comparisons; the value of the whole where it compares nothing."""
    # Operands have no source text of their own in the parsed form, so that values alone are told.
    operands = [node["children"][0] for node in _comparisons(jmespath.compile(expression).parsed)]
    try:
        values = [TreeInterpreter().visit(operand, document) for operand in operands]
        return ", ".join(map(_shown, values or [jmespath.search(expression, document)]))
    except _CANNOT_SAY as error:
        return " ".join(str(error).split())[:_LONGEST]


def _comparisons(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Comparisons that speak of the whole document: those inside of a filter speak of its elements."""
    if node["type"] == "comparator":
        yield node
    elif node["type"] in {"and_expression", "or_expression", "not_expression"}:
        for child in node["children"]:
            yield from _comparisons(child)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:_LONGEST]


def _beginning(body: Body) -> str:
    return f"; it begins with {body.text[:_LONGEST]!r}" if body.text else "; it is empty"
