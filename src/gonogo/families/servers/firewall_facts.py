"""Reads output of ufw, iptables and ip into rules. What is not understood is no fact."""

import re
import shlex
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_interface
from itertools import product

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.firewall import Firewall, FirewallRule

_RULE = re.compile(
    r"^(?P<to>\S.*?)\s+(?P<action>(?:ALLOW|LIMIT|DENY|REJECT)(?: IN| OUT| FWD)?)\s{2,}(?P<source>\S.*?)"
    r"(?:\s+\((?:log|log-all|out|, )+\))?(?:\s+#.*)?$"
)
_LISTED = re.compile(r"-(?:user|track|not-local|skip-to-policy)-?|logging|-output$|^OUTPUT$|^DOCKER|^f2b-|-isolation")
"""Chains of rules that ufw status lists, that Docker and fail2ban look after, or that take in nothing new by themselves."""
_OF_USERS = re.compile(r"^ufw6?-user-(?:input|forward)$")
"""Chains that ufw fills with what ``ufw status`` lists, and that others may fill as well."""
_TAKES_IN = {"ACCEPT", "ufw-user-limit-accept", "ufw6-user-limit-accept"}
_TURNS_AWAY = {"DROP", "REJECT"}
_PLAIN = {"-A", "-j", "-m", "-p", "--dport", "--dports", "--reject-with", "--comment"}
"""Options that leave a rule about everybody who comes to its ports."""
_SHORT = {
    "--append": "-A",
    "-I": "-A",
    "--insert": "-A",
    "--proto": "-p",
    "--protocol": "-p",
    "--src": "-s",
    "--source": "-s",
    "--dst": "-d",
    "--destination": "-d",
    "--in-interface": "-i",
    "--destination-port": "--dport",
    "--destination-ports": "--dports",
    "--jump": "-j",
}
"""Spellings that a file may have, and ``iptables -S`` has not (iptables(8))."""
_RULES = {4: ("before", "user", "after"), 6: ("before6", "user6", "after6")}
START_FILES = " ".join(
    (
        "grep -H . /etc/ufw/ufw.conf /etc/default/ufw",
        *(f"/etc/ufw/{name}.rules" for names in _RULES.values() for name in names),
    )
)
"""Prints every line of the files that ufw starts with, behind the file's name."""
_NO_NEW_CONNECTIONS = ({"--dport": "68"}, {"--dport": "546"})
"""Answers of DHCP."""
_PORTLESS = {"icmp", "ipv6-icmp", "icmpv6", "igmp", "esp", "ah", "gre", "vrrp"}
MOST_CHARACTERS = 200


def firewall(output: CommandOutput) -> Firewall | None:
    """The rules of ``ufw status verbose``; None if the output is something else."""
    status = re.search(r"^Status: (\w+)", output.text, re.MULTILINE)
    if status is None:
        return None
    default = re.search(r"^Default: (\w+) \(incoming\)", output.text, re.MULTILINE)
    rules = (_RULE.match(line.rstrip()) for line in output.text.splitlines())
    return Firewall(
        active=status[1] == "active",
        incoming=default[1] if default else "",
        rules=tuple(
            FirewallRule(to=rule["to"], action=rule["action"], source=rule["source"]) for rule in rules if rule
        ),
    )


@dataclass(frozen=True, slots=True)
class Start:
    """What ufw would do at its next start."""

    enabled: bool
    rules: tuple[FirewallRule, ...]
    """Of its files, in the order in which they are tried."""


def beside(output: CommandOutput, version: int) -> tuple[FirewallRule, ...] | None:
    """The rules of ``iptables -S`` that take in new packets, in chains that ``ufw status`` does not list."""
    rules = _filter(output, version, lambda chain: not _LISTED.search(chain))
    # Where a chain is come to is not read, and so not what it turns away before another takes it in.
    return None if rules is None else tuple(rule for rule in rules if rule.opens)


def of_users(output: CommandOutput, version: int) -> tuple[FirewallRule, ...]:
    """The rules of ``iptables -S`` in the chains that ``ufw status`` lists: what the kernel has of them."""
    return _filter(output, version, lambda chain: bool(_OF_USERS.match(chain))) or ()


def start(output: CommandOutput) -> Start | None:
    """What the files of ufw say, as ``START_FILES`` prints them; None if they were not shown."""
    enabled = re.findall(r"^/etc/ufw/ufw\.conf:ENABLED=[\"']?(\w+)", output.output, re.MULTILINE)
    if not enabled or "Permission denied" in output.text:
        return None
    with_ipv6 = re.findall(r"^/etc/default/ufw:IPV6=[\"']?(\w+)", output.output, re.MULTILINE)[-1:]
    versions = (4, 6) if with_ipv6 in (["yes"], ["YES"]) else (4,)
    return Start(
        enabled=enabled[-1] in {"yes", "YES"},
        rules=tuple(
            rule
            for version in versions
            for name in _RULES[version]
            for rule in _restored(output, f"/etc/ufw/{name}.rules", version)
        ),
    )


