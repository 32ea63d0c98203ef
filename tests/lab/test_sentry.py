"""Sentry's clients and checks against a server that only takes Sentry's events."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.sentry import SentryApi
from gonogo.families.sentry.journey import SentryVerbs
from gonogo.families.sentry.probe import SentryQuestion, probe_sentry
from gonogo.families.sentry.section import Sentry
from gonogo.families.verbs import Journey
from tests.lab.bugsink import bugsink

pytestmark = pytest.mark.whole


def test_bugsink_takes_the_canary_and_cannot_be_asked(tmp_path: Path) -> None:
    """A tracker that works would be told as a project that is gone: NO-GO for nothing."""
    with bugsink(tmp_path) as server:
        section = Sentry(dsn="SENTRY_DSN", token="SENTRY_TOKEN", organization="workme", project="workme-api")
        environment = SimpleNamespace(section=lambda _model: section)
        world = SimpleNamespace(secrets={"SENTRY_DSN": server.dsn}, mark="gonogo-1", environment=environment)
        assert SentryVerbs(cast("Journey", SimpleNamespace(world=world))).send_canary()
        api = SentryApi(api=server.base, token="never-shown-1", organization="workme", project="workme-api")
        with pytest.raises(Unobserved, match="not in the words of Sentry") as unobserved:
            asyncio.run(probe_sentry(SentryQuestion(api=api, dsn=server.dsn)))
    assert "attest the lines" in unobserved.value.hint
