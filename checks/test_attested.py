"""The pages that attestations point to."""

import pytest

from gonogo.base.comparing import shown
from gonogo.evidence.attested_url import AttestedUrlEvidence

_ANSWERED = range(200, 400)


@pytest.mark.check("attested-url-answers")
def test_page_behind_an_attestation_answers(attested_url: AttestedUrlEvidence) -> None:
    """A runbook that nobody can open helps nobody at 3 a.m.

    Fix: publish the page again, or attest the line again with its new address.
    """
    problem = attested_url.problem or f"it answered {attested_url.status}"
    assert shown(attested_url.status in _ANSWERED, "answer", attested_url.status, "200 to 399"), (
        f"{attested_url.url} cannot be read: {problem}"
    )
