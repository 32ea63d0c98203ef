"""Web APIs of providers on real sockets: healthy answers of the doubles, with any of them replaced."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from pydantic import TypeAdapter

from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.families.atlas.probe import atlas_questions, probe_atlas
from gonogo.families.digitalocean.probe import droplet_questions, probe_droplet
from gonogo.families.registry import environment_from
from gonogo.families.sentry.probe import probe_sentry, sentry_questions
from reference.doubles import sentry_objects
from reference.doubles.atlas import CLUSTER, PROJECT, AtlasObjects, AtlasSettings
from reference.doubles.digitalocean import DROPLET, DigitalOceanObjects, DigitalOceanSettings
from reference.listener import Handler
from tests.support.doubles import serving

KEY = "60120449b6b1d5e45f75561e6dabd80b"
NUMBER = 4501
DSN = f"https://{KEY}@o1.ingest.sentry.example/{NUMBER}"
SECRETS = {
    "DIGITALOCEAN_TOKEN": "dop_v1_never-shown-1",
    "ATLAS_CLIENT_ID": "mdb_sa_id_never-shown-2",
    "ATLAS_CLIENT_SECRET": "mdb_sa_sk_never-shown-3",
    "MONGO_URL": "mongodb+srv://app:never-shown-4@localhost/workme",
    "SENTRY_DSN": DSN,
    "SENTRY_TOKEN": "sntryu_never-shown-5",
}
DROPLET_PATH = f"/v2/droplets/{DROPLET}"
PROJECT_PATH = f"/api/atlas/v2/groups/{PROJECT}"
CLUSTER_PATH = f"{PROJECT_PATH}/clusters/{CLUSTER}"
SENTRY_PATH = "/api/0/projects/workme/workme-api"
ORGANIZATION_PATH = "/api/0/organizations/workme"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back for one request."""

    document: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    """How long it takes."""

    def bytes(self) -> bytes:
        """As HTTP/1.1; bytes are sent as they are."""
        body = self.document if isinstance(self.document, bytes) else json.dumps(self.document).encode()
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Replies = Callable[[str, Mapping[str, list[str]]], Answer]
"""Path and query in, what comes back out."""


def web_api(replies: Replies) -> Handler:
    """HTTP/1.1 by hand: connections stay open, and each answers one request after another."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lengths = [line for line in head.lower().split("\r\n") if line.startswith("content-length:")]
            if lengths:
                await reader.readexactly(int(lengths[0].partition(":")[2]))
            path, _, query = head.split()[1].partition("?")
            answer = replies(path, parse_qs(query))
            await asyncio.sleep(answer.seconds)
            writer.write(answer.bytes())
            await writer.drain()

    return handle


def environment(port: int, *, probe: str = "10 s") -> Environment:
    """All three accounts, at one port."""
    api = f"http://127.0.0.1:{port}"
    droplet = {"id": DROPLET, "cpus": 2, "memory": "4 GiB", "disk": "80 GiB", "image": "ubuntu-22-04-x64"}
    atlas = {"project": PROJECT, "cluster": CLUSTER, "size": "M10", "region": "SA_EAST_1", "access": ["127.0.0.1"]}
    login = {"client_id": "ATLAS_CLIENT_ID", "client_secret": "ATLAS_CLIENT_SECRET"}
    sentry = {"dsn": "SENTRY_DSN", "token": "SENTRY_TOKEN", "organization": "workme", "project": "workme-api"}
    sentry["environment"] = "production"
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "limits": {"probe": probe},
            "mongodb": {"url": "MONGO_URL", "monitor_url": "MONGO_URL", "database": "workme"},
            "digitalocean": {"api": api, "token": "DIGITALOCEAN_TOKEN", "droplets": {"one": droplet}},
            "atlas": {"api": api, **login, **atlas},
            "sentry": {"api": api, **sentry},
        }
    )


Probe = Callable[[Environment], Awaitable[Any]]


def droplet_of(declared: Environment) -> Awaitable[Any]:
    """The droplet, as the probe sees it."""
    return probe_droplet(*droplet_questions(declared, Secrets(SECRETS)))


def cluster_of(declared: Environment) -> Awaitable[Any]:
    """The cluster, as the probe sees it."""
    return probe_atlas(*atlas_questions(declared, Secrets(SECRETS)))


def project_of(declared: Environment) -> Awaitable[Any]:
    """Sentry's project, as the probe sees it."""
    return probe_sentry(*sentry_questions(declared, Secrets(SECRETS)))


def asked(probe: Probe, replies: Replies, *, patience: str = "10 s") -> Any:  # noqa: ANN401 - evidence of any kind
    """The evidence about an API with these replies."""

    async def observe() -> Any:  # noqa: ANN401 - as above
        async with serving(web_api(replies)) as port:
            return await probe(environment(port, probe=patience))

    evidence = asyncio.run(observe())
    adapter: TypeAdapter[Any] = TypeAdapter(type(evidence))
    assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
    return evidence


def digitalocean(settings: DigitalOceanSettings | None = None, replaced: Mapping[str, Answer] | None = None) -> Replies:
    """DigitalOcean; some paths answer something else."""
    objects = DigitalOceanObjects(settings or DigitalOceanSettings()).answers

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        if replaced and path in replaced:
            return replaced[path]
        of_host = f"{path}?host_id={query['host_id'][0]}" if "host_id" in query else path
        if of_host not in objects:
            return Answer(status=404, document={"id": "not_found", "message": "Not found."})
        _, key, make = objects[of_host]
        return Answer(document={key: make()} if key else make())

    return reply


def atlas(settings: AtlasSettings | None = None, replaced: Mapping[str, Answer] | None = None) -> Replies:
    """Atlas, login included; some paths answer something else."""
    objects = AtlasObjects(settings or AtlasSettings())

    def reply(path: str, _query: Mapping[str, list[str]]) -> Answer:
        if replaced and path in replaced:
            return replaced[path]
        if path == "/api/oauth/token":
            return Answer(document={"access_token": "session", "expires_in": 3600, "token_type": "Bearer"})
        if path in objects.documents:
            return Answer(document=objects.documents[path][1]())
        if path in objects.lists:
            return Answer(document={"results": objects.lists[path][1]()})
        return Answer(status=404, document={"error": 404, "errorCode": "CLUSTER_NOT_FOUND"})

    return reply


def sentry(
    settings: sentry_objects.SentrySettings | None = None, replaced: Mapping[str, Answer] | None = None
) -> Replies:
    """Sentry; some paths answer something else."""
    chosen = settings or sentry_objects.SentrySettings()
    documents: Mapping[str, Any] = {
        f"{SENTRY_PATH}/": sentry_objects.project(NUMBER, "workme-api"),
        f"{SENTRY_PATH}/keys/": [sentry_objects.client_key(chosen, NUMBER, KEY, DSN)],
        f"{SENTRY_PATH}/rules/": [sentry_objects.rule(chosen)],
        f"{ORGANIZATION_PATH}/workflows/": [sentry_objects.workflow(chosen)],
        f"{ORGANIZATION_PATH}/detectors/": [sentry_objects.detector(NUMBER)],
    }

    def reply(path: str, _query: Mapping[str, list[str]]) -> Answer:
        if replaced and path in replaced:
            return replaced[path]
        if path in documents:
            return Answer(document=documents[path])
        return Answer(status=404, document={"detail": "The requested resource does not exist"})

    return reply
