"""Documents in the repository that the environment file declares: one check for each."""

import pytest

from gonogo.base.comparing import nothing
from gonogo.base.errors import Unobserved
from gonogo.evidence.documents import DocumentEvidence


@pytest.mark.check("documentation-*")
def test_document_keeps_up_with_what_it_is_about(repository_document: DocumentEvidence) -> None:
    """Somebody who is called at night follows the document; if it is outdated, that makes things worse.

    Fix: compare the document with what has changed since, correct it, and commit it; or correct its entry in [documents].
    """
    file = repository_document.file
    assert nothing(repository_document.departures, "departures from what is declared"), (
        f"{file}: {'; '.join(repository_document.departures)}"
    )
    if unread := repository_document.unread:
        raise Unobserved(f"{file}: {'; '.join(unread)}", hint="; ".join(unread.values()))
