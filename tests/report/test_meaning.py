"""The sentence for a product owner: what the first cause means, in words of the catalogue and of the checklist."""

import dataclasses
import html
import json

import pytest

from gonogo.record.results import Cause, CheckResult, LineStatus, Outcome, Results
from gonogo.report.blockers import blockers
from gonogo.report.files import derived
from gonogo.report.github import render_commands
from gonogo.report.meaning import fact, first_meaning
from gonogo.report.terminal import render_summary
from gonogo.verdict.causes import root_causes
from tests.report.accounts import accounted, line
from tests.report.conftest import HOSTILE, check
from tests.report.test_one_truth import properties

RAW = 'POST /api/bookings answered 500: {"detail": "internal error"}; 201 was expected'


def step(identifier: str, title: str, message: str = RAW, outcome: Outcome = Outcome.FAIL) -> CheckResult:
    """A check that users walk."""
    return check(identifier, outcome, message, title=title, facts={"walk": {}})


def broken(why: str = "It matters.") -> Results:
    """Nobody can book, because bookings end in an error of the service."""
    checks = [dataclasses.replace(step("booking-a", "A client books a service"), why=why), check("tls-a")]
    lines = [
        line("a.mail", LineStatus.FAILED, supporting=["booking-a"]),
        line("a.all", LineStatus.FAILED, checks=["booking-a", "tls-a"]),
        line("a.book", LineStatus.FAILED, checks=["booking-a"]),
    ]
    return accounted(checks, lines, causes=root_causes(checks))


def test_it_says_what_failed_and_why_it_matters() -> None:
    """Without a reason it says what it blocks: the line that it names is the one that rests on this check alone."""
    assert first_meaning(broken()) == "Requirement not met: “A client books a service”. It matters"
    assert first_meaning(broken(why="")) == (
        "Requirement not met: “A client books a service”. This blocks 3 checklist lines, among them “Text of a.book”"
    )


def test_every_format_says_it_before_the_message() -> None:
    """Whoever reads no code stops at the first sentence, in whatever they were sent."""
    told = broken()
    words = first_meaning(told)
    files = {name: html.unescape(content.decode()) for name, content in derived(told).items()}
    texts = [files["signoff.html"].partition("</style>")[2], files["signoff-whole.html"].partition("</style>")[2]]
    texts += [render_summary(told, report_path="x", report_digest="", colour=False, width=200), files["summary.md"]]
    for text in texts:
        before, _, after = text.partition(words)
        assert RAW not in before
        assert RAW in after
    assert f"title=booking-a::{words}%0AFAIL: POST /api/bookings" in render_commands(told)
    assert properties(derived(told)["junit.xml"])["meaning"] == words
    assert json.loads(files["ctrf.json"])["results"]["summary"]["extra"]["meaning"] == words
    assert f"NO-GO: {words}. 1 must-pass check failed" in files["junit.xml"]


def test_of_a_dead_dependency_it_says_what_people_cannot_do() -> None:
    """The first cause is the database for whoever repairs it; for others it is that nobody can register."""
    mail = step("client-a", "The mail arrives", "POST /api/a answered 503: {}; 201 was expected")
    registers = step("client-b", "A client registers", "POST /api/b answered 503: {}; 201 was expected")
    checks = [check("mongo-reachable", Outcome.FAIL, "closed port"), mail, registers]
    lines = [
        line("a.db", LineStatus.FAILED, checks=["mongo-reachable"]),
        line("a.mail", LineStatus.FAILED, checks=["client-a"]),
        line("a.b", LineStatus.FAILED, checks=["client-b"]),
        line("a.c", LineStatus.FAILED, checks=["client-b", "mongo-reachable"]),
    ]
    told = accounted(checks, lines, causes=root_causes(checks))
    (cause,) = blockers(told).causes
    assert cause.problem.check.id == "mongo-reachable"
    assert first_meaning(told) == "Requirement not met: “A client registers”. It matters"
    without = accounted(checks, lines[:1], causes=root_causes(checks))
    assert first_meaning(without) == "Requirement not met: “Title of mongo-reachable”. It matters"
    unexplained = [dataclasses.replace(one, why="") for one in checks]
    without = accounted(unexplained, lines[:1], causes=root_causes(checks))
    assert first_meaning(without) == (
        "Requirement not met: “Title of mongo-reachable”. This blocks the checklist line “Text of a.db”"
    )


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome.ERROR, "Could not be checked"),
        (Outcome.BLOCKED, "Could not be checked"),
        (Outcome.NOT_RUN, "Not checked"),
        (Outcome.WAIVED, "Waived"),
    ],
)
def test_what_nobody_saw_is_not_said_to_be_untrue(outcome: Outcome, words: str) -> None:
    """A gap is no failure, also in plain words."""
    told = check("tls-a", outcome, "no reply", cause=Cause(check="dns-a", scope=("a.test",)))
    assert fact(told) == f"{words}: “Title of tls-a”"


def test_nothing_broken_means_nothing() -> None:
    """Open lines are in words already."""
    told = accounted([check("tls-a")], [line("a.open", LineStatus.OPEN)])
    assert not first_meaning(told)
    assert 'class="means"' not in derived(told)["signoff.html"].decode()


def test_titles_and_lines_of_strangers_are_text() -> None:
    """A list may come from anywhere, and a long title must not push the fix off the screen."""
    told = accounted([step("booking-a", HOSTILE * 3)], [line("a.a", LineStatus.FAILED, checks=["booking-a"])])
    told = dataclasses.replace(told, lines=[dataclasses.replace(told.lines[0], text=HOSTILE)])
    page = derived(told)["signoff.html"].decode()
    sentence = page.partition('<p class="means">')[2].partition("</p>")[0]
    assert "<" not in sentence
    assert "\u202e" not in sentence
    assert len(html.unescape(sentence)) < 600
