"""What to do about an outcome is the same advice in every output."""

from collections.abc import Callable

import pytest

from gonogo.record.results import Outcome, Results
from gonogo.report.ctrf import render_ctrf
from gonogo.report.github import render_commands
from gonogo.report.html import render_signoff
from gonogo.report.junit import render_junit
from gonogo.report.summary import render_summary_page
from gonogo.report.terminal import render_summary
from tests.report.conftest import check, results

Rendered = Callable[[Results], str]
OUTPUTS: dict[str, Rendered] = {
    "terminal": lambda shown: render_summary(shown, report_path="run", report_digest="", colour=False, width=100),
    "job summary": lambda shown: render_summary_page(shown).decode(),
    "annotations": render_commands,
    "JUnit": lambda shown: render_junit(shown).decode(),
    "CTRF": lambda shown: render_ctrf(shown).decode(),
    "page": lambda shown: render_signoff(shown).decode().partition('id="checks"')[0],
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_nobody_is_sent_to_repair_what_was_not_observed(output: str) -> None:
    """A failure has its fix; what could not be checked has the one of its own question, or none."""
    render = OUTPUTS[output]
    failed, unknown = check("tls-a", Outcome.FAIL, "closed"), check("tls-a", Outcome.ERROR, "no answer")
    assert "Repair it." in render(results([failed]))
    assert "Repair it." not in render(results([unknown]))
    hinted = render(results([check("tls-a", Outcome.ERROR, "no answer", hint="declare others")]))
    assert "Repair it." not in hinted
    assert output == "CTRF" or "declare others" in hinted
