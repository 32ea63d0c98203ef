"""Reads output of ufw, iptables and ip into rules. What is not understood is no fact."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_interface

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.firewall import Firewall, FirewallRule

_RULE = re.compile(
    r"^(?P<to>\S.*?)\s+(?P<action>(?:ALLOW|LIMIT|DENY|REJECT)(?: IN| OUT| FWD)?)\s{2,}(?P<source>\S.*?)"
    r"(?:\s+\((?:log|log-all|out|, )+\))?(?:\s+#.*)?$"
)
_LISTED = re.compile(r"-(?:user|track|not-local|skip-to-policy)-?|logging|-output$|^OUTPUT$|^DOCKER|^f2b-|-isolation")
"""Chains of rules that ufw status lists, that Docker and fail2ban look after, or that take in nothing new by themselves."""
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


def beside(output: CommandOutput, version: int) -> tuple[FirewallRule, ...] | None:
    """The rules of ``iptables -S`` that take in new packets, in chains that ``ufw status`` does not list."""
    if output.status or "-P INPUT" not in output.text:
        return None
    return tuple(rule for line in output.output.splitlines() if (rule := _accepting(line, version)))


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


def _accepting(line: str, version: int) -> FirewallRule | None:
    """The rule of one line of ``iptables -S`` that lets new packets in; None for any other line."""
    options = _options(line)
    chain = options.get("-A", "")
    if options.get("-j") != "ACCEPT" or not chain or _LISTED.search(chain) or not _is_new(options):
        return None
    suffix = " (v6)" if version == 6 else ""  # noqa: PLR2004 - the version
    inside = f" on {options['-i']}" if options.get("-i") else ""
    forwards = "forward" in chain.lower()
    return FirewallRule(
        to=f"{_target(options)}{suffix}{'' if forwards else inside}"[:MOST_CHARACTERS],
        action=f"ACCEPT {chain}"[:MOST_CHARACTERS],
        source=f"{options.get('-s', 'Anywhere')}{suffix}{inside if forwards else ''}"[:MOST_CHARACTERS],
    )


def _target(options: Mapping[str, str]) -> str:
    ports = options.get("--dport") or options.get("--dports") or "Anywhere"
    protocol = f"/{options['-p']}" if options.get("-p", "all") != "all" else ""
    return " ".join(filter(None, (options.get("-d", "").partition("/")[0], f"{ports}{protocol}")))


def _is_new(options: Mapping[str, str]) -> bool:
    """Whether it takes in what is no answer to somebody inside; sets of addresses are somebody's list, not everybody."""
    states = options.get("--ctstate") or options.get("--state") or "NEW"
    answers = any(options.items() >= states_rule.items() for states_rule in _NO_NEW_CONNECTIONS)
    return "NEW" in states and options.get("-p") not in _PORTLESS and not answers and "--match-set" not in options


def _options(line: str) -> Mapping[str, str]:
    """Option to its value; what is negated has a ``!`` before its value, and limits to nothing."""
    parts = words(line)
    return {
        word: parts[place + 1]
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
