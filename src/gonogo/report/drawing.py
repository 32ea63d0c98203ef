"""Scales, axes and marks of the pictures: inline SVG that is as wide as the page, and whose text keeps its size.

Across, everything is in thousandths of the width (attributes in per cent, paths in a view box that is stretched); down,
in pixels. Nothing here depends on fonts, on a library's version or on the machine, so the same results give the same
bytes. Colours, dashes and dark mode are classes of the style sheet; what a picture says stands beside it in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 1000.0
"""Of every picture, in the units of its paths."""
_EDGE = 30.0
_DIGITS = (1, 2, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Values from ``low`` to ``high`` onto places from ``begin`` to ``end``; what lies outside is put on the edge."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """The place, to a tenth."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(self.begin + (self.end - self.begin) * min(max(share, 0.0), 1.0), 1)


def across(low: float, high: float) -> Scale:
    """A scale over the whole width."""
    return Scale(low=low, high=high, begin=0.0, end=WIDTH)


def percent(place: float) -> str:
    """A place, or a width, as an attribute."""
    return f"{place / WIDTH * 100:.2f}".rstrip("0").rstrip(".") + "%"


def anchor(place: float) -> str:
    """How a label is put to its place, so that none leaves the picture."""
    return "start" if place < _EDGE else "end" if place > WIDTH - _EDGE else "middle"


def ticks(highest: float, most: int) -> Sequence[float]:
    """Round numbers from 0 to the first that ``highest`` does not exceed, at most so many steps between them."""
    steps = (float(f"{digit}e{power}") for power in range(-6, 15) for digit in _DIGITS)
    step = next(step for step in steps if step * most >= highest)
    count = next(number for number in range(1, most + 1) if number * step >= highest)
    return [float(f"{number * step:.6g}") for number in range(count + 1)]


def line(points: Iterable[tuple[float, float] | None]) -> str:
    """An SVG path through the points; None is a gap, and a point between two gaps is a dot."""
    path, begun, alone = "", False, False
    for point in points:
        if point is None:
            path += "h0" if alone else ""
            begun = alone = False
            continue
        alone = not begun
        path += f"{'L' if begun else 'M'}{_number(point[0])} {_number(point[1])}"
        begun = True
    return path + ("h0" if alone else "")


def bars(boxes: Iterable[tuple[float, float, float]], floor: float) -> str:
    """One SVG path of bars that stand on ``floor``: begin and end across, and the height of each top."""
    return "".join(
        f"M{_number(begin)} {_number(floor)}V{_number(top)}H{_number(end)}V{_number(floor)}Z"
        for begin, end, top in boxes
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
