"""Tells whether the filters of an alert's action let an ordinary new error through."""

from collections.abc import Mapping, Sequence
from typing import Any

from gonogo.clients.json_api import mapping, text

_ERROR = 40
"""Sentry's number of the level of an exception that nobody caught."""
_LEVEL_NAME = "error"
"""The value of the tag ``level`` of such an exception."""
_ERRORS = 1
"""Sentry's number of the category of issues that are errors."""
_LET_THROUGH = {
    "event_frequency_count",
    "event_frequency_percent",
    "event_unique_user_frequency_count",
    "event_unique_user_frequency_percent",
    "issue_occurrences",
    "latest_adopted_release",
    "latest_release",
    "percent_sessions_count",
    "percent_sessions_percent",
}
"""What frequent errors of the release that is being launched pass."""
_RULE_FILTERS = {
    "AgeComparisonFilter": "age_comparison",
    "AssignedToFilter": "assigned_to",
    "EventAttributeFilter": "event_attribute",
    "IssueCategoryFilter": "issue_category",
    "IssueOccurrencesFilter": "issue_occurrences",
    "LatestAdoptedReleaseFilter": "latest_adopted_release",
    "LatestReleaseFilter": "latest_release",
    "LevelFilter": "level",
    "TaggedEventFilter": "tagged_event",
}
"""Classes of the older rules' filters, by the names that workflows have for them."""


def passes_workflow(conditions: Sequence[Mapping[str, Any]], logic: str) -> bool | None:
    """Whether a new error gets past the conditions of an action filter; None if that depends on the error."""
    results = [_condition(condition) for condition in conditions]
    return _together(results, logic)


def passes_rule(filters: Sequence[Mapping[str, Any]], match: str) -> bool | None:
    """Whether the filters of an older rule let an ordinary error through; None if that cannot be told."""
    results = [_passes(filter_name(part), part) for part in filters]
    return _together(results, match)


def filter_name(part: Mapping[str, Any]) -> str:
    """The name of today for a filter of a rule, which is named by its class."""
    name = text(part.get("id")).rpartition(".")[2]
    return _RULE_FILTERS.get(name, name or "unknown")


def _condition(condition: Mapping[str, Any]) -> bool | None:
    passes = _passes(text(condition.get("type")), condition.get("comparison"))
    return not passes if passes is not None and condition.get("conditionResult") is False else passes


def _passes(kind: str, comparison: Any) -> bool | None:  # noqa: ANN401 - JSON
    """Whether a new error of level "error" passes one filter; None where that depends on the error."""
    if kind in _LET_THROUGH:
        return True
    wanted = mapping(comparison)
    if kind == "level" and (level := _number(wanted.get("level"))) is not None:
        return {"eq": level == _ERROR, "gte": level <= _ERROR, "lte": level >= _ERROR}.get(text(wanted.get("match")))
    if kind == "tagged_event" and wanted.get("key") == "level":
        value = text(wanted.get("value"))
        # A level is one word: what begins or ends with it is it.
        alike = value == _LEVEL_NAME or (wanted.get("match") in {"co", "nc"} and value in _LEVEL_NAME)
        return {"eq": alike, "co": alike, "ne": not alike, "nc": not alike, "is": True, "ns": False}.get(
            text(wanted.get("match"))
        )
    if kind == "issue_category" and (category := _number(wanted.get("value"))) is not None:
        return category == _ERRORS
    return None


def _together(results: Sequence[bool | None], logic: str) -> bool | None:
    """All of them must pass, any, or none."""
    if not results:
        return True
    if logic == "none":
        results = [None if passes is None else not passes for passes in results]
    settling = logic in {"any", "any-short"}
    if settling in results:
        return settling
    return None if None in results else not settling


def _number(value: Any) -> int | None:  # noqa: ANN401 - JSON: a number, or its digits
    return int(value) if str(value).isdecimal() else None
