"""What the journeys made is gone again."""

import pytest

from gonogo.journey.sweep import sweep
from gonogo.journey.walk import Walk


@pytest.mark.check("cleanup-nothing-left")
def test_nothing_synthetic_stays_behind(walk: Walk) -> None:
    """Synthetic users take seats, and synthetic bookings make the numbers of the first day a lie.

    Fix: removing a tester must remove what belongs to them; see what is named here, then run gonogo clean.
    """
    swept = sweep(walk, walk.world.mark)
    if swept.unasked:
        raise swept.unasked[0]
    assert not swept.remaining, f"after removing the synthetic users there still are {swept.remaining_words}"
