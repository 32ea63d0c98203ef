"""Until when the makers of databases repair each release for everybody.

The makers' own pages, as endoflife.date keeps them (products/mongodb.md, redis.md, valkey.md and
amazon-elasticache-redis.md of 2026-08-22, read on 2026-11-26). A release without a day here had none then, or is newer.
"""

import re
from collections.abc import Mapping
from datetime import date

Release = tuple[int, ...]
"""Major and minor version; of Amazon ElastiCache the major one alone."""
ELASTICACHE, MONGODB, REDIS, VALKEY = "Amazon ElastiCache", "MongoDB", "Redis", "Valkey"
_LAST_DAYS: Mapping[str, Mapping[Release, date]] = {
    MONGODB: {
        (4, 2): date(2023, 4, 30),
        (4, 4): date(2024, 2, 29),
        (5, 0): date(2024, 10, 31),
        (5, 1): date(2022, 1, 19),
        (5, 2): date(2022, 3, 23),
        (5, 3): date(2022, 7, 19),
        (6, 0): date(2025, 7, 31),
        (6, 1): date(2023, 2, 9),
        (6, 2): date(2023, 4, 24),
        (6, 3): date(2023, 8, 31),
        (7, 0): date(2027, 8, 31),
        (7, 1): date(2024, 1, 23),
        (7, 2): date(2024, 3, 27),
        (7, 3): date(2024, 10, 2),
        (8, 0): date(2029, 10, 31),
        (8, 1): date(2025, 9, 30),
        (8, 2): date(2026, 7, 31),
        (8, 3): date(2029, 10, 31),
    },
    REDIS: {
        (5, 0): date(2022, 4, 27),
        (6, 0): date(2022, 5, 31),
        (6, 2): date(2027, 4, 1),
        (7, 0): date(2024, 7, 29),
        (7, 2): date(2029, 12, 1),
        (7, 4): date(2029, 12, 1),
        (8, 0): date(2026, 12, 1),
        (8, 2): date(2030, 9, 1),
    },
    VALKEY: {
        (7, 2): date(2029, 4, 16),
        (8, 0): date(2027, 9, 15),
        (8, 1): date(2030, 3, 31),
        (9, 0): date(2028, 10, 21),
    },
    ELASTICACHE: {(4,): date(2026, 1, 31), (5,): date(2026, 1, 31), (6,): date(2027, 1, 31)},
}


def is_listed(product: str) -> bool:
    """Whether days of this product are known here at all."""
    return product in _LAST_DAYS


def numbers(version: str) -> Release:
    """Major and minor version of ``7.0.15``; fewer where it has fewer."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def last_day(product: str, version: str) -> date | None:
    """The last day of repairs of a version's release; None while it has none. Releases before the first one had ended by then."""
    days = _LAST_DAYS[product]
    first = min(days)
    release = numbers(version)[: len(first)]
    return days.get(max(release, first)) if release else None
