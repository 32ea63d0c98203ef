"""The alarm of the watch about itself: its journal cannot be written. It is told as any other is, and is a warning.

It takes no release back and aborts nothing: the service may be well. But nobody could show afterwards that it was, and what
people acknowledge meanwhile does not arrive.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gonogo.evidence.watch import AlertState, Transition
from gonogo.families.watch.alerts import Alert, Rule
from gonogo.families.watch.section import Threshold

JOURNAL = "watch_journal"
"""Its name among the alerts. No entry of an environment file can have one like it."""
OWN_RULES: Mapping[str, Rule] = {
    JOURNAL: Rule(
        name=JOURNAL,
        watched=Threshold.model_validate(
            {
                "title": "The watch cannot write its journal",
                "signal": {"checks": ["watch-journal"]},
                "above": 0,
                "severity": "warning",
                "first_step": "Free disk space, or make the file writable: until then, everything that the watch sees is only in memory.",
            }
        ),
        no_data=timedelta(),
    )
}


def advance_own(alert: Alert, trouble: str, at: float, utc: datetime) -> tuple[Alert, tuple[Transition, ...]]:
    """The alert at this round, and what changed. ``trouble`` is why it cannot be written; empty where it can."""
    if bool(trouble) == alert.alarms:
        return alert, ()
    number = alert.number + bool(trouble)
    after = replace(
        alert,
        state=AlertState.FIRING if trouble else AlertState.OK,
        since=at,
        number=number,
        id=f"{JOURNAL}-{number}" if trouble else "",
    )
    transition = Transition(
        at=at,
        utc=utc,
        threshold=JOURNAL,
        alert=after.id or alert.id,
        before=alert.state,
        after=AlertState.FIRING if trouble else AlertState.RESOLVED,
        reason=trouble or "it is written again, with everything that waited in memory",
    )
    return after, (transition,)
