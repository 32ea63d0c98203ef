"""Failed and open lines are told apart, and none where there is none."""

import pytest

from gonogo.record.results import LineStatus
from gonogo.verdict.decision import decide
from gonogo.verdict.undone import undone_words
from tests.report.accounts import line
from tests.report.conftest import check


@pytest.mark.parametrize(
    ("failed", "left", "words"),
    [
        (5, 3, "8 checklist lines not done (5 failed, 3 open)"),
        (1, 1, "2 checklist lines not done (1 failed, 1 open)"),
        (2, 0, "2 checklist lines failed"),
        (0, 1, "1 checklist line open"),
        (0, 0, ""),
    ],
)
def test_words(failed: int, left: int, words: str) -> None:
    """Whoever reads "8 lines open" beside "5 failed + 3 open" looks for eight that are open."""
    lines = [line(f"f.{number}", LineStatus.FAILED) for number in range(failed)]
    lines += [line(f"o.{number}", LineStatus.OPEN) for number in range(left)]
    lines.append(line("d.d", LineStatus.ATTESTED))
    assert undone_words(lines) == words
    assert (words or "passed") in decide([check("tls-a")], lines).reason
