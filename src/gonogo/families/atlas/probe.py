"""Asks MongoDB Atlas about a cluster (https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/); reads only."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text
from gonogo.clients.paging import atlas_pages, read_pages
from gonogo.environment.model import Environment
from gonogo.evidence.atlas import AccessEntry, AtlasEvidence
from gonogo.evidence.base import Scope
from gonogo.families.atlas.alerts import ClusterNames, read_alerts
from gonogo.families.atlas.cluster import (
    hosts_of,
    read_hosts,
    read_regions,
    read_restores,
    read_schedule,
    read_snapshots,
    replica_set,
    user_of,
)
from gonogo.families.atlas.section import Atlas
from gonogo.families.atlas.users import read_users
from gonogo.families.kind import Probe
from gonogo.families.mongodb.section import MongoDb
from gonogo.families.reading import Reading
from gonogo.families.times import time_of

_VERSION = "application/vnd.atlas.2024-08-05+json"
"""Without a version Atlas refuses (406)."""
_TOKENS = (
    "a service account with Project Read Only and Project Backup Manager is made under Project Identity & Access → "
    "Applications; this machine's address must be on its access list"
)
_READ, _BACKUP = "the role Project Read Only", "the role Project Backup Manager"
_SHARDED = {"SHARDED", "GEOSHARDED"}
Object = dict[str, Any]
Objects = list[Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasQuestion:
    """One cluster, and the connection string that the service reaches it by."""

    api: JsonApi
    project: str
    cluster: str
    login: str = field(repr=False)
    """Client id and secret, as HTTP's basic authentication has them."""
    service_url: str = field(repr=False, default="")

    @property
    def scope(self) -> Scope:
        """An environment has one cluster, so its scope has no further part."""
        return ("atlas",)

    @property
    def host(self) -> str:
        """All questions to Atlas are bounded together."""
        return "atlas"


def atlas_questions(environment: Environment, secrets: Secrets) -> Sequence[AtlasQuestion]:
    """The project's cluster."""
    section, database = environment.section(Atlas), environment.section(MongoDb)
    if section is None:
        return []
    return [
        AtlasQuestion(
            api=_api(section, environment),
            project=section.project,
            cluster=section.cluster,
            login=b64encode(f"{secrets[section.client_id]}:{secrets[section.client_secret]}".encode()).decode(),
            service_url=secrets[database.url] if database else "",
        )
    ]


async def probe_atlas(question: AtlasQuestion) -> AtlasEvidence:
    """Everything about one cluster. Raises Unobserved if not even the cluster can be read."""
    taken_at, reading = datetime.now(UTC), Reading()
    async with question.api.session() as session:
        await _log_in(session, question.login)
        lists = _AtlasLists(session, question.project, question.cluster)
        (cluster, users, custom, access), (schedule, restores, alerts) = await asyncio.gather(
            _of_cluster(lists, reading), _of_backup(lists, reading)
        )
        reading.demand("found")
        if problem := text(cluster.get("errorCode")):
            return AtlasEvidence(
                scope=question.scope, taken_at=taken_at, cluster=question.cluster, found=False, problem=problem
            )
        snapshots = await reading.fact("snapshots", lists.of_cluster(_snapshots_path(cluster), _READ), Objects())
    hosts = read_hosts(cluster)
    names = ClusterNames(cluster=question.cluster, replica_set=replica_set(cluster), hosts=hosts)
    return AtlasEvidence(
        scope=question.scope,
        taken_at=taken_at,
        unread=reading.unread,
        cluster=question.cluster,
        found=True,
        state=text(cluster.get("stateName")),
        paused=_flag(cluster, "paused"),
        regions=read_regions(cluster),
        hosts=hosts,
        service_hosts=tuple(hosts_of(question.service_url)),
        backup_enabled=cluster.get("backupEnabled") is True,
        point_in_time=_flag(cluster, "pitEnabled"),
        termination_protected=_flag(cluster, "terminationProtectionEnabled"),
        service_user=user_of(question.service_url),
        users=read_users(users, question.cluster, user_of(question.service_url), custom),
        access=tuple(_entry(entry) for entry in access),
        schedule=read_schedule(schedule),
        snapshots=read_snapshots(snapshots),
        restores=read_restores(restores),
        alerts=read_alerts(alerts, names),
    )


def _snapshots_path(cluster: Object) -> str:
    """Snapshots of sharded clusters stand elsewhere."""
    return "backup/snapshots/shardedClusters" if cluster.get("clusterType") in _SHARDED else "backup/snapshots"


