"""Each line of the list has untruths that were told about it, or a reason why none is."""

from gonogo.runs.reference_instance import known_faults
from tests.docs.coverage import PAGE, leaves, not_proved, rendered
from tests.faults.lies import LIES, OVER_TIME


def test_every_line_is_lied_about_or_says_why_not() -> None:
    """A line in neither table could be ticked for ever, whatever is untrue."""
    told, reasons = {*LIES, *OVER_TIME}, not_proved().keys()
    ids = {line.id for line in leaves()}
    assert len(ids) == 166
    assert told | reasons == ids
    assert not told & reasons, "a line about which an untruth is told needs no reason any more"


def test_lies_are_faults_of_the_reference() -> None:
    """A misspelled one would be told nowhere."""
    names = {fault["name"] for fault in known_faults()}
    assert all(several for table in (LIES, OVER_TIME) for several in table.values())
    assert {lie for table in (LIES, OVER_TIME) for several in table.values() for lie in several} <= names


def test_the_page_is_what_the_code_says() -> None:
    """The list's own team reviews it in the place of the code."""
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run: make docs"
