"""The record of one question: evidence, or the reason why there is none."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no evidence."""

    reason: str
    hint: str = ""
    never_reached: bool = False
    """The run's deadline, or Ctrl-C, came first: the check is NOT RUN, and nobody is to blame."""
    bug: bool = False
    """The probe broke. That is gonogo's fault, never the target's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The outcome of one probe: exactly one of ``evidence`` and ``failure``."""

    kind: str
    scope: Scope
    seconds: float
    """The time that the question took, without the waiting for a place."""
    evidence: Evidence | None = None
    failure: Failure | None = None
