"""The course of a signal as a picture: points of an SVG, the limit as a line, gaps as gaps, and the same in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from gonogo.base.wording import counted
from gonogo.evidence.watch import Point
from gonogo.families.watch.alerts import in_unit

WIDTH, HEIGHT = 600.0, 120.0
_ROOM = 0.08
"""Of the height, above the highest and below the lowest."""
_THINNEST = 2.0
"""A gap of seconds within a day is still seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Everything in the units of the picture: WIDTH by HEIGHT, from the top left."""

    path: str
    """Of an SVG path; a new piece begins after every gap."""
    limit: float | None
    gaps: Sequence[tuple[float, float]]
    """Where each begins, and how wide it is."""
    few: Sequence[tuple[float, float]]
    """The same, for too few events."""
    words: str
    """The same, for whoever does not see it."""


class Course(Protocol):
    """The course of one signal."""

    @property
    def points(self) -> Sequence[Point]:
        """On the watch's axis, in its order."""

    @property
    def unit(self) -> str:
        """As in the environment file."""

    @property
    def limit(self) -> float | None:
        """Of a threshold."""

    @property
    def limit_text(self) -> str:
        """The same in words."""

    @property
    def stale_after(self) -> float:
        """Seconds after which a point is an old one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCourse:
    """The course of a signal, as the facts of a check have it."""

    points: tuple[Point, ...]
    unit: str
    limit: float | None
    above: bool
    stale_after: float
    since: float
    """Where the time that was to be watched begins on the axis."""
    until: float

    @property
    def limit_text(self) -> str:
        """What is too much, or too little."""
        if self.limit is None:
            return ""
        side, much = ("above", "much") if self.above else ("below", "little")
        return f"{side} {in_unit(self.limit, self.unit)} is too {much}"


_COURSE: TypeAdapter[RecordedCourse] = TypeAdapter(RecordedCourse)


def recorded_chart(facts: Any) -> Chart | None:  # noqa: ANN401 - JSON
    """The picture of these facts; None where they are no course of a signal."""
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
    """The course of a signal from ``began`` to ``now``, on the watch's axis."""
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
    """A piece that is one point long is drawn as a dot: a line from it to itself."""
    following = (*pieces[1:], "M")
    return [
        f"{piece}l0 0" if piece[0] == "M" and after[0] == "M" else piece
        for piece, after in zip(pieces, following, strict=False)
    ]


def _gaps(row: Course, now: float) -> Sequence[tuple[float, float]]:
    """Stretches of which nobody can say anything, or not of all of it."""
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
    """Begin and width of each, those that touch each other as one."""
    bands: list[tuple[float, float]] = []
    for begin, end in stretches:
        if bands and begin <= sum(bands[-1]) + 0.1:
            bands[-1] = (bands[-1][0], round(max(end - bands[-1][0], bands[-1][1]), 1))
        else:
            bands.append((begin, round(max(end - begin, _THINNEST), 1)))
    return bands


def _words(row: Course, values: Sequence[float], gaps: int) -> str:
    """What somebody who does not see the picture would miss."""
    seen = f"{in_unit(min(values), row.unit)} to {in_unit(max(values), row.unit)}" if values else "no value yet"
    more = f"; {counted(gaps, 'gap')}" if gaps else ""
    limit = f"; {row.limit_text}" if row.limit_text else ""
    return f"{seen}{limit}{more}"
