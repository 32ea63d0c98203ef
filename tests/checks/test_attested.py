"""Pages behind attestations, judged on literals."""

import pytest

from gonogo.evidence.attested_url import AttestedUrlEvidence
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT


@pytest.mark.parametrize(
    ("status", "problem", "said"),
    [
        (200, "", None),
        (302, "", None),
        (404, "", "https://a.test/x cannot be read: it answered 404"),
        (500, "", "https://a.test/x cannot be read: it answered 500"),
        (None, "nothing listens", "https://a.test/x cannot be read: nothing listens"),
    ],
)
def test_page(judge: Judge, status: int | None, problem: str, said: str | None) -> None:
    """Who cannot open it has no guide."""
    seen = AttestedUrlEvidence(
        scope=("attestations", "a.x"), taken_at=AT, url="https://a.test/x", status=status, problem=problem
    )
    assert judge("attested-url-answers", attested_url=seen) == said
