"""However a run is read, it says how much of the list was asked: a GO over two lines of nine must look like one."""

import pytest

from gonogo.record.results import Results
from gonogo.report.changes import render_changes
from gonogo.report.files import derived
from gonogo.report.terminal import render_summary
from gonogo.report.wording import asked, asked_share
from tests.report.accounts import accounted, line
from tests.report.conftest import check

LIST = "# List\n\n- [ ] One <!-- a.one -->\n- [ ] Two <!-- a.two -->\n- [ ] Three <!-- a.three -->\n"
SENTENCES = {
    3: "All 3 lines of the checklist were asked by this gate",
    1: "1 of 3 lines was asked by this gate; 2 were not",
    0: "0 of 3 lines were asked by this gate; 3 were not",
}


def demanding(number: int) -> Results:
    """A run whose gate demands this many of three lines."""
    lines = [line(f"a.{name}", number=at + 3, demanded=at < number) for at, name in enumerate(("one", "two", "three"))]
    return accounted([check("tls-a")], lines, checklist=LIST)


@pytest.mark.parametrize("number", SENTENCES)
def test_every_format_has_the_sentence(number: int) -> None:
    """A deploy log has one line of it, a dashboard reads one file, and a signer opens the page."""
    results = demanding(number)
    assert asked(results) == SENTENCES[number]
    silent = [name for name, content in derived(results).items() if SENTENCES[number].encode() not in content]
    assert not silent
    terminal = render_summary(results, report_path="x", report_digest="", colour=False, width=200)
    assert SENTENCES[number] in terminal
    assert SENTENCES[number] in render_changes(results, results, [])
    assert asked_share(results) == f"{number} of 3 lines asked"


def test_without_a_list_nothing_is_counted() -> None:
    """Nobody asked nought of nought lines."""
    results = accounted([check("tls-a")], [])
    assert not asked(results)
    assert not asked_share(results)
    assert not [name for name, content in derived(results).items() if b"asked by this gate" in content]
