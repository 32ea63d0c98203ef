"""Durations as people write them in configuration: a number, a space at will, and a unit."""

import re
from datetime import timedelta

_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_PATTERN = re.compile(r"(?P<count>\d+(?:\.\d+)?) ?(?P<unit>ms|s|min|h|d)", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read ``"500 ms"``, ``"10 s"``, ``"5 min"``, ``"24 h"`` or ``"30 d"``.

    A bare number, ``"1m"`` (minute or month?) and anything else raise ValueError: a duration that
    can be read in two ways has already made another tool green by mistake.
    """
    match = _PATTERN.fullmatch(text)
    if match is None:
        message = f"{text!r} is not a duration; write a number and one of {', '.join(_UNITS)}, as in '10 s'"
        raise ValueError(message)
    try:
        return float(match["count"]) * _UNITS[match["unit"]]
    except OverflowError:
        message = f"{text!r} is longer than any duration"
        raise ValueError(message) from None


def format_duration(duration: timedelta) -> str:
    """Write a duration the way a person reads it at a glance, in two units at most."""
    if duration < timedelta(0):
        return f"-{format_duration(-duration)}"
    if duration < timedelta(seconds=1):
        return f"{duration / timedelta(milliseconds=1):.0f} ms"
    if duration < timedelta(minutes=1):
        return f"{duration / timedelta(seconds=1):.3g} s"
    for unit, smaller in (("d", "h"), ("h", "min"), ("min", "s")):
        if duration >= _UNITS[unit]:
            whole, remainder = divmod(duration, _UNITS[unit])
            count = remainder // _UNITS[smaller]
            return f"{whole} {unit}" + (f" {count} {smaller}" if count else "")
    raise AssertionError(duration)
