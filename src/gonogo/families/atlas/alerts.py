"""Reads alert settings of Atlas, and whether what limits them lets one cluster through."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gonogo.clients.json_api import mapping, number, objects, text
from gonogo.evidence.atlas import AlertSetting, Notification

_SWITCHED = {"GROUP", "ORG", "TEAM", "USER"}
"""Kinds of notifications that have switches for mail and SMS."""
_ADDRESSED = {"EMAIL": "emailAddress", "SMS": "mobileNumber", "SLACK": "channelName"}
"""Kinds that name whom they reach, and where."""
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUALS": lambda name, value: name == value,
    "CONTAINS": lambda name, value: value in name,
    "STARTS_WITH": lambda name, value: name.startswith(value),
    "ENDS_WITH": lambda name, value: name.endswith(value),
}
_NOT = "NOT_"
_PLAIN_PATTERN = re.compile(r"\^?(?:[\w -]|\\?\.\*?)*\$?")
"""Patterns without repetitions that could take for ever: names, dots, and ``.*``."""
_MOST_STARS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterNames:
    """Names of the cluster that the conditions of an alert setting are compared with."""

    cluster: str
    replica_set: str
    hosts: Sequence[str]


def read_alerts(settings: Sequence[Mapping[str, Any]], names: ClusterNames) -> tuple[AlertSetting, ...]:
    """All alert settings of the project."""
    return tuple(_alert(setting, names) for setting in settings)


def _alert(setting: Mapping[str, Any], names: ClusterNames) -> AlertSetting:
    matchers, limit = objects(setting.get("matchers")), mapping(setting.get("metricThreshold"))
    return AlertSetting(
        event=text(setting.get("eventTypeName")),
        metric=text(limit.get("metricName")),
        operator=text(limit.get("operator")),
        threshold=number(limit.get("threshold")),
        enabled=setting.get("enabled") is True,
        conditions=tuple(
            f"{matcher.get('fieldName')} {matcher.get('operator')} {matcher.get('value')}" for matcher in matchers
        ),
        about_cluster=_all(_passes(matcher, names) for matcher in matchers),
        notifications=tuple(_notification(notification) for notification in objects(setting.get("notifications"))),
    )


def _notification(settings: Mapping[str, Any]) -> Notification:
    kind = text(settings.get("typeName"))
    reaches: bool | None = None
    if kind in _SWITCHED:
        reaches = settings.get("emailEnabled") is True or settings.get("smsEnabled") is True
    elif (address := _ADDRESSED.get(kind, "")) in settings:
        reaches = bool(text(settings[address]).strip())
    delay = timedelta(minutes=number(settings.get("delayMin")) or 0)
    return Notification(kind=kind, reaches=reaches, delay=delay)


def _passes(matcher: Mapping[str, Any], names: ClusterNames) -> bool | None:
    """Whether one condition lets the whole cluster through; None if that cannot be told."""
    operator, value = text(matcher.get("operator")), text(matcher.get("value"))
    match matcher.get("fieldName"):
        case "CLUSTER_NAME":
            return _matches(names.cluster, operator, value)
        case "REPLICA_SET_NAME" if names.replica_set:
            return _matches(names.replica_set, operator, value)
        case "HOSTNAME" if names.hosts:
            return _all(_matches(host, operator, value) for host in names.hosts)
        case "TYPE_NAME":
            # A lost primary is what matters.
            return _matches("PRIMARY", operator, value)
        case _:
            return None


def _matches(name: str, operator: str, value: str) -> bool | None:
    if operator == "REGEX":
        return _found(name, value)
    compare = _OPERATORS.get(operator.removeprefix(_NOT))
    return None if compare is None else compare(name, value) != operator.startswith(_NOT)


def _found(name: str, pattern: str) -> bool | None:
    if pattern.count("*") > _MOST_STARS or not _PLAIN_PATTERN.fullmatch(pattern):
        return None
    return re.search(pattern, name) is not None


def _all(results: Iterable[bool | None]) -> bool | None:
    """False if any is, else None if any is, else True."""
    answers = list(results)
    if False in answers:
        return False
    return None if None in answers else True
