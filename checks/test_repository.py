"""The repository: everybody who has a clone has all that was ever committed."""

import pytest

from gonogo.base.comparing import nothing, so
from gonogo.base.errors import Unobserved
from gonogo.evidence.repository import RepositoryEvidence, SecretFinding

_SHOWN = 5


@pytest.mark.check("repository-no-known-secret")
def test_no_secret_of_ours(repository: RepositoryEvidence) -> None:
    """A secret that was committed once stays in every clone, every fork and every backup, even after it is removed.

    Fix: change the secret where it is used; then remove it from the file. Rewriting history alone is not enough.
    """
    _nothing(repository, of_values=True)


@pytest.mark.check("repository-no-key-pattern")
def test_no_key_of_anybody(repository: RepositoryEvidence) -> None:
    """Bots search public repositories for keys all day, and find them within minutes.

    Fix: revoke the key at its provider, then remove it; mark an example with ``pragma: allowlist secret``.
    """
    _nothing(repository, of_values=False)


def _nothing(repository: RepositoryEvidence, *, of_values: bool) -> None:
    findings = [finding for finding in repository.findings if finding.known is of_values]
    more = len(findings) - _SHOWN + repository.more
    unnamed = f"; and {more} more" if more > 0 else ""
    assert nothing(list(map(_told, findings[:_SHOWN])), "secrets that were committed"), (
        f"{'; '.join(map(_told, findings[:_SHOWN]))}{unnamed}"
    )
    assert so(not repository.more or of_values, "findings beyond those listed", "none", "some"), (
        f"{repository.more} more findings than can be listed"
    )
    if not repository.complete:
        raise Unobserved(f"not fully scanned: {repository.reason}", hint=repository.hint)


def _told(finding: SecretFinding) -> str:
    when = f", in commit {finding.commit}" if finding.commit else ""
    return f"{finding.what} in {finding.file or 'a message'}:{finding.line}{when}"
