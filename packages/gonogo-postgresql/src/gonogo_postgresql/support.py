"""Until when the PostgreSQL Global Development Group repairs each major version.

https://www.postgresql.org/support/versioning/, which endoflife.date repeats; read in November 2026. A version that is
newer than the table is supported for at least five years after its release.
"""

import re
from datetime import date

_LAST_DAYS = {
    9: date(2021, 11, 11),
    10: date(2022, 11, 10),
    11: date(2023, 11, 9),
    12: date(2024, 11, 21),
    13: date(2025, 11, 13),
    14: date(2026, 11, 12),
    15: date(2027, 11, 11),
    16: date(2028, 11, 9),
    17: date(2029, 11, 8),
    18: date(2030, 11, 14),
}


def major_version(version: str) -> int | None:
    """The major version of what ``SELECT version()`` said; None if this is another product that speaks the protocol."""
    if "Redshift" in version:
        return None
    match = re.match(r"PostgreSQL (\d+)(?:\.\d+|beta\d+|rc\d+|devel)*(?=[ ,]|$)", version)
    return int(match[1]) if match else None


def last_day_of_support(major: int) -> date | None:
    """None while the table does not reach so far."""
    return _LAST_DAYS.get(max(major, min(_LAST_DAYS)))
