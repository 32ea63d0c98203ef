"""The second stage of a run: everything that was gathered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.evidence.record import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Records, the files that belong to them, and what happened on the way."""

    records: Sequence[Record] = ()
    artefacts: Mapping[str, bytes] = field(default_factory=dict)
    """Content of further files of the run's folder, by name."""
    notes: tuple[str, ...] = ()
