"""Rows of bars with their words beside them: what each section came to, and what earlier runs did.

The words say all that a bar does, so the bar itself is no more than a picture; kinds differ in height and in line, never
in colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gonogo.record.results import LineStatus, Outcome, Results
from gonogo.report.drawing import WIDTH, percent
from gonogo.report.lines import STATUS_SHAPES, ChecklistSection
from gonogo.report.wording import SHAPES, VERDICT_SHAPES

HEIGHT = 14
"""Pixels of a row."""
UNASKED = "not asked"
_LEAST = 0.012
"""Share of a row: one check of thousands is still seen."""
_PLACES: Mapping[str, tuple[float, float]] = {
    "attested": (2.5, 9),
    "supported": (4.5, 5),
    "warn": (2.5, 9),
    "waived": (4, 6),
    "failed": (0, 14),
    "fail": (0, 14),
    UNASKED: (6, 2),
    "not-run": (6, 2),
    "passed-time": (5, 4),
}
"""Top and height by kind; of others as most of them have it."""
_USUAL = (1.0, 12.0)
_UNASKED_SHAPE = "–"  # noqa: RUF001 - a line where nothing is


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a bar."""

    kind: str
    """Class in the style sheet."""
    x: str
    width: str
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarRow:
    """One bar."""

    title: str
    link: str = ""
    """Anchor of what it is about."""
    outcome: Outcome | None = None
    words: str
    """All that the bar says."""
    parts: Sequence[Part]


def part(kind: str, begin: float, width: float) -> Part:
    """A part from ``begin`` on, both in thousandths of the width."""
    y, height = _PLACES.get(kind, _USUAL)
    return Part(kind=kind.replace(" ", "-"), x=percent(begin), width=percent(width), y=y, height=height)


def stacked(counts: Mapping[str, int]) -> Sequence[Part]:
    """One part for each number that is not 0, together as wide as the row."""
    total = sum(counts.values())
    shares = {kind: max(count / total, _LEAST) for kind, count in counts.items() if count}
    whole, begin, parts = sum(shares.values()), 0.0, []
    for kind, share in shares.items():
        width = WIDTH * share / whole
        parts.append(part(kind, begin, width))
        begin += width
    return parts


def coverage(sections: Sequence[ChecklistSection]) -> Sequence[BarRow]:
    """What each section came to, the whole list first. Lines that only group others are not counted."""
    rows = [(one.title, f"section.{one.number}", _statuses(one)) for one in sections]
    rows = [row for row in rows if sum(row[2].values())]
    whole = {kind: sum(row[2][kind] for row in rows) for kind in (*LineStatus, UNASKED)}
    return [
        BarRow(title=title, link=link, words=_status_words(counts), parts=stacked(counts))
        for title, link, counts in [("The whole checklist", "", whole), *rows]
        if rows
    ]


def coverage_key(rows: Sequence[BarRow]) -> Sequence[tuple[str, Part]]:
    """Words and looks of the kinds that are used, in their order."""
    used = {one.kind for row in rows for one in row.parts}
    kinds = [(f"{STATUS_SHAPES[status]} {status}", part(status, 0, WIDTH)) for status in LineStatus]
    kinds.append((f"{_UNASKED_SHAPE} {UNASKED} by this gate", part(UNASKED, 0, WIDTH)))
    return [(words, looks) for words, looks in kinds if looks.kind in used]


def verdict_history(results: Results) -> Sequence[BarRow]:
    """The last runs and this one, the oldest first; nothing where there is no earlier run."""
    if not results.history.runs:
        return []
    past = [(run.started_at, run.verdict, run.counts, "") for run in results.history.runs]
    now = (results.run.started_at, results.decision.verdict, results.counts, ", this run")
    return [
        BarRow(
            title=f"{VERDICT_SHAPES[verdict]} {verdict}",
            words=f"{at:%Y-%m-%d %H:%M} UTC{which}: {_outcome_words(counts)}",
            parts=stacked({outcome.replace(" ", "-"): counts.get(outcome, 0) for outcome in Outcome}),
        )
        for at, verdict, counts, which in [*past, now]
    ]


def _statuses(section: ChecklistSection) -> dict[str, int]:
    return {**{status.value: count for status, count in section.counts}, UNASKED: section.unasked}


def _status_words(counts: Mapping[str, int]) -> str:
    shapes = {**{status.value: shape for status, shape in STATUS_SHAPES.items()}, UNASKED: _UNASKED_SHAPE}
    return " · ".join(f"{shapes[kind]} {count} {kind}" for kind, count in counts.items() if count)


def _outcome_words(counts: Mapping[str, int]) -> str:
    told = [f"{SHAPES[outcome]} {counts[outcome]} {outcome.words}" for outcome in Outcome if counts.get(outcome)]
    return " · ".join(told) or "no check was planned"
