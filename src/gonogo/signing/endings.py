"""What has ended is refused: waivers, attestations, signatures, keys, and the evidence itself."""

from collections.abc import Iterable
from datetime import datetime

from gonogo.base.errors import IntegrityError
from gonogo.verdict.endings import Expiry


def check_endings(all_endings: Iterable[Expiry], now: datetime) -> None:
    """Raises IntegrityError for what has ended by now, the earliest first."""
    over = sorted(ending for ending in all_endings if ending.at <= now)
    if over:
        raise IntegrityError(f"{over[0].what} ended {over[0].at:%Y-%m-%d %H:%M:%S} UTC; renew it, then run again")
