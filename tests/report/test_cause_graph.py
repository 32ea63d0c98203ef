"""The graph of causes: a cause, what needs it, and what needs that."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from gonogo.record.results import Cause, CheckResult, LineStatus, Outcome, Results, RootCause
from gonogo.report.blockers import blockers
from gonogo.report.cause_graph import CauseGraph, cause_graph
from gonogo.report.html import render_signoff
from tests.report.accounts import line
from tests.report.conftest import HOSTILE, check, results

ROOT = "mongo-reachable"
IDS = [f"pay-{number}" for number in range(6)]


def blocked(identifier: str, *needs: str) -> CheckResult:
    """By the database."""
    one = check(identifier, Outcome.BLOCKED, "blocked", cause=Cause(check=ROOT, scope=("a",)))
    return replace(one, needs=needs)


def broken(waiting: Sequence[CheckResult], **more: Any) -> Results:  # noqa: ANN401 - fields
    """A database that is down, and these checks that could not run."""
    ids = [one.id for one in waiting]
    cause = RootCause(check=ROOT, scope=("a",), outcome=Outcome.FAIL, message="closed", consequences=ids)
    made = results([check(ROOT, Outcome.FAIL, "closed port", scope=("a",)), *waiting], [cause])
    return replace(made, **more)


def drawn(shown: Results) -> CauseGraph:
    """Of the first cause."""
    graph = cause_graph(shown, blockers(shown).causes[0])
    assert graph is not None
    return graph


def texts(graph: CauseGraph) -> list[tuple[str, float]]:
    """Each row with how far it is indented."""
    return [(row.text, row.x) for row in graph.rows]


def test_what_waits_stands_under_what_it_needs() -> None:
    """One sees what to repair, and what comes back with it."""
    lines = [line("a.l", LineStatus.OPEN, section=["List", "🗄️ Database"], checks=["mongo-primary"])]
    graph = drawn(
        broken(
            [blocked("mongo-primary", ROOT), blocked("client-a", "mongo-primary"), blocked("mail-a", "elsewhere")],
            lines=lines,
        )
    )
    assert texts(graph) == [
        ("✖ mongo-reachable", 0),
        ("⊘ mongo-primary", 18),
        ("⊘ client-a", 36),
        ("⊘ mail-a", 18),
        ("☐ Database: 1 line", 18),
    ]
    assert [row.stem for row in graph.rows] == ["", "M6 18V33H15", "M24 40V55H33", "M6 18V77H15", "M6 18V99H15"]
    assert graph.words == (
        "mongo-reachable blocks mongo-primary, mail-a; mongo-primary blocks client-a; 1 checklist line stays open"
    )


def test_the_tree_shows_what_its_fold_counted() -> None:
    """Six that are blocked are six rows; what shows the same trouble and blocks nothing is counted elsewhere."""
    waiting = [blocked(one, ROOT) for one in IDS]
    alike = [check("mongo-primary", Outcome.FAIL, "closed port"), check("mongo-slow", Outcome.FAIL, "closed port")]
    shown = broken([*waiting, *alike, blocked("mail-a", "mongo-primary")])
    (first, *_) = blockers(shown).causes
    problem = replace(first.problem, alike=["mongo-primary", "mongo-slow"], consequences=[*IDS, "mail-a"])
    graph = cause_graph(shown, replace(first, problem=problem))
    assert graph is not None
    assert [text for text, _ in texts(graph)[1:]] == [*(f"⊘ {one}" for one in IDS), "✖ mongo-primary", "⊘ mail-a"]
    assert "mongo-slow" not in graph.words


def test_many_alike_are_one_row_and_too_many_are_counted() -> None:
    """A dead database blocks a hundred checks: the picture stays one that people read."""
    same = drawn(broken([blocked(f"pay-{number}", ROOT) for number in range(40)]))
    assert texts(same) == [("✖ mongo-reachable", 0), ("⊘ pay: 40 checks", 18)]
    other = drawn(broken([blocked(f"f{number}-a", ROOT) for number in range(5000)]))
    assert len(other.rows) == 40
    assert texts(other)[-1] == ("and 4962 more rows", 18)
    assert len(other.words) < 400


def test_lines_of_many_sections_are_told_by_status() -> None:
    """Forty lines over twenty sections would be longer than the checks."""
    lines = [
        line(f"a.{number}", status, section=["List", f"Part {number}"], checks=["pay-a"])
        for number, status in enumerate([LineStatus.OPEN] * 5 + [LineStatus.FAILED])
    ]
    graph = drawn(broken([blocked("pay-a", ROOT)], lines=lines))
    assert {text for text, _ in texts(graph)[2:]} == {"☐ 5 checklist lines open", "☒ 1 checklist line failed"}


def test_a_long_chain_is_cut_with_its_number() -> None:
    """It would run out of a phone's screen; the ids stand below it."""
    names = [ROOT, *(f"a-{number}" for number in range(20))]
    graph = drawn(broken([blocked(name, need) for need, name in pairwise(names)]))
    assert texts(graph)[-1] == ("and 16 checks behind it", 90)
    assert max(len(row.text) for row in drawn(broken([blocked("x" * 90, ROOT)])).rows) == 36


def test_no_picture_of_a_cause_that_blocks_nothing() -> None:
    """A certificate with 20 h left is a card, and no graph."""
    shown = results([check("tls-expiry", Outcome.FAIL, "20 h left")])
    assert cause_graph(shown, blockers(shown).causes[0]) is None


def test_odd_records_end() -> None:
    """results.json may come from anywhere: circles, names twice, and names that are code."""
    circle = broken([blocked("a-a", "a-b"), blocked("a-b", "a-a"), blocked("a-c", ROOT), blocked("a-c", ROOT)])
    assert len(drawn(circle).rows) == 4
    page = render_signoff(broken([blocked(HOSTILE, ROOT)]), whole=True).decode()
    assert "<script>alert" not in page
    assert 'class="plot graph"' in page
