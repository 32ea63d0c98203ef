"""Finds out where a name leads: by resolvers, else by this machine alone."""

import asyncio
import socket
from collections.abc import Sequence
from datetime import timedelta

import dns.exception
import dns.resolver

from gonogo.base.errors import Unobserved, UsageError
from gonogo.environment.types import join_socket_address
from gonogo.evidence.dns import Answer, agreed
from gonogo.families.dns.delegation import find_delegation, parents
from gonogo.families.dns.query import Vantage
from gonogo.starting.findings import Names

PUBLIC_RESOLVERS = ("1.1.1.1:53", "8.8.8.8:53", "9.9.9.9:53")
_PATIENCE = timedelta(seconds=1)
_MOST_ADDRESSES = 8
_SYSTEM_SECONDS = 5.0


async def look_up(host: str, *, addresses: Sequence[str], resolvers: Sequence[str]) -> Names:
    """Ask the resolvers, the public ones unless others are named. Raises UsageError if nobody knows the name."""
    candidates = [tuple(resolvers)] if resolvers else [PUBLIC_RESOLVERS, _of_this_machine()]
    problems: list[str] = []
    for chosen in filter(None, candidates):
        vantage = Vantage(resolvers=chosen, port=53, patience=_PATIENCE)
        a, aaaa = await asyncio.gather(*(vantage.ask_resolvers(host, rdtype) for rdtype in ("A", "AAAA")))
        records = _records(a) + _records(aaaa)
        if records:
            resolvers_that_answered = [answer.server for answer in a if answer.conclusive]
            aliases = max((answer.aliases for answer in (*a, *aaaa)), key=len)
            return await _named(host, tuple(addresses) or records, resolvers_that_answered, vantage, aliases)
        problems = [f"{answer.server}: {answer.told}" for answer in a]
        if any(answer.conclusive for answer in a):
            break
    problem = "; ".join(problems)
    if addresses:
        return Names(addresses=tuple(addresses), source="given", problem=problem)
    return Names(addresses=await _by_this_machine(host, problem), source="system", problem=problem)


async def _named(
    host: str, addresses: Sequence[str], resolvers: Sequence[str], vantage: Vantage, aliases: Sequence[str]
) -> Names:
    try:
        delegation = await find_delegation(parents(host), vantage)
    except Unobserved as unobserved:
        return Names(addresses=addresses, source="dns", resolvers=resolvers, problem=unobserved.reason)
    return Names(
        addresses=addresses,
        source="dns",
        resolvers=resolvers,
        zone=delegation.zone,
        servers=[server.name for server in delegation.servers],
        alias=next((alias for alias in aliases if not f".{alias}".endswith(f".{delegation.zone}")), ""),
        caa=await _authorities(host, vantage),
        problem="" if delegation.zone else "no resolver names the servers of its zone",
    )


async def _authorities(host: str, vantage: Vantage) -> Sequence[str]:
    """The records of the nearest CAA above the name, as an authority climbs."""
    for step in parents(host, shortest=1):
        majority = agreed(await vantage.ask_resolvers(step, "CAA", checked=False))
        if majority is not None and majority.records:
            words = [record.split(maxsplit=2) for record in majority.records]
            named = (value.strip('"').partition(";")[0].strip() for _, tag, value in words if tag == "issue")
            return sorted(set(filter(None, named)))
    return ()


def _records(answers: Sequence[Answer]) -> tuple[str, ...]:
    majority = agreed(answers)
    return majority.records[:_MOST_ADDRESSES] if majority else ()


def _of_this_machine() -> tuple[str, ...]:
    try:
        nameservers = dns.resolver.Resolver().nameservers
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(join_socket_address(server, 53) for server in nameservers if isinstance(server, str))


async def _by_this_machine(host: str, problem: str) -> Sequence[str]:
    """Resolve the name as every program here would. Raises UsageError."""
    try:
        async with asyncio.timeout(_SYSTEM_SECONDS):
            infos = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UsageError(
            f"--base-url: the name {host} cannot be resolved ({problem}); correct its spelling, ask other resolvers with "
            f"--resolver 192.0.2.53:53, or give its address with --address 192.0.2.10"
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in infos))[:_MOST_ADDRESSES]
