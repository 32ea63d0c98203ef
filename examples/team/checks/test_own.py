"""Checks of our own: plain pytest functions over what gonogo observed. `gonogo checks` lists them with all others."""

import pytest

from gonogo.evidence.http import OpenApiEvidence


@pytest.mark.check("own-api-versioned")
def test_api_is_versioned(openapi: OpenApiEvidence) -> None:
    """A path without a version cannot be changed once partners call it, and they begin on launch day.

    Fix: mount the router below /v1, and redirect from the old path while nobody depends on it.
    """
    assert openapi.paths, f"{openapi.exchange.url} describes no path"
    bare = [path for path in openapi.paths if not path.startswith("/v")]
    assert not bare, f"{openapi.exchange.url}: without a version: {', '.join(bare[:5])}"
