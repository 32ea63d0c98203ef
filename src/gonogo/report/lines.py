"""The checklist as the page shows it: every line in its place, and what each section came to."""

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gonogo.record.results import DONE, LineResult, LineStatus, Results

STATUS_SHAPES = {
    LineStatus.VERIFIED: "☑",
    LineStatus.ATTESTED: "☑",
    LineStatus.SUPPORTED: "◐",
    LineStatus.WAIVED: "◇",
    LineStatus.FAILED: "☒",
    LineStatus.OPEN: "☐",
}
_ORNAMENTS = {"So", "Sk", "Mn", "Zs"}
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_MARGIN = 84, 20, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A line, and the lines that stand below it."""

    line: LineResult
    below: Sequence["Node"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistSection:
    """The lines under one heading."""

    number: int
    title: str
    above: Sequence[str]
    """The headings that it stands below, without that of the whole list."""
    tree: Sequence[Node]
    counts: Sequence[tuple[LineStatus, int]]
    """Numbers of leaves that the gate demands, one for each status."""
    unasked: int
    """Number of leaves that the gate does not demand."""
    done: int
    total: int
    trend: Sequence[tuple[int, int] | None]
    """Done and demanded in each of the last runs, this one last; None where a run did not know the section."""
    spark: str
    """The points of a line that shows the trend; empty if there is nothing to compare."""
    end: tuple[float, float]
    """Where that line ends: now."""


def plain_title(heading: str) -> str:
    """A heading without the emoji before it, which not every machine can draw."""
    for index, character in enumerate(heading):
        if unicodedata.category(character) not in _ORNAMENTS:
            return heading[index:]
    return heading


def sections(results: Results) -> list[ChecklistSection]:
    """The sections of the checklist with their lines, in its order."""
    grouped: dict[tuple[str, ...], list[LineResult]] = {}
    for line in results.lines:
        grouped.setdefault(tuple(line.section), []).append(line)
    names = Counter(path[-1:] for path in grouped)
    # Earlier runs know sections by their innermost heading: where two share it, nobody can tell them apart.
    return [
        _section(number, path, lines, results, had_runs=names[path[-1:]] == 1)
        for number, (path, lines) in enumerate(grouped.items(), 1)
    ]


def totals(results: Results) -> list[tuple[LineStatus, int]]:
    """Numbers of all leaves that the gate demands, by status."""
    counts = Counter(line.status for line in results.leaves)
    return [(status, counts[status]) for status in LineStatus]


def supported(ids: Sequence[str], by_id: Mapping[str, LineResult]) -> tuple[int, int]:
    """How many of these statements are supported, of how many."""
    return sum(by_id[identifier].status in DONE for identifier in ids if identifier in by_id), len(ids)


def _section(
    number: int, path: tuple[str, ...], lines: Sequence[LineResult], results: Results, *, had_runs: bool
) -> ChecklistSection:
    name = path[-1] if path else ""
    leaves = [line for line in lines if line.leaf and line.demanded]
    counts = Counter(line.status for line in leaves)
    done_leaves = sum(line.status in DONE for line in leaves)
    past = [run.sections.get(name) for run in results.history.runs] if had_runs else []
    trend = [*past, (done_leaves, len(leaves))]
    points = _spark(trend) if any(past) else []
    return ChecklistSection(
        number=number,
        title=plain_title(name) or "Without a heading",
        above=[plain_title(heading) for heading in path[1:-1]],
        tree=_tree(lines),
        counts=[(status, counts[status]) for status in LineStatus],
        unasked=sum(line.leaf and not line.demanded for line in lines),
        done=done_leaves,
        total=len(leaves),
        trend=trend,
        spark=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        end=points[-1] if points else (0.0, 0.0),
    )


def _tree(lines: Sequence[LineResult]) -> Sequence[Node]:
    """Nest the lines as the file does. A line whose parent stands elsewhere is shown nevertheless."""
    identifiers = {line.id for line in lines}
    children: dict[str, list[LineResult]] = {}
    for line in lines:
        parent = line.parents[-1] if line.parents and line.parents[-1] in identifiers - {line.id} else ""
        children.setdefault(parent, []).append(line)

    def grown(parent: str) -> Sequence[Node]:
        return [Node(line=line, below=grown(line.id)) for line in children.get(parent, ())]

    return grown("")


def _spark(trend: Sequence[tuple[int, int] | None]) -> list[tuple[float, float]]:
    """Shares from 0 at the bottom to 1 at the top."""
    step = (_SPARK_WIDTH - 2 * _SPARK_MARGIN) / max(len(trend) - 1, 1)
    height = _SPARK_HEIGHT - 2 * _SPARK_MARGIN
    return [
        (
            round(_SPARK_MARGIN + index * step, 1),
            round(_SPARK_MARGIN + height * (1 - (value[0] / value[1] if value[1] else 0)), 1),
        )
        for index, value in enumerate(trend)
        if value
    ]
