"""A step of a journey as planned: known to those who judge, without anybody who walks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gonogo.evidence.base import Scope
from gonogo.planning.plan import PlannedCheck
from gonogo.record.ended import Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check of a journey, ready to be walked."""

    check: PlannedCheck
    scope: Scope
    call: Callable[[Any], object]
    """Takes the journey under way."""
    ended_by: Callable[[BaseException | None], Ended]
    """How it ended that raised this, or nothing. Given by who judges: pytest's exceptions mean something there."""
