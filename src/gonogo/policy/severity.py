"""How much a failed check matters. Apart, so that whoever only reads a run need not load the catalogue."""

from enum import StrEnum


class Severity(StrEnum):
    """The meaning of a failed assertion: the launch waits, or the signer is told."""

    BLOCKER = "blocker"
    WARNING = "warning"