async def _of_cluster(lists: "_AtlasLists", reading: Reading) -> tuple[Object, Objects, Objects, Objects]:
    """The cluster, its users, the custom roles of the project, and who may connect."""
    replies: tuple[Object, Objects, Objects, Objects] = await asyncio.gather(
        reading.fact("found", lists.cluster(), Object()),
        reading.fact("users", lists.of_project("databaseUsers"), Objects()),
        reading.fact("custom_roles", lists.custom_roles(), Objects()),
        reading.fact("access", lists.of_project("accessList"), Objects()),
    )
    return replies


async def _of_backup(lists: "_AtlasLists", reading: Reading) -> tuple[Object, Objects, Objects]:
    """The backup schedule, the restores, and the alerts of the project."""
    replies: tuple[Object, Objects, Objects] = await asyncio.gather(
        reading.fact("schedule", lists.schedule(), Object()),
        reading.fact("restores", lists.of_cluster("backup/restoreJobs", _BACKUP), Objects()),
        reading.fact("alerts", lists.of_project("alertConfigs"), Objects()),
    )
    return replies


class _AtlasLists:
    """The lists of Atlas, each with the role that its specification asks for."""

    def __init__(self, session: JsonSession, project: str, cluster: str) -> None:
        self._session = session
        self._name = cluster
        self._project = f"api/atlas/v2/groups/{quote(project, safe='')}"
        self._cluster = f"{self._project}/clusters/{quote(cluster, safe='')}"

    async def cluster(self) -> dict[str, Any]:
        """The cluster; the reply that says what there is none of, the cluster or the project."""
        reply = await self._session.ask("GET", self._cluster)
        document = self._session.read(reply, self._cluster, _READ)
        if document is None:
            return mapping(reply.document)
        if mapping(document).get("name") != self._name:
            base = self._session.api.base
            raise Unobserved(f"Atlas at {base} gave no cluster {self._name}", hint="is atlas.api right?")
        return mapping(document)

    async def custom_roles(self) -> Objects:
        path = f"{self._project}/customDBRoles/roles"
        document = await self._session.get(path, right=_READ)
        if not isinstance(document, list) or len(objects(document)) < len(document):
            raise Unobserved(f"Atlas at {self._session.api.base} gave no list at {path}", hint="is atlas.api right?")
        return objects(document)

    async def schedule(self) -> dict[str, Any]:
        path = f"{self._cluster}/backup/schedule"
        document = mapping(await self._session.get(path, right=_READ))
        if not isinstance(document.get("policies"), list):
            raise Unobserved(f"Atlas at {self._session.api.base} gave no schedule at {path}", hint="is backup on?")
        return document

    async def of_project(self, name: str) -> Objects:
        return await self._all(f"{self._project}/{name}", _READ)

    async def of_cluster(self, name: str, role: str) -> Objects:
        return await self._all(f"{self._cluster}/{name}", role)

    async def _all(self, path: str, role: str) -> Objects:
        first, read = atlas_pages()
        return await read_pages(self._session, path, first, read, right=role)


def _api(section: Atlas, environment: Environment) -> JsonApi:
    return JsonApi(
        name="Atlas",
        base=section.api,
        headers={"Accept": _VERSION},
        key="atlas.api",
        login_hint=_TOKENS,
        status_page="https://status.mongodb.com",
        is_absence=lambda document: bool(text(mapping(document).get("errorCode"))),
        patience=environment.limits.probe,
    )


async def _log_in(session: JsonSession, login: str) -> None:
    path, api = "api/oauth/token", session.api
    headers = {
        "Authorization": f"Basic {login}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    reply = await session.ask("POST", path, headers=headers, content=b"grant_type=client_credentials")
    token = text(mapping(session.read(reply, path, "")).get("access_token"))
    if not token:
        raise Unobserved(f"Atlas at {api.base} gave no token", hint=api.login_hint)
    session.authorize(token)


def _entry(entry: Mapping[str, Any]) -> AccessEntry:
    """A network; a security group of AWS as it is named."""
    shown = text(entry.get("cidrBlock")) or text(entry.get("ipAddress")) or text(entry.get("awsSecurityGroup"))
    try:
        network = str(ip_network(shown, strict=False))
    except ValueError:
        network = shown
    return AccessEntry(network=network, ends_at=time_of(entry.get("deleteAfterDate")))


def _flag(document: Mapping[str, Any], key: str) -> bool | None:
    value = document.get(key)
    return value if isinstance(value, bool) else None


PROBES: Mapping[str, Probe] = {
    "atlas": Probe(questions=atlas_questions, ask=probe_atlas),
}
