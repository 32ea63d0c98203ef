"""Percentiles of a few values, by nearest rank."""

from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")


def nearest_rank(ascending: Sequence[Value], percent: int) -> Value | None:
    """The smallest value that so many per cent do not exceed; None of no value. ``ascending``: sorted."""
    return ascending[-(-len(ascending) * percent // 100) - 1] if ascending else None
