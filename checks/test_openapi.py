"""The description of the API, as partners build against it."""

import pytest

from gonogo.base.comparing import nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.evidence.http import OpenApiEvidence

_VERSIONS = ("3.", "2.0")
_MOST_NAMED = 5


@pytest.mark.check("openapi-valid")
def test_api_describes_itself(openapi: OpenApiEvidence) -> None:
    """Partners build against this document on launch day.

    Fix: serve the document that the framework generates, complete; check it with openapi-spec-validator.
    """
    where = openapi.exchange.url
    if openapi.exchange.truncated:
        raise Unobserved(openapi.exchange.summary, hint="declare http.largest_body, as in '64 MiB'")
    if openapi.exchange.hurried:
        raise Unobserved(openapi.exchange.summary, hint="raise limits.probe")
    assert shown(openapi.exchange.ok, "answer", openapi.exchange.status, "2xx"), openapi.exchange.summary
    assert so(not openapi.parse_error, "text of the document", "parses", "does not parse"), (
        f"{where}: {openapi.parse_error}{openapi.exchange.beginning}"
    )
    known = (openapi.version or "").startswith(_VERSIONS)
    assert shown(known, "version of OpenAPI", openapi.version, "3.x or 2.0"), (
        f"{where}: openapi is {openapi.version or 'missing'}; 3.x or 2.0 is expected"
    )
    more = len(openapi.problems) - _MOST_NAMED
    assert nothing(openapi.problems[:_MOST_NAMED], "departures from OpenAPI"), (
        f"{where}: {'; '.join(openapi.problems[:_MOST_NAMED])}{f'; and {more} more' if more > 0 else ''}"
    )


@pytest.mark.check("openapi-usable")
def test_description_can_be_used(openapi: OpenApiEvidence) -> None:
    """If a valid document names no reachable server, every partner has to ask.

    Fix: give servers the public address of the API, and describe its operations.
    """
    assert nothing(openapi.remarks, "what makes it hard to use"), (
        f"{openapi.exchange.url}: {'; '.join(openapi.remarks)}"
    )
