"""Evidence about the Sentry project that errors are sent to."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from gonogo.evidence.base import Evidence, PartialEvidence


def alike(first: str, other: str) -> bool:
    """Whether two names may mean one environment, as ``Prod`` and ``production``; Sentry itself takes them for two."""
    short, long = sorted((first.casefold(), other.casefold()), key=len)
    return len(short) > 2 and long.startswith(short) and (short == long or long.isalpha())  # noqa: PLR2004 - letters


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLimit:
    """How many events a client key takes in a time; what is more is dropped."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An action of an alert."""

    kind: str
    """As Sentry names it: ``email``, ``slack``, ``pagerduty`` and others."""
    status: str = "active"
    target: str = ""
    """Kind of a mail's recipient: ``user``, ``team`` or ``issue_owners``."""
    named: bool = True
    """False for a mail to a member or a team that names neither."""
    filters: tuple[str, ...] = ()
    """What an issue must be like for it, as ``level``, or ``tag customer eq acme``."""
    passes: bool | None = True
    """Whether an ordinary new error gets past these; None if that depends on the error."""
    needs: float = 0
    """How many events of the error an hour these demand, or at all."""
    fallthrough: str = ""
    """Recipients where an issue has no owner: ``ActiveMembers``, ``AllMembers`` or ``NoOne``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule that tells somebody: a workflow, or a rule of the older kind."""

    name: str
    enabled: bool
    muted: Literal["", "everybody", "reader"] = ""
    """For whom it is muted (``snooze``): for all, or for the user whose token asks; empty for nobody."""
    repeats: timedelta | None = None
    """How long it is silent about an issue that it has told of (``frequency``); None where Sentry does not say."""
    environment: str = ""
    """The only environment whose issues it is about; empty for all."""
    monitors: tuple[str, ...] = ()
    """Kinds of the monitors of this project that it is connected to, as ``error``; ``unknown`` where none is told."""
    triggers: tuple[str, ...] = ()
    """What starts it, as ``first_seen_event``; empty for every event. What must not be so begins with ``not ``."""
    needs: dict[str, float] = field(default_factory=dict)
    """How many events of one error an hour a trigger demands, where it demands a number."""
    every_trigger: bool = False
    """Whether all of the triggers must hold at once."""
    recipients: tuple[Recipient, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryEvidence(PartialEvidence):
    """One project."""

    project: str
    found: bool
    moved_to: str = ""
    """The project's new slug, where Sentry says that it was renamed."""
    status: str = ""
    number: str = ""
    """The project's id."""
    dsn_number: str = ""
    """The project that the service's DSN names."""
    dsn_host: str = ""
    """Where the service sends its events to."""
    ingest_host: str = ""
    """Where Sentry wants the events of the service's key."""
    key_known: bool = False
    """Whether the key in the service's DSN is one of the project's."""
    key_active: bool = False
    key_limit: KeyLimit | None = None
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIssue:
    """A kind of error that Sentry had not seen in this environment before."""

    id: str
    """As people say it: ``WORKME-API-3``."""
    title: str
    level: str = ""
    status: str = ""
    """``unresolved``, ``resolved`` or ``ignored``."""
    first_seen: datetime | None = None
    """None where Sentry does not say when."""

    @property
    def words(self) -> str:
        """The issue, for people."""
        seen = f", first seen {self.first_seen:%Y-%m-%d %H:%M}Z" if self.first_seen else ""
        return f"{self.title} ({', '.join(filter(None, (self.level, self.status)))}{seen})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryIssuesEvidence(Evidence):
    """What was first seen from a moment on, whatever became of it; messages of gonogo's own are left out."""

    project: str
    since: datetime
    """T-0."""
    environment: str | None = None
    """The only one whose events count; None: all."""
    issues: tuple[NewIssue, ...] = ()
    """Newest first."""
