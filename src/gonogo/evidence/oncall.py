"""Who is on call while users come: shifts, escalation, how people are notified, and the service that alerts go to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from gonogo.evidence.base import PartialEvidence

Span = tuple[datetime, datetime]
"""Begin and end of a time, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person's time on call."""

    person: str
    """The name in the system: PagerDuty has names, Opsgenie user names."""
    level: int = 1
    """The level of the escalation policy; level 1 is notified first."""
    begins: datetime | None = None
    """Begin in UTC; None for a shift without a beginning."""
    ends: datetime | None = None
    """End in UTC; None for a shift without an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one person is notified of an alert."""

    person: str
    methods: tuple[str, ...] = ()
    """Kinds of the contact methods that are not switched off, as the system names them: ``phone``, ``sms``."""
    rules: int = 0
    """Number of notification rules for an urgent alert that use one of these methods, within half an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A time in which the service makes no incident of an alert."""

    begins: datetime
    ends: datetime | None = None
    """End in UTC; None if it lasts until somebody ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertService:
    """The service (PagerDuty) or integration (Opsgenie) to which monitoring sends its alerts."""

    name: str
    status: str
    """PagerDuty: ``active``, ``warning``, ``critical``, ``maintenance``, ``disabled``. Opsgenie: ``enabled``, ``disabled``."""
    policy: str = ""
    """Name of the escalation policy that its alerts go to, if that is not the declared one."""
    maintenance: tuple[Maintenance, ...] = ()
    """Maintenance windows within the time that was asked about."""
    quiet: str = ""
    """When its incidents are of low urgency, which people are notified of by other rules, and which nobody escalates:
    ``always``, ``outside support hours`` or ``during support hours``; empty: never, or nobody says so."""

    @property
    def takes_alerts(self) -> bool:
        """Whether an alert becomes an incident now."""
        return self.status not in {"disabled", "maintenance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallEvidence(PartialEvidence):
    """The on-call system of a team, read with its token, about the time of the launch."""

    system: str
    """``PagerDuty`` or ``Opsgenie``."""
    begins: datetime
    """The time that was asked about: the launch and its first hours, or what is left of it."""
    ends: datetime
    absent: tuple[str, ...] = ()
    """What is declared and not there, by the system's own word: ``escalation policy Launch``."""
    first: tuple[Shift, ...] = ()
    """Shifts of those who are notified first: by the schedule, or else by level 1 of the policy."""
    told: tuple[Shift, ...] = ()
    """Shifts of everybody who is notified, at every level of the policy."""
    levels: int = 0
    """How many levels the policy has."""
    second_after: timedelta | None = None
    """How long the first level has to answer before the second one is notified; None if there is none."""
    people: tuple[Reach, ...] = ()
    service: AlertService | None = None
    """The service; None if none is declared, or it does not exist."""


def gaps(shifts: Iterable[Shift], begins: datetime, ends: datetime, *, people: int = 1) -> Sequence[Span]:
    """Return the times, in order, in which fewer than ``people`` different people are on call."""
    known = [(shift.person, shift.begins or begins, shift.ends or ends) for shift in shifts]
    edges = sorted({begins, ends, *(edge for _, *both in known for edge in both if begins < edge < ends)})
    found: list[Span] = []
    for start, end in pairwise(edges):
        if len({person for person, since, until in known if since <= start and until >= end}) >= people:
            continue
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return found
