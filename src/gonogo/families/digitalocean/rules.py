"""Reads DigitalOcean's firewalls and alert policies: only what they say of one droplet."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from gonogo.clients.json_api import mapping, number, objects, text, texts
from gonogo.evidence.providers import AlertPolicy, CloudFirewall, InboundRule, PendingChange

_OF_DROPLETS = "v1/insights/droplet/"
_ALL_PORTS = {"0", "all", ""}


def read_firewall(firewall: Mapping[str, Any], droplet: int) -> CloudFirewall:
    """A firewall, and what has not reached this droplet yet."""
    pending = objects(firewall.get("pending_changes"))
    return CloudFirewall(
        name=text(firewall.get("name")),
        status=text(firewall.get("status")),
        pending=tuple(
            PendingChange(removing=change.get("removing") is True, status=text(change.get("status")))
            for change in pending
            if change.get("droplet_id") == droplet
        ),
        pending_elsewhere=any(change.get("droplet_id") != droplet for change in pending),
        inbound=tuple(_inbound(rule) for rule in objects(firewall.get("inbound_rules"))),
    )


def read_policies(
    policies: Sequence[Mapping[str, Any]], droplet: int, tags: AbstractSet[str]
) -> tuple[AlertPolicy, ...]:
    """Read the alert policies about this droplet. A policy with neither droplets nor tags is about all."""
    return tuple(_policy(policy) for policy in policies if _is_about(policy, droplet, tags))


def _is_about(policy: Mapping[str, Any], droplet: int, tags: AbstractSet[str]) -> bool:
    droplets, tagged = texts(policy.get("entities")), texts(policy.get("tags"))
    return str(droplet) in droplets or any(tag in tags for tag in tagged) or not (droplets or tagged)


def _policy(policy: Mapping[str, Any]) -> AlertPolicy:
    return AlertPolicy(
        kind=text(policy.get("type")).removeprefix(_OF_DROPLETS),
        enabled=policy.get("enabled") is True,
        compare=text(policy.get("compare")),
        threshold=number(policy.get("value")),
        recipients=_recipients(mapping(policy.get("alerts"))),
    )


def _recipients(alerts: Mapping[str, Any]) -> int:
    """Count addresses of mail, and channels that are named at all."""
    mails = [address for address in texts(alerts.get("email")) if address.strip()]
    return len(mails) + sum(
        bool(text(channel.get("channel")) or text(channel.get("url"))) for channel in objects(alerts.get("slack"))
    )


def _inbound(rule: Mapping[str, Any]) -> InboundRule:
    ports = str(rule.get("ports", ""))
    return InboundRule(
        protocol=text(rule.get("protocol")),
        # "0" is how the API writes all of them.
        ports="all" if ports in _ALL_PORTS else ports,
        sources=tuple(texts(mapping(rule.get("sources")).get("addresses"))),
    )
