"""Tells how often an error must happen before a condition of Sentry's is fulfilled."""

from collections.abc import Mapping, Sequence
from typing import Any

from gonogo.clients.json_api import number, text

_HOURS: Mapping[str, float] = {"1m": 1 / 60, "5m": 1 / 12, "15m": 0.25, "1h": 1, "1d": 24, "1w": 168, "30d": 720}
"""Intervals that Sentry offers."""
_COUNTED = {"event_frequency_count", "event_unique_user_frequency_count"}
_COMPARED = {"event_frequency_percent", "event_unique_user_frequency_percent", "percent_sessions_percent"}
"""Conditions about how much more there is of something than some time before, in percent."""
HARDLY_EVER = 1e9
"""Stands for a number of events that does not come; JSON has no infinity."""
_TENFOLD = 1000
_ALL = 100


def events_needed(kind: str, wanted: Mapping[str, Any]) -> float:
    """How many events of one error an hour a condition demands, or at all."""
    value = number(wanted.get("value"))
    if value is None:
        return 0
    if kind in _COMPARED or (kind in _COUNTED and wanted.get("comparisonType") == "percent"):
        return HARDLY_EVER if value > _TENFOLD else 0
    if kind == "percent_sessions_count":
        return HARDLY_EVER if value >= _ALL else 0
    if kind in _COUNTED:
        return value / _HOURS.get(text(wanted.get("interval")), 1)
    return value if kind == "issue_occurrences" else 0


def needed_together(each: Sequence[float], logic: str) -> float:
    """What several conditions demand of one error: the most of them, or the least where any of them will do."""
    if not each or logic == "none":
        return 0
    return min(each) if logic in {"any", "any-short"} else max(each)
