"""Whom Atlas tells when something happens to the database."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import at_least, at_most, nothing
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.atlas import AlertSetting, AtlasEvidence, Notification
from gonogo.policy.catalogue import Policy

FAMILY = "atlas"

_DOWN = {"HOST_DOWN", "NO_PRIMARY"}
_ROOM = {"disk": {"DISK_PARTITION_SPACE_USED_DATA"}, "connections": {"CONNECTIONS", "CONNECTIONS_PERCENT"}}
_NO_SHARE = "CONNECTIONS"  # counted one by one; the other metrics are percent
_LATEST_WORD = timedelta(hours=1)
_REACHING = {
    "EMAIL",
    "SMS",
    "SLACK",
    "PAGER_DUTY",
    "OPS_GENIE",
    "VICTOR_OPS",
    "MICROSOFT_TEAMS",
    "WEBHOOK",
    "DATADOG",
    "GROUP",
    "ORG",
    "TEAM",
    "USER",
}


@pytest.mark.check("atlas-alerts")
def test_somebody_is_told_of_the_database(atlas: AtlasEvidence) -> None:
    """Atlas is the first to see that a node or the primary is lost.

    Fix: Project → Alerts → Add: "Host is down" or "Replica set has no primary", for this cluster or for all, with a
    recipient.
    """
    atlas.require("alerts")
    about = [alert for alert in atlas.alerts if alert.event in _DOWN]
    faults = [f"{alert.event} {fault}" for alert in about if (fault := _tells_nobody(alert, atlas.cluster))]
    telling = len(about) - len(faults)
    if telling:
        assert at_least(telling, 1, "alerts when a node or the primary is lost")
        return
    if any(alert.about_cluster is None and not _silent(alert) for alert in about):
        raise Unobserved(f"{atlas.cluster}: it is not known whether an alert applies to it: {'; '.join(faults)}")
    others = sorted({alert.metric or alert.event for alert in atlas.alerts} - _DOWN)
    raise AssertionError(
        f"{atlas.cluster}: nobody is notified when a node or the primary is lost (HOST_DOWN, NO_PRIMARY): "
        f"{'; '.join(faults) or 'there is no such alert'}; other alerts: {', '.join(others) or 'none'}"
    )


@pytest.mark.check("atlas-alerts-room")
def test_somebody_is_told_when_room_runs_out(atlas: AtlasEvidence, policy: Policy) -> None:
    """A database stops when its disk is full, and refuses the service when its connections are used up.

    Fix: Project → Alerts → Add: "Disk space % used" and "Connections % of configured limit" above 90, with a recipient.
    """
    atlas.require("alerts")
    most = policy.number("most_percent")
    told_metrics = {
        alert.metric for alert in atlas.alerts if not _tells_nobody(alert, atlas.cluster) and _in_time(alert, most)
    }
    for alert in atlas.alerts:
        if alert.metric in told_metrics and alert.metric != _NO_SHARE and alert.threshold is not None:
            _notes_threshold(alert, most, atlas.cluster)
    missing = [room for room, metrics in _ROOM.items() if not metrics & told_metrics]
    assert nothing(missing, f"of disk and connections, without an alert at {most:g} % or below"), (
        f"{atlas.cluster}: nobody is notified when {' and '.join(missing)} run out"
    )


def _tells_nobody(alert: AlertSetting, cluster: str) -> str:
    """Why an alert setting tells nobody of this cluster; empty if it does."""
    if silent := _silent(alert):
        return silent
    if alert.about_cluster is not True:
        return f"is for {' and '.join(alert.conditions)}, not for the whole of {cluster}"
    return ""


def _in_time(alert: AlertSetting, most_percent: float) -> bool:
    """Whether an alert about a metric fires before it is too late."""
    low_enough = alert.metric == _NO_SHARE or (alert.threshold is not None and alert.threshold <= most_percent)
    return alert.operator == "GREATER_THAN" and low_enough


def _notes_threshold(alert: AlertSetting, most: float, cluster: str) -> None:
    """An alert that counts, as it was judged: by the same limit."""
    if alert.threshold is not None and _in_time(alert, most) and not _tells_nobody(alert, cluster):
        at_most(alert.threshold, most, f"alert on {alert.metric} above", "%", kind="alert")


def _silent(alert: AlertSetting) -> str:
    if not alert.enabled:
        return "is off"
    if not any(_reaches(notification) for notification in alert.notifications):
        kinds = ", ".join(sorted({notification.kind for notification in alert.notifications}))
        return f"reaches nobody within {format_duration(_LATEST_WORD)} ({kinds or 'no recipient'})"
    return ""


def _reaches(notification: Notification) -> bool:
    """Whether somebody gets to know, and soon; groups, teams and users have mail and SMS switched on for it."""
    return notification.kind in _REACHING and notification.reaches is not False and notification.delay <= _LATEST_WORD
