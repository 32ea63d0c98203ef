"""Who is on call while users come: shifts, escalation, how people are told, and the service that alerts go to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from gonogo.evidence.base import PartialEvidence

Span = tuple[datetime, datetime]
"""From, and until."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One person on call."""

    person: str
    """As the system names people: PagerDuty by name, Opsgenie by user name."""
    level: int = 1
    """Of the escalation policy: who is told first is level 1."""
    begins: datetime | None = None
    """None: always was."""
    ends: datetime | None = None
    """None: does not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How one person is told of an alert."""

    person: str
    methods: tuple[str, ...] = ()
    """Kinds of the contact methods that are not switched off, as the system names them: ``phone``, ``sms``."""
    rules: int = 0
    """Notification rules of an urgent alert that tell this person by one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A time in which the service makes no incident of an alert."""

    begins: datetime
    ends: datetime | None = None
    """None: until somebody ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertService:
    """What monitoring sends its alerts to."""

    name: str
    status: str
    """PagerDuty: ``active``, ``warning``, ``critical``, ``maintenance``, ``disabled``. Opsgenie: ``enabled``, ``disabled``."""
    policy: str = ""
    """Name of the escalation policy that its alerts go to, where that is another one than the declared one."""
    maintenance: tuple[Maintenance, ...] = ()
    """Within the time that was asked about."""

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
    """Who is told first: level 1 of the policy, or the schedule."""
    told: tuple[Shift, ...] = ()
    """Everybody who is told, at every level of the policy."""
    levels: int = 0
    """How many levels the policy has."""
    people: tuple[Reach, ...] = ()
    service: AlertService | None = None
    """None: none is declared, or there is none."""


def gaps(shifts: Iterable[Shift], begins: datetime, ends: datetime, *, people: int = 1) -> Sequence[Span]:
    """When fewer different people than so many are on call."""
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
