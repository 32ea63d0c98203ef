"""The management API: what a passive onlooker is told of users, nodes and queues."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text, texts
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.families.reading import Reading
from gonogo_rabbitmq.evidence import DeclaredQueue, Node, RabbitmqClusterEvidence
from gonogo_rabbitmq.login import Login, login_of
from gonogo_rabbitmq.section import Rabbitmq

_RIGHT = "the tag monitoring, and permissions in the virtual host, even if they are empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterQuestion:
    """The management API, with a user who may watch."""

    scope: Scope
    host: str
    base: str
    user: str
    password: str = field(repr=False)
    vhost: str
    queues: Sequence[str]
    trust: str
    patience: timedelta


def cluster_questions(environment: Environment, secrets: Secrets) -> Sequence[ClusterQuestion]:
    """One question, where the API is declared. Raises UsageError on what is no URL, never repeating any of it."""
    section = environment.require(Rabbitmq)
    if section.management is None:
        return []
    wrong = UsageError(
        f"secret {section.management}: is not a URL of RabbitMQ's management API; "
        "it looks like https://watcher:password@host:15671"
    )
    try:
        parts = urlsplit(secrets[section.management])
        complete = parts.hostname and parts.username and parts.password and (parts.port or True)
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not complete:
        raise wrong
    return [
        ClusterQuestion(
            scope=("rabbitmq",),
            host=parts.hostname or "",
            base=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            vhost=login_of(section, secrets).vhost,
            queues=tuple(section.queues),
            trust=section.ca_file or "public",
            patience=environment.limits.probe,
        )
    ]


async def probe_cluster(question: ClusterQuestion) -> RabbitmqClusterEvidence:
    """Nodes with their alarms, and the declared queues with their copies."""
    reading = Reading()
    api = _api(question.base, question.user, question.password, question.trust, question.patience)
    async with api.session() as session:
        nodes = await reading.fact("nodes", _nodes(session), ())
        queues = await reading.fact("queues", _queues(session, question), ())
    return RabbitmqClusterEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        server=question.base,
        nodes=nodes,
        queues=queues,
        unread=reading.unread,
    )


async def tags_of(login: Login, base: str, trust: str, patience: timedelta) -> tuple[str, ...]:
    """The tags of the service's own user: none where the management API does not know it. Raises Unobserved."""
    async with _api(base, login.user, login.password, trust, patience).session() as session:
        reply = await session.ask("GET", "api/whoami")
        document = mapping(reply.document)
        if document.get("error") == "not_authorised" or document.get("error") == "not_authorized":
            return ()
        tags = mapping(session.read(reply, "api/whoami", "")).get("tags")
    # Until 3.8 they came as one text with commas.
    return tuple(texts(tags)) if isinstance(tags, list) else tuple(filter(None, text(tags).split(",")))


def _api(base: str, user: str, password: str, trust: str, patience: timedelta) -> JsonApi:
    credentials = b64encode(f"{user}:{password}".encode()).decode()
    return JsonApi(
        name="RabbitMQ's management API",
        base=base,
        headers={"Authorization": f"Basic {credentials}"},
        key="rabbitmq.management",
        login_hint=f"the user in the URL needs the right password and {_RIGHT}",
        status_page="the broker's log",
        is_absence=lambda document: mapping(document).get("error") == "Object Not Found",
        trust=trust,
        patience=patience,
    )


async def _nodes(session: JsonSession) -> tuple[Node, ...]:
    listed = objects(await session.get("api/nodes", right="the tag monitoring"))
    if not listed:
        raise Unobserved("the management API lists no node")
    return tuple(sorted(map(_node, listed), key=lambda node: node.name))


def _node(document: dict[str, Any]) -> Node:
    raised = {"memory": document.get("mem_alarm"), "disk": document.get("disk_free_alarm")}
    return Node(
        name=text(document.get("name")),
        running=document.get("running") is True,
        alarms=tuple(name for name, alarm in raised.items() if alarm is True),
        partitioned_from=tuple(texts(document.get("partitions"))),
    )


async def _queues(session: JsonSession, question: ClusterQuestion) -> tuple[DeclaredQueue, ...]:
    vhost = quote(question.vhost, safe="")
    documents = [
        await session.get(f"api/queues/{vhost}/{quote(name, safe='')}", right=_RIGHT) for name in question.queues
    ]
    return tuple(map(_queue, objects(documents)))


def _queue(document: dict[str, Any]) -> DeclaredQueue:
    kind = text(document.get("type")) or "classic"
    # A mirrored classic queue names its mirrors; a plain one is on its node alone.
    members = texts(document.get("members")) or [text(document.get("node")), *texts(document.get("slave_nodes"))]
    online = texts(document.get("online")) or (
        members[:1] + texts(document.get("synchronised_slave_nodes")) if text(document.get("state")) != "down" else []
    )
    return DeclaredQueue(
        name=text(document.get("name")),
        kind=kind,
        durable=document.get("durable") is True,
        members=len(members),
        online=len(online),
    )
