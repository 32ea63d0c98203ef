"""Every file that is a pure function of a run's results."""

from collections.abc import Mapping

from gonogo.record.results import Results
from gonogo.record.run_folder import (
    CHECKLIST,
    CTRF,
    JUNIT,
    JUNIT_GITLAB,
    SIGNOFF,
    SIGNOFF_WHOLE,
    STATEMENT,
    SUMMARY,
)
from gonogo.report.ctrf import render_ctrf
from gonogo.report.html import render_signoff
from gonogo.report.junit import render_junit
from gonogo.report.statement import render_statement
from gonogo.report.summary import render_summary_page
from gonogo.report.ticked import render_checklist


def derived(results: Results) -> Mapping[str, bytes]:
    """Every file that is a pure function of the results, by its name."""
    files = {
        SIGNOFF: render_signoff(results),
        SIGNOFF_WHOLE: render_signoff(results, whole=True),
        JUNIT: render_junit(results),
        JUNIT_GITLAB: render_junit(results, gitlab=True),
        CTRF: render_ctrf(results),
        SUMMARY: render_summary_page(results),
        STATEMENT: render_statement(results),
    }
    return {**files, CHECKLIST: render_checklist(results)} if results.checklist else files
