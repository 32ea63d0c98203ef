"""Holds a reply against a declared page: the facts in which it departs from it."""

from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.exchanges import Body
from gonogo.environment.pages import Page
from gonogo.families.http.bodies import SaidTwice, read_json

_MISSING = object()
_LONGEST = 60


def authorization(page: Page, secrets: Secrets) -> Mapping[str, str]:
    """The header that the page is asked with."""
    return {"Authorization": f"Bearer {secrets[page.token]}"} if page.token else {}


def departures(page: Page, body: Body) -> tuple[str, ...]:
    """Names what of the reply is not as declared; empty when it is, or when nothing is declared."""
    if body.exchange.status is None or not page.says:
        return ()
    return tuple(body.redactor.text(text)[:300] for text in _departures(page, body))


def value_at(document: object, key: str) -> object:
    """The value at ``database.status`` or ``checks.0.status``; keys that hold dots themselves are found as well."""
    if isinstance(document, Mapping) and key in document:
        return document[key]
    head, separator, tail = key.partition(".")
    while separator:
        inner: Any = _MISSING
        if isinstance(document, Mapping):
            inner = document.get(head, _MISSING)
        elif isinstance(document, list) and head.isdecimal() and int(head[:9]) < len(document):
            inner = document[int(head[:9])]
        if inner is not _MISSING and (value := value_at(inner, tail)) is not _MISSING:
            return value
        more, separator, tail = tail.partition(".")
        head = f"{head}.{more}"
    if isinstance(document, list) and key.isdecimal() and int(key[:9]) < len(document):
        return document[int(key[:9])]
    return _MISSING


def is_missing(value: object) -> bool:
    """Whether ``value_at`` found nothing."""
    return value is _MISSING


def _departures(page: Page, body: Body) -> Iterator[str]:
    if page.status and body.exchange.status not in page.status:
        yield f"the status is {body.exchange.status}, {' or '.join(map(str, page.status))} is declared"
    if page.body and page.body not in body.text:
        yield f"{page.body!r} does not stand in the body"
    if page.never and page.never in body.text:
        yield f"{page.never!r} stands in the body"
    if page.values:
        yield from _values(page, body)


def _values(page: Page, body: Body) -> Iterator[str]:
    try:
        document = read_json(body.content, strict=True)
    except SaidTwice as twice:
        yield f"the body says {str(twice)[:_LONGEST]!r} twice"
        return
    except (ValueError, RecursionError):
        yield "the body is no JSON"
        return
    for key, wanted in page.values.items():
        value = value_at(document, key)
        if is_missing(value):
            yield f"{key} is missing, {wanted!r} is declared"
        elif value != wanted or isinstance(value, bool) is not isinstance(wanted, bool):
            yield f"{key} is {str(value)[:_LONGEST]!r}, {str(wanted)!r} is declared"
