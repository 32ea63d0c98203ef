"""Evidence about whether an alarm of gonogo's own watch would be heard: somebody judges it, and a message arrives."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gonogo.evidence.base import Evidence
from gonogo.evidence.watch import AlertState


class SameAddress(StrEnum):
    """Whether the address that was tested is the one that the channel has now."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"
    """The secret that holds it has no value here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTest:
    """A channel that would be told at once, and its newest test message."""

    name: str
    known: bool
    """Whether the watch that runs tells it: it was begun with this channel."""
    utc: datetime | None = None
    """When a test was sent; None: never."""
    delivered: bool = False
    answer: str = ""
    """The channel's, or why there was none."""
    address: SameAddress = SameAddress.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvidence(Evidence):
    """One alarm of ``[alarms]``; its scope is ("alarms", name)."""

    file: str
    """The journal of the watch."""
    threshold: str
    tested_within: timedelta
    """No test message may be older than this."""
    every: timedelta
    """Time between two rounds of the watch."""
    looked_until: datetime
    """Its newest round."""
    as_declared: bool
    """Whether it judges the threshold by what the environment file says now."""
    state: AlertState | None = None
    """Where the alert stands; None: nobody has looked yet."""
    reason: str = ""
    """What was seen last of its signal."""
    channels: tuple[ChannelTest, ...] = ()
    """Those that are told at once."""
