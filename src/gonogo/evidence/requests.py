"""Evidence about requests that an environment file declares."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.evidence.base import Evidence
from gonogo.evidence.http import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvidence(Evidence):
    """One declared request to one address; its scope is the name, the address, and the entry."""

    exchange: Exchange
    departures: tuple[str, ...] = ()
    """In what the answer is not as declared; empty if it is."""
    observed: Mapping[str, str] = field(default_factory=dict)
    """Values by JMESPath expression, as JSON: what stands on the left of its comparisons, or what it gives."""
    elapsed: tuple[timedelta, ...]
    """How long each time of asking took, fastest first: once, or three times where the first was too slow."""
    everywhere: str = ""
    """The made-up URL that gives the same answer; empty if it gives another, or if the answer's content is declared."""
    unreadable: str = ""
    """Why a declared fact could not be looked for: the body is larger than what is read."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """What could not be told of a declared page, as its age, each with what to do about it."""

    @property
    def median_elapsed(self) -> timedelta:
        """How long it usually took."""
        return self.elapsed[len(self.elapsed) // 2]
