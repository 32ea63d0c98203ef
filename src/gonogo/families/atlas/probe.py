"""Asks MongoDB Atlas about a cluster (https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/); reads only."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, text
from gonogo.environment.model import Environment
from gonogo.evidence.atlas import AccessEntry, AtlasEvidence
from gonogo.evidence.base import Scope
from gonogo.families.atlas.alerts import ClusterNames, read_alerts
from gonogo.families.atlas.api import BACKUP, READ, AtlasLists, Object, Objects, atlas_api, atlas_login, log_in
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
from gonogo.families.atlas.url import probe_url, url_questions
from gonogo.families.atlas.users import read_users
from gonogo.families.kind import Probe
from gonogo.families.mongodb.section import MongoDb
from gonogo.families.reading import Reading
from gonogo.families.times import time_of

_SHARDED = {"SHARDED", "GEOSHARDED"}


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
            api=atlas_api(section, environment),
            project=section.project,
            cluster=section.cluster,
            login=atlas_login(section, secrets),
            service_url=secrets[database.url] if database else "",
        )
    ]


async def probe_atlas(question: AtlasQuestion) -> AtlasEvidence:
    """Everything about one cluster. Raises Unobserved if not even the cluster can be read."""
    taken_at, reading = datetime.now(UTC), Reading()
    async with question.api.session() as session:
        await log_in(session, question.login)
        lists = AtlasLists(session, question.project, question.cluster)
        (cluster, users, custom, access), (schedule, restores, alerts) = await asyncio.gather(
            _of_cluster(lists, reading), _of_backup(lists, reading)
        )
        reading.demand("found")
        if problem := text(cluster.get("errorCode")):
            return AtlasEvidence(
                scope=question.scope, taken_at=taken_at, cluster=question.cluster, found=False, problem=problem
            )
        snapshots = await reading.fact("snapshots", lists.of_cluster(_snapshots_path(cluster), READ), Objects())
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


async def _of_cluster(lists: AtlasLists, reading: Reading) -> tuple[Object, Objects, Objects, Objects]:
    """The cluster, its users, the custom roles of the project, and who may connect."""
    replies: tuple[Object, Objects, Objects, Objects] = await asyncio.gather(
        reading.fact("found", lists.cluster(), Object()),
        reading.fact("users", lists.of_project("databaseUsers"), Objects()),
        reading.fact("custom_roles", lists.custom_roles(), Objects()),
        reading.fact("access", lists.of_project("accessList"), Objects()),
    )
    return replies


async def _of_backup(lists: AtlasLists, reading: Reading) -> tuple[Object, Objects, Objects]:
    """The backup schedule, the restores, and the alerts of the project."""
    replies: tuple[Object, Objects, Objects] = await asyncio.gather(
        reading.fact("schedule", lists.schedule(), Object()),
        reading.fact("restores", lists.of_cluster("backup/restoreJobs", BACKUP), Objects()),
        reading.fact("alerts", lists.of_project("alertConfigs"), Objects()),
    )
    return replies


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
    "url_cluster": Probe(questions=url_questions, ask=probe_url),
}
