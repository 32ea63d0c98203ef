"""Asks DigitalOcean about droplets (https://docs.digitalocean.com/reference/api/); reads only."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text, texts, whole
from gonogo.clients.paging import digitalocean_pages, read_pages
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.providers import DropletEvidence, DropletImage, Volume
from gonogo.families.digitalocean.rules import read_firewall, read_policies
from gonogo.families.digitalocean.section import DigitalOcean
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo.families.times import newest_first

_MIB, _GIB = 2**20, 2**30
_MEASURED_WITHIN = timedelta(minutes=15)
"""The agent sends every minute or two."""
_TOKENS = (
    "a token is made in the control panel under API → Tokens with custom scopes: droplet, image, tag, firewall, "
    "ssh_key, monitoring, block_storage and block_storage_snapshot: read"
)
Object = dict[str, Any]
Objects = list[Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletQuestion:
    """One droplet."""

    api: JsonApi
    name: str
    droplet: int

    @property
    def scope(self) -> Scope:
        """The droplet's scope: its name in the environment file."""
        return ("digitalocean", self.name)

    @property
    def host(self) -> str:
        """All questions to DigitalOcean are bounded together."""
        return "digitalocean"


def droplet_questions(environment: Environment, secrets: Secrets) -> Sequence[DropletQuestion]:
    """One for each."""
    section = environment.section(DigitalOcean)
    if section is None:
        return []
    api = JsonApi(
        name="DigitalOcean",
        base=section.api,
        headers={"Authorization": f"Bearer {secrets[section.token]}"},
        key="digitalocean.api",
        login_hint=_TOKENS,
        status_page="https://status.digitalocean.com",
        is_absence=lambda document: mapping(document).get("id") == "not_found",
        patience=environment.limits.probe,
    )
    return [DropletQuestion(api=api, name=name, droplet=declared.id) for name, declared in section.droplets.items()]


async def probe_droplet(question: DropletQuestion) -> DropletEvidence:
    """Everything about one droplet. Raises Unobserved if not even the droplet can be read."""
    taken_at, reading, number = datetime.now(UTC), Reading(), question.droplet
    async with question.api.session() as session:
        lists = _DropletLists(session, f"v2/droplets/{number}")
        (droplet, firewalls, copies, policies), (keys, reserved, balancers), measured = await asyncio.gather(
            _of_droplet(lists, reading, number),
            _of_account(lists, reading),
            reading.fact("measured", lists.measured(number, taken_at), None),
        )
        reading.demand("found")
        if droplet is None:
            return DropletEvidence(scope=question.scope, taken_at=taken_at, droplet=number, found=False)
        volumes = await _volumes(droplet, lists, reading)
    tags = _tags(droplet, policies, reading)
    return DropletEvidence(
        scope=question.scope,
        taken_at=taken_at,
        droplet=number,
        found=True,
        status=text(droplet.get("status")),
        locked=droplet["locked"] if isinstance(droplet.get("locked"), bool) else None,
        cpus=whole(droplet.get("vcpus")),
        memory=_bytes(droplet.get("memory"), _MIB),
        disk=_bytes(droplet.get("disk"), _GIB),
        image=_image(droplet, reading),
        addresses=_addresses(droplet, reading),
        reserved_addresses=tuple(text(entry.get("ip")) for entry in reserved if _leads_to(entry, number)),
        balancer_addresses=_balanced(balancers, number, tags),
        firewalls=tuple(read_firewall(firewall, number) for firewall in firewalls),
        tagged=bool(tags),
        alerts=read_policies(policies, number, tags),
        measured=measured,
        copies=newest_first(copies, "created_at"),
        volumes=volumes,
        account_keys=len(keys),
        unread=reading.unread,
    )


def _bytes(number: Any, unit: int) -> int | None:  # noqa: ANN401 - JSON
    size = whole(number)
    return None if size is None else size * unit


async def _of_droplet(
    lists: "_DropletLists", reading: Reading, number: int
) -> tuple[Object | None, Objects, Objects, Objects]:
    """The droplet, its firewalls, its backups and snapshots, and the alert policies."""
    replies: tuple[Object | None, Objects, Objects, Objects] = await asyncio.gather(
        reading.fact("found", lists.droplet(number), None),
        reading.fact("firewalls", lists.firewalls(), Objects()),
        reading.fact("copies", lists.copies(), Objects()),
        reading.fact("alerts", lists.policies(), Objects()),
    )
    return replies


async def _of_account(lists: "_DropletLists", reading: Reading) -> tuple[Objects, Objects, Objects]:
    """The SSH keys, the reserved addresses and the load balancers of the account."""
    replies: tuple[Objects, Objects, Objects] = await asyncio.gather(
        reading.fact("account_keys", lists.keys(), Objects()),
        reading.fact("reserved_addresses", lists.reserved(), Objects()),
        reading.fact("balancer_addresses", lists.balancers(), Objects()),
    )
    return replies


