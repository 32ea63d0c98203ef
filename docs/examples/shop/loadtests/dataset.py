"""Customers whom the visitors of the load are; removed with their orders by their mark."""

from typing import Any

from smoke.people import Shop

_CUSTOMERS = 6


def make(walk: Shop) -> dict[str, Any]:
    """Make the file that locustfile.py reads."""
    tokens = [walk.join(f"visitor{number}").token for number in range(_CUSTOMERS)]
    return {"mark": walk.world.mark, "tokens": tokens}
