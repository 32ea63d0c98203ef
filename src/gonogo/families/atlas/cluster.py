"""Reads a cluster of Atlas: its nodes, its names, its copies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from gonogo.clients.json_api import mapping, objects, text, whole
from gonogo.evidence.atlas import Region, Restore, Snapshot
from gonogo.families.times import time_of

_SHARED = "TENANT"
_SCRAM = "SCRAM-"


def read_regions(cluster: Mapping[str, Any]) -> tuple[Region, ...]:
    """Every region of every shard that has electable nodes."""
    return tuple(
        _region(shard, region, specs)
        for shard, replication in enumerate(objects(cluster.get("replicationSpecs")))
        for region in objects(replication.get("regionConfigs"))
        if isinstance(specs := region.get("electableSpecs"), dict) and specs.get("nodeCount") != 0
    )


def _region(shard: int, region: Mapping[str, Any], specs: Mapping[str, Any]) -> Region:
    effective = text(mapping(region.get("effectiveElectableSpecs")).get("instanceSize"))
    scaling = mapping(mapping(region.get("autoScaling")).get("compute"))
    return Region(
        shard=shard,
        name=text(region.get("regionName")),
        priority=whole(region.get("priority")),
        size=effective or text(specs.get("instanceSize")),
        nodes=whole(specs.get("nodeCount")),
        scales_to=text(scaling.get("maxInstanceSize")) if scaling.get("enabled") is True else "",
        shared=region.get("providerName") == _SHARED,
    )


def read_hosts(cluster: Mapping[str, Any]) -> tuple[str, ...]:
    """Names in all connection strings of the cluster: public, private, and of private endpoints."""
    strings = mapping(cluster.get("connectionStrings"))
    urls = [text(strings.get(key)) for key in ("standard", "standardSrv", "private", "privateSrv")]
    for key in ("awsPrivateLink", "awsPrivateLinkSrv"):
        urls += [text(url) for url in mapping(strings.get(key)).values()]
    for endpoint in objects(strings.get("privateEndpoint")):
        urls += [text(url) for url in endpoint.values()]
    return tuple(sorted({host for url in urls for host in hosts_of(url)}))


def replica_set(cluster: Mapping[str, Any]) -> str:
    """The name of the replica set, as the cluster's own connection string has it."""
    url = text(mapping(cluster.get("connectionStrings")).get("standard"))
    _, marked, options = url.partition("replicaSet=")
    return options.partition("&")[0] if marked else ""


def hosts_of(url: str) -> Iterator[str]:
    """The names that a connection string of MongoDB holds, without ports and credentials."""
    scheme, marked, address = url.partition("://")
    if not marked or not scheme.startswith("mongodb"):
        return
    for host in _authority(address).rpartition("@")[2].split(","):
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        if name:
            yield name.rstrip(".").casefold()


def user_of(url: str) -> str:
    """The user that a connection string of MongoDB names with a password; empty if it names none.

    What other mechanisms have in this place (a key of AWS, a name of LDAP) is no database user.
    """
    credentials, marked, _ = _authority(url.partition("://")[2]).rpartition("@")
    mechanism = dict(parse_qsl(url.partition("?")[2])).get("authMechanism", _SCRAM)
    return unquote(credentials.partition(":")[0]) if marked and mechanism.startswith((_SCRAM, "DEFAULT")) else ""


def _authority(address: str) -> str:
    """The part of a URL before the path; a slash in a password is written as %2F, an @ may stand there as it is."""
    return address.partition("/")[0].partition("?")[0]


def read_schedule(schedule: Mapping[str, Any]) -> tuple[str, ...]:
    """How often snapshots are taken by themselves."""
    items = [item for policy in objects(schedule.get("policies")) for item in objects(policy.get("policyItems"))]
    return tuple(sorted({text(item.get("frequencyType")).casefold() for item in items}))


def read_snapshots(snapshots: Sequence[Mapping[str, Any]]) -> tuple[Snapshot, ...]:
    """The newest snapshots first; what has no time is none."""
    dated = [
        Snapshot(
            at=at,
            status=text(snapshot.get("status")),
            kind=text(snapshot.get("snapshotType")),
            expires_at=time_of(snapshot.get("expiresAt")),
        )
        for snapshot in snapshots
        if (at := time_of(snapshot.get("createdAt"))) is not None
    ]
    return tuple(sorted(dated, key=lambda snapshot: snapshot.at, reverse=True))


def read_restores(jobs: Sequence[Mapping[str, Any]]) -> tuple[Restore, ...]:
    """The newest restores first; what has not ended is none."""
    restores = [
        Restore(
            at=at,
            delivery=text(job.get("deliveryType")),
            worked=not (job.get("failed") or job.get("cancelled") or job.get("expired")),
        )
        for job in jobs
        if (at := time_of(job.get("finishedAt"))) is not None
    ]
    return tuple(sorted(restores, key=lambda restore: restore.at, reverse=True))