class _DropletLists:
    """The lists of DigitalOcean, each with the scope that its specification asks for."""

    def __init__(self, session: JsonSession, path: str) -> None:
        self._session = session
        self._path = path

    async def droplet(self, number: int) -> dict[str, Any] | None:
        document = await self._session.get(self._path, right="the scope droplet:read")
        if document is None:
            return None
        droplet = mapping(mapping(document).get("droplet"))
        if droplet.get("id") != number:
            base = self._session.api.base
            raise Unobserved(f"DigitalOcean at {base} gave no droplet {number}", hint="is digitalocean.api right?")
        return droplet

    async def firewalls(self) -> Objects:
        return await self._all(f"{self._path}/firewalls", "firewalls", "firewall:read")

    async def copies(self) -> Objects:
        snapshots, backups = await asyncio.gather(
            self._all(f"{self._path}/snapshots", "snapshots", "droplet:read"),
            self._all(f"{self._path}/backups", "backups", "droplet:read"),
        )
        return [copy for copy in snapshots + backups if copy.get("size_gigabytes") != 0]  # nothing is in it

    async def policies(self) -> Objects:
        return await self._all("v2/monitoring/alerts", "policies", "monitoring:read")

    async def measured(self, number: int, now: datetime) -> bool:
        """Whether the metrics agent (do-agent) sent a value of late: CPU is known without it, memory and disk are not."""
        span = {"start": int((now - _MEASURED_WITHIN).timestamp()), "end": int(now.timestamp())}
        path = f"v2/monitoring/metrics/droplet/memory_available?{urlencode({'host_id': number, **span})}"
        document = mapping(await self._session.get(path, right="the scope monitoring:read"))
        result = mapping(document.get("data")).get("result")
        if document.get("status") != "success" or not isinstance(result, list):
            base = self._session.api.base
            raise Unobserved(f"DigitalOcean at {base} gave no metrics", hint="is digitalocean.api right?")
        return any(series.get("values") for series in objects(result))

    async def keys(self) -> Objects:
        return await self._all("v2/account/keys", "ssh_keys", "ssh_key:read")

    async def reserved(self) -> Objects:
        return await self._all("v2/reserved_ips", "reserved_ips", "reserved_ip:read")

    async def balancers(self) -> Objects:
        return await self._all("v2/load_balancers", "load_balancers", "load_balancer:read")

    async def volume(self, identifier: str) -> Volume:
        path = f"v2/volumes/{identifier}/snapshots"
        snapshots = await self._all(path, "snapshots", "block_storage_snapshot:read")
        return Volume(id=identifier, newest_snapshot=next(iter(newest_first(snapshots, "created_at")), None))

    async def _all(self, path: str, items: str, scope: str) -> Objects:
        first, read = digitalocean_pages(items)
        return await read_pages(self._session, path, first, read, right=f"the scope {scope}")


async def _volumes(droplet: Mapping[str, Any], lists: _DropletLists, reading: Reading) -> tuple[Volume, ...]:
    attached = droplet.get("volume_ids")
    if not isinstance(attached, list):
        _unsaid("volumes", "which volumes the droplet has", "block_storage:read", reading)
        return ()
    volumes = await asyncio.gather(*(reading.fact("volumes", lists.volume(volume), None) for volume in texts(attached)))
    return tuple(volume for volume in volumes if volume is not None)


def _tags(droplet: Mapping[str, Any], policies: Objects, reading: Reading) -> set[str]:
    """Tags of the droplet. Not to know them matters only if a policy goes by them."""
    if not isinstance(droplet.get("tags"), list) and any(policy.get("tags") for policy in policies):
        _unsaid("alerts_by_tag", "which tags the droplet has, and alert policies go by tags", "tag:read", reading)
    return set(texts(droplet.get("tags")))


def _image(droplet: Mapping[str, Any], reading: Reading) -> DropletImage | None:
    image = droplet.get("image")
    if not isinstance(image, dict):
        _unsaid("image", "which image the droplet was built from", "image:read", reading)
        return None
    return DropletImage(
        slug=text(image.get("slug")),
        name=text(image.get("name")),
        distribution=text(image.get("distribution")),
        status=text(image.get("status")),
        kind=text(image.get("type")),
    )


def _addresses(droplet: Mapping[str, Any], reading: Reading) -> tuple[str, ...]:
    networks = droplet.get("networks")
    if not isinstance(networks, dict):
        reading.miss("addresses", "DigitalOcean does not say which addresses the droplet has")
        return ()
    interfaces = [*objects(networks.get("v4")), *objects(networks.get("v6"))]
    return tuple(text(network.get("ip_address")) for network in interfaces if network.get("type") == "public")


def _unsaid(fact: str, subject: str, scope: str, reading: Reading) -> None:
    reading.miss(fact, f"DigitalOcean does not say {subject}", f"the token needs the scope {scope}; {_TOKENS}")


def _leads_to(reserved: Mapping[str, Any], number: int) -> bool:
    return mapping(reserved.get("droplet")).get("id") == number


def _balanced(balancers: Objects, number: int, tags: AbstractSet[str]) -> tuple[str, ...]:
    """Addresses of load balancers that the droplet is behind, by its number or by one of its tags."""
    mine = [
        balancer
        for balancer in balancers
        if number in (balancer.get("droplet_ids") or ()) or text(balancer.get("tag")) in tags
    ]
    return tuple(address for balancer in mine for key in ("ip", "ipv6") if (address := text(balancer.get(key))))


PROBES: Mapping[str, Probe] = {
    "droplet": Probe(questions=droplet_questions, ask=probe_droplet),
}
