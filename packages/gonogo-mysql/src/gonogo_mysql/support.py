"""Until when MySQL (Oracle) and MariaDB (its foundation) repair each series for everybody.

https://endoflife.date/mysql and https://endoflife.date/mariadb, after the makers' own pages; read in November 2026.
A series that is newer than the table was repaired when the table was written.
"""

import re
from datetime import date

_MYSQL = {
    (5, 6): date(2021, 2, 5),
    (5, 7): date(2023, 10, 31),
    (8, 0): date(2026, 4, 30),
    (8, 4): date(2032, 4, 30),
    (9, 6): date(2026, 4, 21),
    (9, 7): date(2034, 4, 21),
}
"""Innovation releases between these ended with their successor."""
_MARIADB = {
    (10, 4): date(2024, 6, 18),
    (10, 5): date(2025, 6, 24),
    (10, 6): date(2026, 7, 6),
    (10, 10): date(2023, 11, 17),
    (10, 11): date(2028, 2, 16),
    (11, 3): date(2024, 5, 29),
    (11, 4): date(2029, 5, 29),
    (11, 7): date(2025, 5, 12),
    (11, 8): date(2028, 6, 4),
    (12, 2): date(2026, 5, 13),
    (12, 3): date(2029, 6, 30),
}
"""Rolling releases between these ended before the next one that is listed."""


def product_and_series(version: str) -> tuple[str, tuple[int, int]] | None:
    """``MariaDB`` or ``MySQL`` with major and minor; None for another product that speaks the protocol."""
    match = re.match(r"(\d+)\.(\d+)\.\d+", version)
    if match is None or re.search(
        r"TiDB|Aurora|Vitess|SingleStore|StarRocks|Doris|PlanetScale", version, re.IGNORECASE
    ):
        return None
    # An old way to say it to old clients: 5.5.5-10.11.6-MariaDB.
    inner = re.match(r"5\.5\.5-(\d+)\.(\d+)\.\d+-MariaDB", version)
    major, minor = (inner or match).groups()
    return "MariaDB" if "mariadb" in version.lower() else "MySQL", (int(major), int(minor))


def last_day_of_repairs(product: str, series: tuple[int, int]) -> date | None:
    """That of the series, or of the next one in the table; None while the table does not reach so far."""
    table = _MARIADB if product == "MariaDB" else _MYSQL
    if series in table:
        return table[series]
    later = [listed for listed in sorted(table) if listed > series]
    # A release that is not listed was a short one: it had ended when the next listed one was made.
    return min((table[listed] for listed in later), default=None)
