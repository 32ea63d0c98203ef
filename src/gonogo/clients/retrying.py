"""When an HTTP API asks to be asked again, and how long it wants to be left alone before."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

TEMPORARY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_PAUSE = timedelta(milliseconds=500)
"""Where it does not say how long."""


def asked_to_wait(headers: Mapping[str, str]) -> timedelta:
    """The pause before the next try: Retry-After in seconds or as a date (RFC 9110, 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        # More digits than a week of seconds has are a week as well.
        return timedelta(seconds=min(int(value[:9]), 7 * 24 * 3600))
    until = _time(value)
    if until is None:
        return _PAUSE
    # The API's own clock says how far away its date is.
    now = _time(headers.get("date", "")) or datetime.now(UTC)
    return max(until - now, timedelta())


def _time(value: str) -> datetime | None:
    try:
        time = parsedate_to_datetime(value)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
