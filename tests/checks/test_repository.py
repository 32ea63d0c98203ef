"""The repository, judged on literal findings."""

from dataclasses import replace

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.repository import RepositoryEvidence, SecretFinding
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

CLEAN = RepositoryEvidence(
    scope=("variables", "repository"), taken_at=AT, files=10, commits=5, known_values=9, complete=True
)
OURS = SecretFinding(what="SECRET_KEY", known=True, file="app.py", line=7)
SHAPED = SecretFinding(what="AWS Access Key", known=False, file="", line=2, commit="0123456789ab")
CHECKS = {"repository-no-known-secret": OURS, "repository-no-key-pattern": SHAPED}


@pytest.mark.parametrize("identifier", CHECKS)
def test_red_and_green(judge: Judge, identifier: str) -> None:
    """Each has its own findings."""
    assert judge(identifier, repository=CLEAN) is None
    for check, finding in CHECKS.items():
        said = judge(identifier, repository=replace(CLEAN, findings=(finding,)))
        assert (said is not None) is (check == identifier)


def test_findings_say_where(judge: Judge) -> None:
    """File and line; in the history, the commit; and how many more there are."""
    both = replace(CLEAN, findings=(OURS, SHAPED))
    assert judge("repository-no-known-secret", repository=both) == "SECRET_KEY in app.py:7"
    said = judge("repository-no-key-pattern", repository=both)
    assert said == "AWS Access Key in a message:2, in commit 0123456789ab"
    many = replace(CLEAN, findings=(OURS,) * 9, more=3)
    assert "; and 7 more" in (judge("repository-no-known-secret", repository=many) or "")
    assert "3 more findings" in (judge("repository-no-key-pattern", repository=many) or "")


@pytest.mark.parametrize("identifier", CHECKS)
def test_half_a_scan_is_no_pass(judge: Judge, identifier: str) -> None:
    """What was found is red all the same."""
    half = replace(CLEAN, complete=False, reason="the clone is shallow", hint="git fetch --unshallow")
    with pytest.raises(Unobserved, match="not fully scanned: the clone is shallow"):
        judge(identifier, repository=half)
    assert judge(identifier, repository=replace(half, findings=(CHECKS[identifier],)))
