"""Moments and words as people write them in files and on the command line."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from gonogo.base.durations import parse_duration
from gonogo.base.errors import UsageError

_DATE = len("2026-12-01")


def end_of_day(day: date) -> datetime:
    """The last moment of a day in UTC: whoever names a day means all of it."""
    return datetime.combine(day, time.max, UTC)


def _moment(value: Any) -> datetime:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"not a moment ({error}); write it as in 2026-12-01T09:00:00Z") from None
    if not isinstance(value, datetime):
        raise ValueError("a moment is expected, with date, time and zone, as in 2026-12-01T09:00:00Z")  # noqa: TRY004 - pydantic collects ValueError
    if value.tzinfo is None:
        raise ValueError("has no zone, and could be meant anywhere on earth; write it as in 2026-12-01T09:00:00Z")
    return value.astimezone(UTC)


def _ending(value: Any) -> datetime:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, date) and not isinstance(value, datetime):
        return end_of_day(value)
    if isinstance(value, str) and len(value) == _DATE:
        try:
            return end_of_day(date.fromisoformat(value))
        except ValueError as error:
            raise ValueError(f"not a day ({error}); write it as in 2026-12-01") from None
    return _moment(value)


def _spoken(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; write it in words")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""In UTC; a moment without a zone is refused."""
Ending = Annotated[datetime, BeforeValidator(_ending)]
"""A moment, or a day, which then counts until its end in UTC. It includes itself."""
Words = Annotated[str, AfterValidator(_spoken)]


def as_written(ending: datetime) -> date | datetime:
    """The day, where an ending is that of a day; else the moment."""
    return ending.date() if ending == end_of_day(ending.date()) else ending


def ending_from(text: str, now: datetime, option: str) -> datetime:
    """``90d`` from now, the end of a day (UTC) or a moment with its zone. Raises UsageError."""
    try:
        if text[:1].isdigit() and not text[:4].isdigit():
            return now + parse_duration(text)
        return _ending(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r}: {error}; write 90d, 2026-12-01 or 2026-12-01T09:00:00Z") from None
    except OverflowError:
        raise UsageError(f"{option}: {text!r} is later than any date") from None


def longer_than(begin: datetime, end: datetime, longest: timedelta) -> bool:
    """Whether it lasts too long. What ends with a day may end with the day on which the time is over."""
    most = begin + longest
    return end > (end_of_day(most.date()) if end == end_of_day(end.date()) else most)
