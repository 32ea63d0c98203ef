"""Asks DigitalOcean about droplets (https://docs.digitalocean.com/reference/api/); reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import PAGE_SIZE, JsonApi, objects, texts
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.providers import DropletEvidence, InboundRule, ProviderAlert
from gonogo.families.digitalocean.section import DigitalOcean
from gonogo.families.kind import Probe

_MIB, _GIB = 2**20, 2**30
_LONGEST = 200
_PAGE = f"per_page={PAGE_SIZE}&page="


@dataclass(frozen=True, slots=True, kw_only=True)
class DropletQuestion:
    """One droplet."""

    api: JsonApi
    name: str
    droplet: int

    @property
    def scope(self) -> Scope:
        """By its name in the environment file."""
        return ("digitalocean", self.name)

    @property
    def host(self) -> str:
        """There is one."""
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
        login_hint="a token is made in the control panel under API → Tokens; droplet, firewall, ssh_key and monitoring: read",
        status_page="https://status.digitalocean.com",
    )
    return [DropletQuestion(api=api, name=name, droplet=one.id) for name, one in section.droplets.items()]


async def probe_droplet(question: DropletQuestion) -> DropletEvidence:
    """Everything about one droplet."""
    api, path = question.api, f"v2/droplets/{question.droplet}"
    known: dict[str, Any] = {
        "scope": question.scope,
        "taken_at": datetime.now(UTC),
        "droplet": question.droplet,
    }
    document = await api.get(path)
    droplet = document.get("droplet") if isinstance(document, dict) else None
    if not isinstance(droplet, dict):
        return DropletEvidence(**known, found=False)
    firewalls = await api.pages(f"{path}/firewalls", "firewalls", _PAGE)
    copies = await api.pages(f"{path}/snapshots", "snapshots", _PAGE)
    copies += await api.pages(f"{path}/backups", "backups", _PAGE)
    image = droplet.get("image")
    return DropletEvidence(
        **known,
        found=True,
        status=str(droplet.get("status", ""))[:_LONGEST],
        cpus=_number(droplet.get("vcpus")),
        memory=_number(droplet.get("memory")) * _MIB,
        disk=_number(droplet.get("disk")) * _GIB,
        image=str(image.get("slug") or image.get("name") or "")[:_LONGEST] if isinstance(image, dict) else "",
        firewalls=len(firewalls),
        inbound=tuple(rule for firewall in firewalls for rule in _inbound(firewall)),
        alerts=tuple(_alerts(await api.pages("v2/monitoring/alerts", "policies", _PAGE), droplet)),
        newest_snapshot=newest(copies, "created_at"),
        account_keys=len(await api.pages("v2/account/keys", "ssh_keys", _PAGE)),
    )


def _inbound(firewall: dict[str, Any]) -> Iterator[InboundRule]:
    for rule in objects(firewall.get("inbound_rules")):
        sources = rule.get("sources")
        addresses = texts(sources.get("addresses")) if isinstance(sources, dict) else []
        ports = str(rule.get("ports", "all"))
        # "0" is how the API writes all of them.
        yield InboundRule(
            protocol=str(rule.get("protocol", "")), ports="all" if ports == "0" else ports, sources=tuple(addresses)
        )


def _alerts(policies: Sequence[dict[str, Any]], droplet: dict[str, Any]) -> Iterator[ProviderAlert]:
    """Those about this droplet. A policy with neither droplets nor tags is about all."""
    tags = set(texts(droplet.get("tags")))
    for policy in policies:
        entities, tagged = texts(policy.get("entities")), texts(policy.get("tags"))
        about = str(droplet.get("id")) in entities or bool(tags.intersection(tagged)) or not (entities or tagged)
        told = policy.get("alerts")
        if about:
            yield ProviderAlert(
                kind=str(policy.get("type", "")).removeprefix("v1/insights/droplet/")[:_LONGEST],
                enabled=policy.get("enabled") is True,
                recipients=sum(len(one) for one in told.values() if isinstance(one, list))
                if isinstance(told, dict)
                else 0,
            )


def _number(value: Any) -> int:  # noqa: ANN401 - JSON
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def newest(found: Sequence[dict[str, Any]], key: str) -> datetime | None:
    """The latest of the times that stand under a key (RFC 3339); None if there is none."""
    times = []
    for item in found:
        try:
            time = datetime.fromisoformat(str(item.get(key)))
        except ValueError:
            continue
        times.append(time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC))
    return max(times, default=None)


PROBES: Mapping[str, Probe] = {
    "droplet": Probe(questions=droplet_questions, ask=probe_droplet),
}
