"""Draws the course of a signal: an SVG path, the limit as a line, gaps as bands, and the same in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from gonogo.base.wording import counted
from gonogo.evidence.watch import Point
from gonogo.families.watch.alerts import in_unit

WIDTH, HEIGHT = 600.0, 120.0
_ROOM = 0.08
"""Space above the highest value and below the lowest, as a share of the height."""
_THINNEST = 2.0
"""Width of the narrowest band, so that a gap of seconds within a day is still visible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The picture of one signal, in units of the picture: WIDTH by HEIGHT, from the top left."""

    path: str
    """The ``d`` of an SVG path; a new piece begins after every gap."""
    limit: float | None
    gaps: Sequence[tuple[float, float]]
    """The left edge and the width of each gap."""
    few: Sequence[tuple[float, float]]
    """The left edge and the width of each stretch with too few events."""
    words: str
    """A description for readers who do not see the picture."""


class Course(Protocol):
    """The values of one signal over time."""

    @property
    def points(self) -> Sequence[Point]:
        """The points in order, in seconds on the watch's axis."""

    @property
    def unit(self) -> str:
        """The unit of the values, as in the environment file."""

    @property
    def limit(self) -> float | None:
        """The limit of a threshold; None for a key metric."""

    @property
    def limit_text(self) -> str:
        """The limit in words; empty for a key metric."""

    @property
    def stale_after(self) -> float:
        """After how many seconds without a new point a gap begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCourse:
    """The values of a signal over time, as recorded in the facts of a check."""

    points: tuple[Point, ...]
    unit: str
    limit: float | None
    above: bool
    stale_after: float
    since: float
    """Where the judged time begins, in seconds on the watch's axis."""
    until: float

    @property
    def limit_text(self) -> str:
        """The limit in words, as in ``above 5 % is too much``; empty without a limit."""
        if self.limit is None:
            return ""
        side, much = ("above", "much") if self.above else ("below", "little")
        return f"{side} {in_unit(self.limit, self.unit)} is too {much}"


_COURSE: TypeAdapter[RecordedCourse] = TypeAdapter(RecordedCourse)


def recorded_chart(facts: Any) -> Chart | None:  # noqa: ANN401 - JSON
    """Return the picture of the facts of a check, or None if they are not those of a signal."""
    if not (isinstance(facts, Mapping) and "points" in facts and "stale_after" in facts):
        return None
    try:
        course = _COURSE.validate_python(facts)
    except ValidationError:
        return None
    if not course.points or course.points[0].at - course.since > course.stale_after:
        unseen = Point(at=course.since, value=None, few=False, missing=True, joined=False)
        course = replace(course, points=(unseen, *course.points))
    return chart(course, course.since, course.until)


def chart(row: Course, began: float, now: float) -> Chart:
    """Return the picture of a signal from ``began`` to ``now``, both in seconds on the watch's axis."""
    values = [point.value for point in row.points if point.value is not None]
    known = [*values, *([row.limit] if row.limit is not None else [])]
    lowest, highest = min([0.0, *known]), max(known, default=0.0) or 1.0
    # A value of 0, and a limit of 0, are lines as well: neither lies on the edge.
    room = _ROOM * (highest - lowest)
    lowest, highest = lowest - room, highest + room
    span = max(now - began, 1.0)

    def x(at: float) -> float:
        return round(WIDTH * min(max((at - began) / span, 0.0), 1.0), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - (value - lowest) / (highest - lowest)), 1)

    gaps = _bands([(x(begin), x(end)) for begin, end in _gaps(row, now)])
    pairs = list(zip(row.points, row.points[1:], strict=False))
    few = _bands([(x(before.at), x(point.at)) for before, point in pairs if point.few and point.joined])
    pieces = [
        f"{'L' if _continues(before, point) else 'M'}{x(point.at)} {y(point.value)}"
        for before, point in zip((None, *row.points), row.points, strict=False)
        if point.value is not None
    ]
    newest = f"l0 0M{pieces[-1][1:]}" if pieces else ""  # a piece of one point is a dot
    return Chart(
        path="".join(_dotted(pieces)) + newest,
        limit=y(row.limit) if row.limit is not None else None,
        gaps=gaps,
        few=few,
        words=_words(row, values, len(gaps)),
    )


def _continues(before: Point | None, point: Point) -> bool:
    return before is not None and before.value is not None and point.joined


def _dotted(pieces: Sequence[str]) -> Sequence[str]:
    """Return the pieces with single points drawn as dots: a line from the point to itself."""
    following = (*pieces[1:], "M")
    return [
        f"{piece}l0 0" if piece[0] == "M" and after[0] == "M" else piece
        for piece, after in zip(pieces, following, strict=False)
    ]


def _gaps(row: Course, now: float) -> Sequence[tuple[float, float]]:
    """Return begin and end of each stretch whose values are not, or not all, known."""
    found = [
        (before.at, point.at)
        for before, point in zip(row.points, row.points[1:], strict=False)
        if point.missing or not point.joined
    ]
    if row.points and row.points[0].missing:
        found.insert(0, (row.points[0].at, row.points[0].at))
    if row.points and now - row.points[-1].at > row.stale_after:
        found.append((row.points[-1].at, now))
    return found


def _bands(stretches: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """Return begin and width of each stretch; stretches that touch become one."""
    bands: list[tuple[float, float]] = []
    for begin, end in stretches:
        if bands and begin <= sum(bands[-1]) + 0.1:
            bands[-1] = (bands[-1][0], round(max(end - bands[-1][0], bands[-1][1]), 1))
        else:
            bands.append((begin, round(max(end - begin, _THINNEST), 1)))
    return bands


def _words(row: Course, values: Sequence[float], gaps: int) -> str:
    """Return the range of values, the limit and the number of gaps in words."""
    seen = f"{in_unit(min(values), row.unit)} to {in_unit(max(values), row.unit)}" if values else "no value yet"
    more = f"; {counted(gaps, 'gap')}" if gaps else ""
    limit = f"; {row.limit_text}" if row.limit_text else ""
    return f"{seen}{limit}{more}"
