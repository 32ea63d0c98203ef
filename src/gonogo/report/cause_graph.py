"""Draws a cause and what it blocks as a tree: the checks that need it, those that need them, and the open checklist lines.

Text does not wrap in a picture, so long names are cut; the page has the full names beside it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.base.wording import and_more, counted
from gonogo.record.results import CheckResult, Results
from gonogo.report.blockers import Blocker
from gonogo.report.lines import STATUS_SHAPES, plain_title
from gonogo.report.wording import SHAPES

_ROW, _INDENT, _STEM = 22.0, 18.0, 6.0
_MOST_ROWS = 40
_MOST_SECTIONS = 3
"""If lines of more sections stay open, there is one row for each status instead."""
_MOST_ALIKE = 6
"""If more checks of one family need the same check and block nothing, they are one row."""
_LONGEST = 38
"""Letters of a row, two fewer for each step to the right: as many as a narrow phone shows."""
_DEEPEST = 4
_MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRow:
    """One row of the tree: a text, and the place of its first letter, in pixels from the top left."""

    text: str
    x: float
    y: float
    stem: str
    """The SVG path from the row above it in the tree; empty for the cause itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseGraph:
    """The tree of one cause: its height in pixels, its rows from the top, and the same in words."""

    height: float
    rows: Sequence[GraphRow]
    words: str


@dataclass(frozen=True, slots=True)
class _Node:
    text: str
    below: Sequence["_Node"] = ()


def cause_graph(results: Results, blocker: Blocker) -> CauseGraph | None:
    """Return the tree of a cause, or None if it blocks no check."""
    problem = blocker.problem
    if not problem.consequences:
        return None
    by_id = {check.id: check for check in results.checks}
    waiting = _waiting(problem.check.id, [*problem.consequences, *problem.alike], problem.alike, by_id)
    root = _Node(
        f"{SHAPES[problem.check.observed]} {problem.check.id}",
        [*_nodes(problem.check.id, waiting, by_id, 1), *_lines(blocker)],
    )
    rows = list(_rows(root))
    return CauseGraph(height=_ROW * len(rows), rows=rows, words=_words(problem.check.id, waiting, blocker))


def _waiting(
    root: str, ids: Sequence[str], alike: Sequence[str], by_id: Mapping[str, CheckResult]
) -> Mapping[str, Sequence[str]]:
    """Return, for each check, the checks that wait for it.

    A check waits for the one of its needs that is nearest to the cause; if no need leads to the cause, for the cause itself.
    Checks that show the same trouble and block nothing are left out.
    """
    told = [identifier for identifier in dict.fromkeys(ids) if identifier != root]
    needing: dict[str, list[str]] = {}
    for identifier in told:
        for need in by_id[identifier].needs if identifier in by_id else ():
            needing.setdefault(need, []).append(identifier)
    parent = dict.fromkeys(set(alike) - {root}, root)
    reached = [root, *alike]
    for above in reached:  # grows while it is gone through
        for identifier in needing.get(above, ()):
            if identifier not in parent:
                parent[identifier] = above
                reached.append(identifier)
    below: dict[str, list[str]] = {}
    for identifier in told:
        below.setdefault(parent.get(identifier, root), []).append(identifier)
    quiet = set(alike) - below.keys()
    return {above: [one for one in several if one not in quiet] for above, several in below.items()}


def _nodes(
    above: str, waiting: Mapping[str, Sequence[str]], by_id: Mapping[str, CheckResult], depth: int
) -> Sequence[_Node]:
    """Return the nodes of the checks that wait for a check. Many of one family that block nothing are one node."""
    ids = waiting.get(above, ())
    plain = Counter(by_id[one].family for one in ids if one in by_id and one not in waiting)
    nodes, told = [], set()
    for identifier in ids:
        check = by_id.get(identifier)
        shape = SHAPES[check.observed] if check else "?"
        family = check.family if check else ""
        if identifier not in waiting and plain[family] > _MOST_ALIKE:
            if family not in told:
                nodes.append(_Node(f"{shape} {family}: {plain[family]} checks"))
            told.add(family)
            continue
        nodes.append(_Node(f"{shape} {identifier}", _under(identifier, waiting, by_id, depth)))
    return nodes


def _under(
    identifier: str, waiting: Mapping[str, Sequence[str]], by_id: Mapping[str, CheckResult], depth: int
) -> Sequence[_Node]:
    """Return the nodes below a check; where the tree would become too deep, one node with their number."""
    if depth < _DEEPEST:
        return _nodes(identifier, waiting, by_id, depth + 1)
    number, found = 0, [identifier]
    for above in found:
        number += len(waiting.get(above, ()))
        found.extend(waiting.get(above, ()))
    return [_Node(f"and {counted(number, 'check')} behind it")] if number else ()


def _lines(blocker: Blocker) -> Sequence[_Node]:
    """Return the lines that stay open, counted by section; by status alone if there are many sections."""
    grouped = Counter(
        (STATUS_SHAPES[line.status], plain_title(line.section[-1]) if line.section else "Without a heading")
        for line in blocker.lines
    )
    if len(grouped) > _MOST_SECTIONS:
        statuses = Counter(line.status for line in blocker.lines)
        return [
            _Node(f"{STATUS_SHAPES[status]} {counted(number, 'checklist line')} {status}")
            for status, number in statuses.items()
        ]
    return [_Node(f"{shape} {heading}: {counted(number, 'line')}") for (shape, heading), number in grouped.items()]


def _rows(root: _Node) -> Iterator[GraphRow]:
    """Yield the rows from the top, each level indented; the last row counts those that do not fit."""
    found = list(_flat(root, 0, -1))
    cut = found[: _MOST_ROWS - 1] if len(found) > _MOST_ROWS else found
    for number, (node, depth, above) in enumerate(cut):
        yield _row(node.text, number, depth, above)
    if len(found) > len(cut):
        yield _row(f"and {len(found) - len(cut)} more rows", len(cut), 1, 0)


def _flat(node: _Node, depth: int, above: int, begin: int = 0) -> Iterator[tuple[_Node, int, int]]:
    """Yield each node with its depth and the number of the row that it hangs from."""
    yield node, depth, above
    number = begin + 1
    for below in node.below:
        rows = list(_flat(below, depth + 1, begin, number))
        number += len(rows)
        yield from rows


def _row(text: str, number: int, depth: int, above: int) -> GraphRow:
    y = _ROW * number + _ROW / 2
    x = _INDENT * depth
    down = _ROW * above + _ROW - 4
    stem = f"M{x - _INDENT + _STEM:g} {down:g}V{y:g}H{x - 3:g}" if depth else ""
    most = _LONGEST - 2 * depth
    short = text if len(text) <= most else f"{text[: most - 1]}…"
    return GraphRow(text=short, x=x, y=y + 4, stem=stem)


def _words(root: str, waiting: Mapping[str, Sequence[str]], blocker: Blocker) -> str:
    told = [f"{above} blocks {and_more(ids, _MOST_NAMED)}" for above, ids in waiting.items()]
    told.sort(key=lambda sentence: not sentence.startswith(f"{root} "))
    number = len(blocker.lines)
    lines = f"; {counted(number, 'checklist line')} {'stays' if number == 1 else 'stay'} open" if number else ""
    return f"{'; '.join(told[:_MOST_NAMED])}{lines}"
