"""Reads what a service said, as far as evidence may hold it; judges nothing.

Whatever is quoted is redacted before it is cut: half a secret is found by nobody, and still half a secret.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from gonogo.base.redaction import Redactor

Quote = Callable[[object], str | None]
_LONGEST = 100


def quoting(redactor: Redactor, longest: int = _LONGEST) -> Quote:
    """A function that gives any text of the target in a form that evidence may hold, and None for what is no text."""

    def quote(value: object) -> str | None:
        if not isinstance(value, str):
            return None
        # JSON may spell lone surrogates, which no file can hold.
        return redactor.text(value.encode("utf-8", "replace").decode())[:longest]

    return quote


class SaidTwice(ValueError):
    """A JSON object has one name twice, with two values: readers differ in which of them they take (RFC 8259, 4)."""


def read_json(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The document. Raises ValueError, SaidTwice among them, and RecursionError."""
    return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        for name, value in pairs:
            if values[name] != value:
                raise SaidTwice(name)
    return values


def clock_offset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The Date header less our own clock; None for anything that is no date. A copy is as old as its Age says."""
    age = headers.get("age", "")
    try:
        written = parsedate_to_datetime(headers["date"])
        return written + timedelta(seconds=int(age[:9]) if age.isdecimal() else 0) - now
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
