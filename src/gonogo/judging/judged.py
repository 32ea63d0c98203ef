"""The third stage of a run: what the checks observed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gonogo.record.results import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Observations by check id, and how the judging ended."""

    observations: Mapping[str, Sequence[Observation]] = field(default_factory=dict)
    unseen: str
    """Why a planned check has no observation."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Reasons by check id, where a check has one of its own."""
    selected: frozenset[str] | None = None
    """Ids that were to be judged; None when nothing narrowed the run."""
    finished_at: datetime | None = None
    """None: the run goes on, or was killed."""
    interrupted: bool = False


PENDING = Judged(unseen="the run did not finish: it was killed, or still goes on")
"""On record from the start, until the run says otherwise."""
