"""What a replay may differ in: nothing that a record says, and nothing that earlier records could not say."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from gonogo.record.results import Results
from gonogo.runs.replay import differences
from tests.report.conftest import AT, check, results


def launched(at: datetime | None) -> Results:
    """A run of an environment whose launch is then."""
    made = results([check("tls-a")])
    return replace(made, run=replace(made.run, launch_at=at))


@pytest.mark.parametrize("again", [None, AT])
def test_records_from_before_the_launch_was_kept_can_still_be_verified(again: datetime | None) -> None:
    """They say nothing of it, and their evidence does."""
    assert differences(launched(None), launched(again)) == []


@pytest.mark.parametrize("again", [None, AT + timedelta(days=1)])
def test_a_launch_that_the_evidence_does_not_know_is_an_edited_record(again: datetime | None) -> None:
    """Certificates would be drawn against a day that nobody declared."""
    (found,) = differences(launched(AT), launched(again))
    assert found.startswith("launch_at: results.json says")


def test_records_from_before_keep_their_digest() -> None:
    """It stands on the page, in the statement, and under the signatures."""
    assert b"launch_at" not in launched(None).content
    assert b'"launch_at":"2026-11-23T12:00:00Z"' in launched(AT).content
