"""What the templates ask of values."""

import pytest

from gonogo.record.results import Outcome
from gonogo.report.filters import bar, safe_url


@pytest.mark.parametrize("url", ["https://wiki.test/page", "https://wiki.test:8443/a?b=c#d"])
def test_links_that_lead_where_they_say(url: str) -> None:
    """A signer may follow them."""
    assert safe_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://wiki.test/",
        "javascript:alert(1)",
        "https:javascript:alert(1)",
        "https:///nobody",
        "https://wiki.test@evil.test/",
        "https://wiki.test/\u202egpj.exe",
        "https://[",
        "wiki.test",
        "",
        "data:text/html,<script>alert(1)</script>",
    ],
)
def test_all_else_stays_text(url: str) -> None:
    """Whoever wants to follow it reads it first."""
    assert not safe_url(url)


def test_bar_is_as_long_as_its_parts() -> None:
    """Nothing is left unaccounted in the picture either."""
    parts = bar({Outcome.PASS: 2, Outcome.FAIL: 1, Outcome.WARN: 0, Outcome.NOT_RUN: 1})
    assert parts == [("pass", 0.0, 500.0), ("fail", 500.0, 250.0), ("not-run", 750.0, 250.0)]
    assert bar({Outcome.PASS: 0}) == []
