"""Reads what Docker publishes past ufw: bound ports of containers, and what the chain DOCKER-USER makes of them.

Docker answers for published ports before ufw's rules are asked; what may be turned away is turned away in DOCKER-USER
(https://docs.docker.com/engine/network/packet-filtering-firewalls/).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.firewall import FirewallRule
from gonogo.families.servers.firewall_facts import MOST_CHARACTERS, words

LISTED = "docker ps --format '{{.Names}}'"
INSPECTED = (
    "docker inspect --format '{{.Name}}|{{json .NetworkSettings.Ports}}|"
    "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}} {{end}}' -- "
)
_ANY = {"", "0.0.0.0", "::"}  # noqa: S104 - how Docker spells every address
_OUR_CHAIN, _THEIR_CHAINS = "DOCKER-USER", "DOCKER"
_LIMITS_NOTHING = {
    *("-A", "-j", "-g", "-m", "--comment", "--reject-with", "--log-prefix", "--log-level", "--limit", "--limit-burst"),
    *("--tcp-flags", "--ctdir"),
}


class Fate(Enum):
    """The fate of a packet that anybody on the internet sends."""

    PASSES = "passes"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A port of the machine that leads into a container."""

    container: str
    host: str
    """Address of the machine that it is bound to; empty for all."""
    port: int
    inner: str
    """Address of the container."""
    inner_port: int
    protocol: str

    @property
    def version(self) -> int:
        """The version of the internet protocol: 4 or 6."""
        return ip_address(self.inner).version

    @property
    def rule(self) -> FirewallRule:
        """Spelled as a rule of ufw."""
        suffix = " (v6)" if self.version == 6 else ""  # noqa: PLR2004 - the version
        return FirewallRule(
            to=f"{self.host} {self.port}/{self.protocol}{suffix}".strip()[:MOST_CHARACTERS],
            action=f"PUBLISH {self.container}"[:MOST_CHARACTERS],
            source=f"Anywhere{suffix}",
        )


def is_not_running(output: CommandOutput) -> bool:
    """Whether there is a client of Docker on this machine, and no daemon: nobody publishes anything."""
    return bool(output.status) and "Is the docker daemon running?" in output.output


def bindings(output: CommandOutput) -> tuple[Binding, ...] | None:
    """The published ports of ``docker inspect``; None for what is something else."""
    if output.status:
        return None
    try:
        return tuple(binding for line in output.output.splitlines() if line.strip() for binding in _bindings(line))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _bindings(line: str) -> Iterator[Binding]:
    """What is bound to an address of IPv6 leads into a container that has one; else a program listens, as ufw permits."""
    name, _, tail = line.strip().partition("|")
    ports, _, addresses = tail.rpartition("|")
    for exposed, bound in (json.loads(ports) or {}).items():
        inner_port, _, protocol = exposed.partition("/")
        for place in bound or ():
            host = place["HostIp"]
            for inner in addresses.split():
                if not host or ip_address(host).version == ip_address(inner).version:
                    yield Binding(
                        container=name.removeprefix("/"),
                        host="" if host in _ANY else host,
                        port=int(place["HostPort"]),
                        inner=inner,
                        inner_port=int(inner_port),
                        protocol=protocol,
                    )


def fate(filters: CommandOutput, binding: Binding, uplinks: tuple[str, ...] | None) -> Fate:
    """Return what ``iptables -S`` does with a new packet for it before Docker's own chains take it in.

    Where no rule hands packets to these (Docker may use nftables itself), all rules and the policy have their say.
    """
    chains: dict[str, list[Mapping[str, str]]] = {}
    for line in filters.output.splitlines():
        rule = _options(line)
        if "-A" in rule:
            chains.setdefault(rule["-A"], []).append(rule)
    forwarding = chains.get("FORWARD", [])
    theirs = [place for place, rule in enumerate(forwarding) if _is_dockers(rule.get("-j", ""))]
    ahead = forwarding[: theirs[0]] if theirs else forwarding
    closed = not theirs and "-P FORWARD DROP" in filters.output
    decided = _walked({**chains, "FORWARD": ahead}, "FORWARD", binding, uplinks)
    return decided or (Fate.DROPPED if closed else Fate.PASSES)


