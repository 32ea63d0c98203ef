"""Until when the makers of RabbitMQ give everybody repairs of each minor series.

https://www.rabbitmq.com/release-information, which endoflife.date repeats; read in November 2026. Only the newest series
is repaired for everybody; who pays for commercial support has more time, which nobody can see from outside. A series that
is newer than the table was repaired when the table was written.
"""

import re
from datetime import date

_LAST_DAYS = {
    (3, 7): date(2020, 9, 30),
    (3, 8): date(2022, 7, 31),
    (3, 9): date(2023, 1, 31),
    (3, 10): date(2023, 7, 31),
    (3, 11): date(2023, 6, 1),
    (3, 12): date(2024, 6, 30),
    (3, 13): date(2024, 9, 17),
    (4, 0): date(2025, 4, 15),
    (4, 1): date(2026, 1, 30),
}


def minor_series(version: str) -> tuple[int, int] | None:
    """Major and minor of a version; None for what is none."""
    match = re.match(r"(\d+)\.(\d+)\.", version)
    return (int(match[1]), int(match[2])) if match else None


def last_day_of_repairs(series: tuple[int, int]) -> date | None:
    """None while the table does not reach so far."""
    return _LAST_DAYS.get(max(series, min(_LAST_DAYS)))
