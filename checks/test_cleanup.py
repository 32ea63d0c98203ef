"""What the journeys made is gone again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.base.comparing import shown
from gonogo.base.marks import Marks
from gonogo.journey.cleanup import clean_up

if TYPE_CHECKING:
    from gonogo.journey.walk import Walk


@pytest.mark.check("cleanup-nothing-left")
def test_nothing_synthetic_stays_behind(walk: Walk) -> None:
    """Synthetic users take seats, and synthetic bookings falsify the numbers of the first day.

    Fix: let the removal of a tester also remove the data that is named here, then run gonogo clean.
    For accounts of the security journey, declare api.remove; or give it two accounts in api.accounts.
    """
    cleanup = clean_up(walk, Marks(walk.world.run_id))
    if cleanup.unasked:
        raise cleanup.unasked[0]
    assert shown(not cleanup.remaining, "left behind", cleanup.remaining_words or "nothing", "nothing"), (
        f"after the clean-up there still are {cleanup.remaining_words}"
    )
