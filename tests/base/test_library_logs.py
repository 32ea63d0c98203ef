"""A library's own log holds requests and replies as they are."""

import logging
import os
import subprocess
import sys

import pytest

from gonogo.base.library_logs import silence


def test_variables_that_make_libraries_talk_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """``STRIPE_LOG=debug`` printed the client secret of every payment into a page that is kept."""
    for variable in ("STRIPE_LOG", "SENTRY_DEBUG", "OPENAI_LOG"):
        monkeypatch.setenv(variable, "debug")
    silence()
    assert not {"STRIPE_LOG", "SENTRY_DEBUG", "OPENAI_LOG"} & os.environ.keys()
    for name in ("stripe", "httpx", "httpcore.http11", "pymongo.command", "sentry_sdk.errors"):
        assert not logging.getLogger(name).isEnabledFor(logging.ERROR)


@pytest.mark.parametrize("first", ["import stripe", "pass"])
def test_stripes_own_sdk_is_silent(first: str) -> None:
    """It reads its variable once, before or after us."""
    program = f"""
{first}
from gonogo.base.library_logs import silence
silence()
import stripe
from stripe._util import log_debug, log_info
log_info("Request to Stripe api", method="post")
log_debug("API response body", body="pi_3MtwBwLkdIwHu7ix_secret_YrKJUKribcBjcG8HVhfZluoGH")
"""
    done = subprocess.run(  # noqa: S603 - the text above
        [sys.executable, "-c", program],
        env={**os.environ, "STRIPE_LOG": "debug"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert not done.stdout + done.stderr
