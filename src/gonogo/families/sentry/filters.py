"""Tells whether the filters of an alert's action let an ordinary new error through."""

from collections.abc import Mapping, Sequence
from typing import Any

from gonogo.clients.json_api import mapping, objects, text
from gonogo.evidence.sentry import alike

_ERROR = 40
"""Sentry's number of the level of an exception that nobody caught."""
_TAGS = {"level": "error"}
"""Tags that such an exception has, beside its environment."""
_ATTRIBUTES = {"type": "error"}
_WHOLE = {"eq", "ne", "in", "nin"}
"""Comparisons with a whole name: one that is nearly the environment's may have been meant for it."""
_LONGEST = 100
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


def passes_workflow(conditions: Sequence[Mapping[str, Any]], logic: str, environment: str | None) -> bool | None:
    """Whether a new error of the environment gets past the conditions of an action filter; None if it depends on the error."""
    results = [_condition(condition, environment) for condition in conditions]
    return _together(results, logic)


def passes_rule(filters: Sequence[Mapping[str, Any]], match: str, environment: str | None) -> bool | None:
    """Whether the filters of an older rule let an ordinary error through; None if that cannot be told."""
    results = [_passes(filter_kind(part), part, environment) for part in filters]
    return _together(results, match)


def condition_name(condition: Mapping[str, Any]) -> str:
    """A condition in a few words, as ``tag customer eq acme``."""
    return _name(text(condition.get("type")) or "unknown", mapping(condition.get("comparison")))


def filter_name(part: Mapping[str, Any]) -> str:
    """A filter of an older rule in the words that are used of a condition."""
    return _name(filter_kind(part), part)


def filter_kind(part: Mapping[str, Any]) -> str:
    """The name of today for a filter of a rule, which is named by its class."""
    name = text(part.get("id")).rpartition(".")[2]
    return _RULE_FILTERS.get(name, name or "unknown")


def _name(kind: str, wanted: Mapping[str, Any]) -> str:
    subject = {"tagged_event": f"tag {text(wanted.get('key'))}", "event_attribute": text(wanted.get("attribute"))}
    if kind not in subject:
        return kind
    words = (subject[kind], text(wanted.get("match")), text(wanted.get("value")))
    return " ".join(word for word in words if word)[:_LONGEST]


def _condition(condition: Mapping[str, Any], environment: str | None) -> bool | None:
    passes = _passes(text(condition.get("type")), condition.get("comparison"), environment)
    return not passes if passes is not None and condition.get("conditionResult") is False else passes


def _passes(kind: str, comparison: Any, environment: str | None) -> bool | None:  # noqa: ANN401 - JSON
    """Whether a new error of level "error" passes one filter; None where that depends on the error."""
    wanted = mapping(comparison)
    if kind in _LET_THROUGH:
        return _together([_by_value(part, environment) for part in objects(wanted.get("filters"))], "all")
    if kind == "level" and (level := _number(wanted.get("level"))) is not None:
        return {"eq": level == _ERROR, "gte": level <= _ERROR, "lte": level >= _ERROR}.get(text(wanted.get("match")))
    if kind in {"tagged_event", "event_attribute"}:
        return _by_value(wanted, environment)
    if kind == "issue_category" and (category := _number(wanted.get("value"))) is not None:
        return category == _ERRORS
    return None


def _by_value(wanted: Mapping[str, Any], environment: str | None) -> bool | None:
    """Whether an error passes a filter by a tag, or by an attribute: only of few of them is its value known."""
    match, key = text(wanted.get("match")), text(wanted.get("key")).lower()
    values = {**_TAGS, "environment": environment} if key else {**_ATTRIBUTES, "environment": environment}
    own = values.get(key or text(wanted.get("attribute")).lower())
    if own is None:
        return None
    value = text(wanted.get("value")).lower()
    listed = value.replace(" ", "").split(",") if match.endswith("in") else [value]
    if (
        own == environment
        and match in _WHOLE
        and own.lower() not in listed
        and any(alike(name, own) for name in listed)
    ):
        return None
    return _compare(match, own.lower(), value, listed)


def _compare(match: str, own: str, value: str, listed: Sequence[str]) -> bool | None:
    """By Sentry's own rules, which know no capitals; the values of ``in`` are parted by commas."""
    outcomes = {
        "eq": own == value,
        "sw": own.startswith(value),
        "ew": own.endswith(value),
        "co": value in own,
        "in": own in listed,
        "is": True,
    }
    negated = {"ne": "eq", "nsw": "sw", "new": "ew", "nc": "co", "nin": "in", "ns": "is"}
    return not outcomes[negated[match]] if match in negated else outcomes.get(match)


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
