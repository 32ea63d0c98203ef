"""Evidence about documents in the repository of the service."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEvidence(Evidence):
    """One declared document as it is committed; its scope ends with the name of its entry."""

    file: str
    commit: str = ""
    """The last one that changed what is in it; empty if it is not committed, or if nobody can tell."""
    changed_at: datetime | None = None
    """When that commit was made."""
    departures: tuple[str, ...] = ()
    """In what it is not as declared; empty if it is."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """What could not be told of it, each with what to do about it."""
