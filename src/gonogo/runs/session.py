"""One live run from its plan to its published record."""

import gc

from gonogo.base.errors import UsageError
from gonogo.judging.judge import judge
from gonogo.judging.judged import Judged
from gonogo.judging.page import PageInMemory
from gonogo.record.results import Results
from gonogo.record.run_folder import PYTEST_HTML, RunFolder
from gonogo.runs.conclude import concluded
from gonogo.runs.prepare import Prepared
from gonogo.runs.publish import Published, publish


def verify(prepared: Prepared, folder: RunFolder) -> Published:
    """Run it, and replace the provisional record in its folder. Raises UsageError when a file cannot be written."""
    page, unwritten = PageInMemory(PYTEST_HTML), None
    judged = judged_live(prepared, page)
    gc.collect()  # what pytest held of thousands of items is one knot, and its place is needed for their results
    if page.content:
        redacted = prepared.redactor.text(page.content)
        page.content = ""  # of thousands of items it is large, and the results take the same place
        unwritten = _unwritten(folder, redacted.encode("utf-8", "backslashreplace"))
        del redacted
    published = publish(prepared, folder, judged)
    if unwritten is not None:
        raise unwritten
    return published


def _unwritten(folder: RunFolder, content: bytes) -> UsageError | None:
    """Why pytest's page is not there: told once the record is, which nobody could make again."""
    try:
        folder.write(PYTEST_HTML, content)
    except UsageError as error:
        return error
    return None


def judged_live(prepared: Prepared, page: PageInMemory | None = None) -> Judged:
    """Let the checks judge what is asked now."""
    return judge(prepared.plan, prepared.source, redactor=prepared.redactor, stop=prepared.stop, page=page)


def abandon(prepared: Prepared, folder: RunFolder) -> Published:
    """Put on record that the run was interrupted before any check could judge."""
    return publish(prepared, folder, prepared.abandoned())


def results_of(prepared: Prepared) -> Results:
    """Run it without a folder: nothing is written, and no evidence is kept beside the results."""
    try:
        return concluded(prepared.plan, judged_live(prepared), b"", prepared.collected().notes, prepared.redactor)
    finally:
        prepared.close()
