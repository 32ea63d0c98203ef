"""Evidence that a run carries from another run of the same release: by reference and digest, never as a copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.policy.carrying import Carry


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedLine:
    """A line of the list as it stood in the carried run."""

    status: str
    """As in its results: ``verified``, ``attested``, ``open`` …"""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRun:
    """One run that is carried, and what it stands for here. Times are UTC."""

    id: str
    environment: str
    gate: str
    question: str
    release: str
    verdict: str
    finished_at: datetime
    digest: str
    """SHA-256 of its ``results.json``, in hex, which in turn has the digest of its evidence."""
    policy: str
    """The digest of the policy that it was judged by."""
    signed_by: Sequence[str] = ()
    """People who had said GO to it when it was carried, each as ``Davi Lima (devops)``."""
    lines: Mapping[str, CarriedLine] = field(default_factory=dict)
    """Lines that it stands for here, by id."""
    ends: datetime | None = None
    """When what it rests on ends, as it was known when it was carried; None: in records from before this was kept."""
    problem: str = ""
    """Why it is not carried, although somebody gave it; empty: it is."""

    @property
    def words(self) -> str:
        """The run in a few words, for whoever reads what rests on it."""
        return f"run {self.id} of {self.environment} at gate {self.gate}, {self.finished_at:%Y-%m-%d %H:%M} UTC"

    def is_of(self, carry: Carry) -> bool:
        """Whether it comes from this source."""
        return (self.environment, self.gate) == (carry.environment, carry.gate)
