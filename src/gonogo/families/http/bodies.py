"""Reads what a service said, as far as evidence may hold it; judges nothing.

Whatever is quoted is redacted before it is cut: half a secret is found by nobody, and still half a secret.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
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


def read_json(document: str | bytes, *, strict: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """The document. Raises ValueError, SaidTwice among them, and RecursionError.

    ``strict``: as clients in other languages read it, without NaN and Infinity.
    """
    text = document if isinstance(document, str) else document.decode(json.detect_encoding(document))
    return json.loads(
        text.removeprefix("\ufeff"), object_pairs_hook=_once, parse_constant=_no_number if strict else None
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        for name, value in pairs:
            if values[name] != value:
                raise SaidTwice(name)
    return values


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def http_date(text: str) -> datetime:
    """A moment in one of the three forms of RFC 9110, 5.6.7; all of them mean UTC. Raises ValueError, TypeError or OverflowError."""
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def clock_offset(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The Date header less our own clock; None for anything that is no date. A copy is as old as its Age says."""
    age = headers.get("age", "")
    try:
        return http_date(headers["date"]) + timedelta(seconds=int(age[:9]) if age.isdecimal() else 0) - now
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
