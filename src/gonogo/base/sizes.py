"""Sizes of bytes as people read them."""

_STEP = 1024
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def scaled_size(size: float) -> tuple[float, str]:
    """The number of bytes in the largest unit of which there is at least one, and this unit: ``(1.5, "KiB")``."""
    for unit in _UNITS[:-1]:
        if abs(size) < _STEP:
            return size, unit
        size /= _STEP
    return size, _UNITS[-1]