def _restored(output: CommandOutput, path: str, version: int) -> Iterator[FirewallRule]:
    """The rules of one file of iptables-restore that are about packets for this server, or for somebody behind it."""
    table = ""
    for line in output.output.splitlines():
        name, _, text = line.partition(":")
        if name != path:
            continue
        table = text.strip() if text.startswith("*") else table
        if table != "*filter":
            continue
        for rule in _read(text, version, lambda chain: not _LISTED.search(chain) or bool(_OF_USERS.match(chain))):
            action = f"RESTORE {rule.action.partition(' ')[2]} {path}" if rule.opens else rule.action
            yield FirewallRule(to=rule.to, action=action[:MOST_CHARACTERS], source=rule.source)


def _filter(output: CommandOutput, version: int, chosen: Callable[[str], bool]) -> tuple[FirewallRule, ...] | None:
    if output.status or "-P INPUT" not in output.text:
        return None
    return tuple(rule for line in output.output.splitlines() for rule in _read(line, version, chosen))


def accepts_by_default(output: CommandOutput) -> bool:
    """Whether ``iptables -S`` shows that packets come in which no rule is about."""
    lines = output.output.splitlines()
    refuses = any(re.fullmatch(r"-A INPUT -j (DROP|REJECT)( --reject-with \S+)?", line.strip()) for line in lines)
    return not output.status and "-P INPUT ACCEPT" in output.text and not refuses


def has_ipv6(addresses: CommandOutput) -> bool:
    """Whether ``ip -o addr`` shows an address of IPv6 that others can reach; not one for this network alone."""
    global_addresses = re.findall(r"\binet6 (\S+) scope global", addresses.output)
    return any(
        not ip_interface(address).ip.is_private or address.startswith("2001:db8:") for address in global_addresses
    )


def _read(line: str, version: int, chosen: Callable[[str], bool]) -> Iterator[FirewallRule]:
    """The rules of one line, in a chosen chain: what lets new packets in, and what turns everybody away."""
    options = _options(line)
    chain, target = options.get("-A", ""), options.get("-j", "")
    if not chain or not chosen(chain) or not _is_new(options):
        return
    if target not in _TAKES_IN and not (target in _TURNS_AWAY and options.keys() <= _PLAIN):
        return
    suffix = " (v6)" if version == 6 else ""  # noqa: PLR2004 - the version
    inside = f" on {options['-i']}" if options.get("-i") else ""
    forwards = "forward" in chain.lower()
    action = f"ACCEPT {chain}" if target in _TAKES_IN else f"DENY {'FWD' if forwards else 'IN'}"
    sources = options.get("-s", "Anywhere").split(",")
    for source, destination in product(sources, options.get("-d", "").split(",")):
        yield FirewallRule(
            to=f"{_target(options, destination)}{suffix}{'' if forwards else inside}"[:MOST_CHARACTERS],
            action=action[:MOST_CHARACTERS],
            source=f"{source}{suffix}{inside if forwards else ''}"[:MOST_CHARACTERS],
        )


def _target(options: Mapping[str, str], destination: str) -> str:
    named = (options.get("--dport") or options.get("--dports") or "Anywhere").split(",")
    protocol = f"/{options['-p']}" if options.get("-p", "all") != "all" else ""
    return " ".join(filter(None, (destination.partition("/")[0], f"{','.join(map(_port, named))}{protocol}")))


def _port(name: str) -> str:
    """The number of a port that has a name (services(5))."""
    with suppress(OSError):
        return name if name[:1].isdecimal() or name == "Anywhere" else str(socket.getservbyname(name))
    return name


def _is_new(options: Mapping[str, str]) -> bool:
    """Whether it takes in what is no answer to somebody inside; sets of addresses are somebody's list, not everybody."""
    states = options.get("--ctstate") or options.get("--state") or "NEW"
    answers = any(options.items() >= states_rule.items() for states_rule in _NO_NEW_CONNECTIONS)
    return "NEW" in states and options.get("-p") not in _PORTLESS and not answers and "--match-set" not in options


def _options(line: str) -> Mapping[str, str]:
    """Option to its value, as ``iptables -S`` spells it; what is negated has a ``!`` before its value, and limits to nothing."""
    parts = [part for word in words(line) for part in (word.split("=", 1) if word.startswith("--") else [word])]
    return {
        _SHORT.get(word, word): parts[place + 1]
        for place, word in enumerate(parts[:-1])
        if word.startswith("-") and (not place or parts[place - 1] != "!")
    }


def words(line: str) -> list[str]:
    """The words of a rule, as a shell takes them apart; none of a line with an open quote."""
    with suppress(ValueError):
        return shlex.split(line)
    return []


def uplinks(routes: Sequence[CommandOutput], addresses: CommandOutput) -> tuple[str, ...] | None:
    """Interfaces of default routes, and those that have a public address; None if neither was told."""
    if addresses.status or any(output.status for output in routes):
        return None
    names = [name for output in routes for name in re.findall(r"^default\b.*?\bdev (\S+)", output.output, re.MULTILINE)]
    return tuple(sorted({*names, *_public(addresses)}))


def _public(addresses: CommandOutput) -> Iterator[str]:
    """Interfaces of ``ip -o addr`` that have a public address."""
    for name, address in re.findall(r"^\d+: (\S+?)(?:@\S+)?\s+inet6? (\S+)", addresses.output, re.MULTILINE):
        with suppress(ValueError):
            if ip_interface(address).ip.is_global:
                yield name
