"""The checklist as the page shows it: every line in its place, and what each section came to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.results import DONE, LineResult, LineStatus, Results

STATUS_SHAPES = {
    LineStatus.VERIFIED: "☑",
    LineStatus.ATTESTED: "☑",
    LineStatus.EXCEPTED: "◇",
    LineStatus.FAILED: "✖",
    LineStatus.OPEN: "☐",
}
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_MARGIN = 84, 18, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The lines under one heading."""

    number: int
    title: str
    above: Sequence[str]
    """The headings that it stands below, without that of the whole list."""
    lines: Sequence[LineResult]
    counts: Sequence[tuple[LineStatus, int]]
    """Of the leaves that the gate demands, one for each status."""
    done: int
    total: int
    trend: Sequence[tuple[int, int]]
    """Done and demanded in each of the last runs, this one last."""
    spark: str
    """The points of a line that shows the trend; empty if there is nothing to compare."""


def sections(results: Results) -> list[Section]:
    """In the order of the list."""
    grouped: dict[tuple[str, ...], list[LineResult]] = {}
    for line in results.lines:
        grouped.setdefault(tuple(line.section), []).append(line)
    return [_section(number, path, lines, results) for number, (path, lines) in enumerate(grouped.items(), 1)]


def totals(results: Results) -> list[tuple[LineStatus, int]]:
    """Of all leaves that the gate demands."""
    counts = Counter(line.status for line in results.leaves)
    return [(status, counts[status]) for status in LineStatus]


def line_sum(results: Results) -> str:
    """``178 = 100 verified + 78 attested``: nothing is left unaccounted."""
    parts = [f"{count} {status}" for status, count in totals(results) if count]
    return f"{len(results.leaves)} = {' + '.join(parts) or '0'}"


def undone(results: Results) -> list[LineResult]:
    """The lines that keep the verdict from GO."""
    return [line for line in results.leaves if line.status not in DONE]


def _section(number: int, path: tuple[str, ...], lines: Sequence[LineResult], results: Results) -> Section:
    title = path[-1] if path else ""
    leaves = [line for line in lines if line.leaf and line.demanded]
    counts = Counter(line.status for line in leaves)
    done = sum(line.status in DONE for line in leaves)
    past = [run.sections[title] for run in results.history.runs if title in run.sections]
    trend = [*past, (done, len(leaves))]
    return Section(
        number=number,
        title=title,
        above=path[1:-1],
        lines=lines,
        counts=[(status, counts[status]) for status in LineStatus],
        done=done,
        total=len(leaves),
        trend=trend,
        spark=_spark(trend) if past else "",
    )


def _spark(trend: Sequence[tuple[int, int]]) -> str:
    """Shares from 0 at the bottom to 1 at the top."""
    step = (_SPARK_WIDTH - 2 * _SPARK_MARGIN) / max(len(trend) - 1, 1)
    height = _SPARK_HEIGHT - 2 * _SPARK_MARGIN
    points = (
        (_SPARK_MARGIN + index * step, _SPARK_MARGIN + height * (1 - (done / total if total else 0)))
        for index, (done, total) in enumerate(trend)
    )
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
