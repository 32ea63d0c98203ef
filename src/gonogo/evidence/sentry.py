"""What Sentry says about the project that errors are sent to."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One rule that tells somebody."""

    name: str
    enabled: bool
    recipients: int
    """Actions that reach somebody: mail, chat, pager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryEvidence(Evidence):
    """One project."""

    project: str
    found: bool
    status: str = ""
    key_known: bool = False
    """Whether the key in the service's DSN is one of the project's."""
    key_active: bool = False
    alerts: tuple[Alert, ...] = ()