def _is_dockers(chain: str) -> bool:
    return chain.startswith(_THEIR_CHAINS) and chain != _OUR_CHAIN


def _walked(
    chains: Mapping[str, Sequence[Mapping[str, str]]], name: str, packet: Binding, uplinks: tuple[str, ...] | None
) -> Fate | None:
    """None where the chain decides nothing."""
    for rule in chains[name]:
        meant = _is_about(rule, packet, uplinks)
        target = rule.get("-j") or rule.get("-g", "")
        if meant is False:
            continue
        if target == "RETURN":
            return None if meant else Fate.UNKNOWN
        end = {"DROP": Fate.DROPPED, "REJECT": Fate.DROPPED, "ACCEPT": Fate.PASSES}.get(target)
        if target in chains:
            end = _walked(chains, target, packet, uplinks)
        if end is not None:
            return end if meant else Fate.UNKNOWN
    return None


def _is_about(rule: Mapping[str, str], packet: Binding, uplinks: tuple[str, ...] | None) -> bool | None:
    """Whether the rule is about such a packet from an address that nobody knows; None: it has a condition of its own."""
    answers = [_condition(option, value, packet, uplinks) for option, value in rule.items()]
    if False in answers:
        return False
    return None if None in answers else True


def _condition(option: str, value: str, packet: Binding, uplinks: tuple[str, ...] | None) -> bool | None:
    """Whether one condition of a rule holds for the packet; None if that cannot be told."""
    plain = option.removeprefix("!")
    turned = plain != option
    if plain in _LIMITS_NOTHING:
        return True
    match plain:
        case "-s" | "--sport" | "--sports" | "--match-set":
            return turned  # a list of somebody's own: an unknown address is not on it
        case "-d":
            holds = ip_address(packet.inner) in ip_network(value, strict=False)
        case "-p":
            holds = value == packet.protocol
        case "--dport" | "--dports":
            holds = _among(packet.inner_port, value)
        case "--ctorigdstport":
            holds = _among(packet.port, value)
        case "--ctstate" | "--state":
            holds = "NEW" in value
        case "-i" if uplinks:
            inward = [fnmatchcase(uplink, value.replace("+", "*")) for uplink in uplinks]
            return all(inward) != turned if len(set(inward)) == 1 else None
        case _:
            return None
    return holds != turned


def _among(port: int, listed: str) -> bool:
    ends = (part.partition(":") for part in listed.split(","))
    return any(int(first) <= port <= int(last or first) for first, _, last in ends)


def _options(line: str) -> Mapping[str, str]:
    """Option to its value; that of a negated one has the ``!`` before it. A flag has the next word, which is no value."""
    rule: dict[str, str] = {}
    parts = words(line)
    for place, word in enumerate(parts[:-1]):
        if word.startswith("-"):
            rule[f"!{word}" if place and parts[place - 1] == "!" else word] = parts[place + 1]
    return rule


def published(
    exposed: Sequence[Binding], filters: Mapping[int, CommandOutput], uplinks: tuple[str, ...] | None
) -> tuple[tuple[FirewallRule, ...], str]:
    """The rules for what everybody reaches, and of what that is not clear, in words."""
    passing: list[FirewallRule] = []
    unclear: list[str] = []
    for binding in exposed:
        end = Fate.UNKNOWN
        with suppress(ValueError):  # an address that is none
            end = fate(filters[binding.version], binding, uplinks)
        if end is Fate.PASSES:
            passing.append(binding.rule)
        elif end is Fate.UNKNOWN:
            unclear.append(f"{binding.rule.to} of the container {binding.container}")
    question = f"whether the rules before Docker's let everybody in at {', '.join(unclear)}" if unclear else ""
    return tuple(dict.fromkeys(passing)), question
