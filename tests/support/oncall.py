"""An on-call system on a real socket, asked as an environment file declares it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.oncall import OnCallEvidence
from gonogo.families.oncall.probe import oncall_questions, probe_oncall
from gonogo.families.registry import environment_from
from reference.doubles.oncall import POLICY, SERVICE, OnCallDouble, OnCallSettings
from tests.support.doubles import serving
from tests.support.ports import closed_port
from tests.support.provider_doubles import Answer, Replies, web_api

TOKEN = "pdus+_never-shown-1"
PAGERDUTY = {"system": "pagerduty", "login": "oauth", "policy": POLICY, "service": SERVICE}
Json = dict[str, Any]


def declared(port: int, section: Mapping[str, Any], *, probe: str = "60 s", **more: Any) -> Environment:  # noqa: ANN401 - TOML
    """A service whose on-call system is at this port."""
    return environment_from(
        {
            "service": {"name": "Shop", "base_url": "https://shop.test"},
            "limits": {"probe": probe},
            "oncall": {"api": f"http://127.0.0.1:{port}", "token": "ONCALL_TOKEN", **section},
            **more,
        }
    )


async def read(environment: Environment) -> OnCallEvidence:
    """The evidence."""
    (question,) = oncall_questions(environment, Secrets({"ONCALL_TOKEN": TOKEN}))
    assert TOKEN not in repr(question)
    return await probe_oncall(question)


def whole(evidence: OnCallEvidence) -> OnCallEvidence:
    """The same, which a replay sees as well, and which holds no token."""
    adapter = TypeAdapter(OnCallEvidence)
    recorded = adapter.dump_json(evidence)
    assert adapter.validate_json(recorded) == evidence, "a replay must see the same"
    assert TOKEN.encode() not in recorded
    return evidence


def of_double(settings: OnCallSettings, section: Mapping[str, Any] = PAGERDUTY) -> OnCallEvidence:
    """What is read of the reference's own."""

    async def main() -> OnCallEvidence:
        port = closed_port()
        double = OnCallDouble(settings, port=port, token=TOKEN)
        await double.start()
        try:
            return await read(declared(port, section))
        finally:
            await double.stop()

    return whole(asyncio.run(main()))


def of_replies(replies: Replies, section: Mapping[str, Any], *, probe: str = "60 s", **more: Any) -> OnCallEvidence:  # noqa: ANN401 - TOML
    """What is read of an API with these replies."""

    async def main() -> OnCallEvidence:
        async with serving(web_api(replies)) as port:
            return await read(declared(port, section, probe=probe, **more))

    return whole(asyncio.run(main()))


def table(documents: Mapping[str, Any], absent: Json) -> Replies:
    """Answers by path; an ``Answer`` as it is, and 404 with the provider's own words for every other path."""

    def reply(path: str, _query: Mapping[str, list[str]]) -> Answer:
        found = documents.get(path)
        if isinstance(found, Answer):
            return found
        return Answer(document=absent, status=404) if found is None else Answer(document=found)

    return reply


def logged_in(section: Mapping[str, Any]) -> str:
    """The header Authorization that is sent."""

    async def main() -> str:
        (question,) = oncall_questions(declared(1, section), Secrets({"ONCALL_TOKEN": TOKEN}))
        async with question.system.session() as session:
            return str(vars(session)["_session"].api.headers["Authorization"])

    return asyncio.run(main())
