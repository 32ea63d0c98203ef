"""Times as the APIs of providers write them (RFC 3339)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def time_of(value: Any) -> datetime | None:  # noqa: ANN401 - JSON
    """A time in UTC; None for whatever else may have come. A time without a zone is in UTC."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def newest_first(items: Sequence[Mapping[str, Any]], key: str) -> tuple[datetime, ...]:
    """All times that stand under a key, the latest first."""
    return tuple(sorted((time for item in items if (time := time_of(item.get(key)))), reverse=True))
