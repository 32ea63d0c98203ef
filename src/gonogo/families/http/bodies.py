"""Reads what a service said, as far as evidence may hold it; judges nothing.

Whatever is quoted is redacted before it is cut: half a secret is found by nobody, and still half a secret.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from gonogo.base.redaction import Redactor
from gonogo.clients.http import Body

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


def json_object(body: Body) -> dict[str, Any]:
    """The JSON object of a complete body; empty for anything else."""
    if body.exchange.truncated or body.exchange.status is None:
        return {}
    try:
        document = json.loads(body.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def strict_json(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The document as clients in other languages read it: without NaN and Infinity. Raises ValueError or RecursionError."""
    return json.loads(content, parse_constant=_no_number)


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
