"""Evidence about a page that an attestation points to: what it answered."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedUrlEvidence(Evidence):
    """One GET, redirects followed."""

    url: str
    status: int | None
    """None: no answer came."""
    ended_at: str = ""
    """Where redirects led to, if anywhere else."""
    problem: str = ""
