"""The checklist on the page: nested as in the file, with the trend of each section."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.record.results import History, LineResult, LineStatus, PastRun, Results, Verdict
from gonogo.report.lines import Node, plain_title, sections, supported
from tests.report.accounts import accounted, line
from tests.report.conftest import AT, check


def told(lines: Sequence[LineResult], *past: dict[str, tuple[int, int]]) -> Results:
    """A run after others, of which only their sections are known."""
    runs = [
        PastRun(
            id=f"r{number}",
            verdict=Verdict.GO,
            started_at=AT - timedelta(days=9 - number),
            release=None,
            counts={},
            sections=known,
        )
        for number, known in enumerate(past)
    ]
    return replace(accounted([check("tls-a")], lines), history=History(runs=runs))


def shape(nodes: Sequence[Node]) -> list[object]:
    """Ids, nested."""
    return [[one.line.id, *shape(one.below)] for one in nodes]


def test_nested_as_in_the_file() -> None:
    """A line stands below its nearest parent; one whose parent stands elsewhere is not lost."""
    lines = [
        line("a", leaf=False),
        line("a.b", leaf=False, parents=["a"]),
        line("a.b.c", parents=["a", "a.b"]),
        line("a.d", parents=["a"]),
        line("e", parents=["gone"]),
        line("f", parents=["f"]),
    ]
    (section,) = sections(told(lines))
    assert shape(section.tree) == [["a", ["a.b", ["a.b.c"]], ["a.d"]], ["e"], ["f"]]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("🏗️ Infrastructure", "Infrastructure"), ("✅ 4. Done ⚠️", "4. Done ⚠️"), ("Plain", "Plain"), ("🎉", "🎉")],
)
def test_titles_without_ornaments(heading: str, expected: str) -> None:
    """A box for an emoji that the machine does not know is no heading; an empty one neither."""
    assert plain_title(heading) == expected


def test_hidden_characters_stay_to_be_shown() -> None:
    """Who hides one in a heading wants it not to be seen."""
    assert plain_title("\u202eevil") == "\u202eevil"


def test_trend_knows_what_runs_did_not_know() -> None:
    """A section that is new has no history; a gap in it is a gap."""
    lines = [line("a.a"), line("a.b", LineStatus.OPEN)]
    (section,) = sections(told(lines, {"Part": (0, 2)}, {}, {"Part": (2, 2)}))
    assert list(section.trend) == [(0, 2), None, (2, 2), (1, 2)]
    assert section.spark == "3.0,17.0 55.0,3.0 81.0,10.0"
    (new,) = sections(told(lines, {"Other": (0, 2)}))
    assert new.spark == ""


def test_sections_of_one_name_have_no_trend() -> None:
    """Earlier runs know headings only: the sum of two would be shown for each."""
    lines = [line("a.a", section=["List", "A", "Part"]), line("b.b", section=["List", "B", "Part"])]
    assert [one.spark for one in sections(told(lines, {"Part": (1, 2)}))] == ["", ""]


def test_supported_statements() -> None:
    """A statement that is not on the list is not supported."""
    by_id = {one.id: one for one in (line("s.a"), line("s.b", LineStatus.OPEN))}
    assert supported(["s.a", "s.b", "s.gone"], by_id) == (1, 3)
