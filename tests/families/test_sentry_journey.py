"""The canary of our own: sent to Sentry itself, or told as what it is."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.base.errors import Unobserved
from gonogo.families.sentry.journey import SentryVerbs
from gonogo.families.sentry.section import Sentry
from gonogo.families.verbs import Journey
from tests.support.doubles import serving
from tests.support.ports import closed_port
from tests.support.provider_doubles import KEY, NUMBER, Answer, web_api

SECTION = Sentry(dsn="SENTRY_DSN", token="SENTRY_TOKEN", organization="workme", project="workme-api")


def verbs(port: int) -> SentryVerbs:
    """The verbs of a project whose events go to this port."""
    secrets = {"SENTRY_DSN": f"http://{KEY}@127.0.0.1:{port}/{NUMBER}", "SENTRY_TOKEN": "never-shown-1"}
    environment = SimpleNamespace(section=lambda _model: SECTION)
    world = SimpleNamespace(secrets=secrets, mark="gonogo-1", environment=environment)
    return SentryVerbs(cast("Journey", SimpleNamespace(world=world)))


def sent(status: int) -> tuple[str, list[str]]:
    """The canary's id, and the paths that were asked, at an ingest that answers with a status."""
    paths: list[str] = []

    def reply(path: str, _query: Mapping[str, list[str]]) -> Answer:
        paths.append(path)
        return Answer(status=status)

    async def main() -> Any:  # noqa: ANN401 - an id
        async with serving(web_api(reply)) as port:
            return await asyncio.to_thread(verbs(port).send_canary)

    return asyncio.run(main()), paths


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that leads nowhere would be told as errors that Sentry lost: NO-GO for nothing."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    event_id, paths = sent(200)
    assert len(event_id) == 32
    assert paths == [f"/api/{NUMBER}/envelope/"]


@pytest.mark.parametrize("status", [403, 429])
def test_a_canary_that_is_refused_is_a_failure(status: int) -> None:
    """The service's own errors are refused in the same way, and lost."""
    with pytest.raises(AssertionError, match=f"refuses the events of the service's DSN: it answered {status}"):
        sent(status)


def test_a_canary_that_never_left_is_our_inability() -> None:
    """What was never sent must not be told as sent and not found."""
    with pytest.raises(Unobserved, match="never left this machine"):
        verbs(closed_port()).send_canary()
