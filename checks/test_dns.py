"""A zone: its delegation, every authoritative server, its signatures."""

from collections.abc import Iterable, Iterator, Sequence

import pytest

from gonogo.base.comparing import at_least, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import Answer, Delivery, is_public
from gonogo.evidence.dns_zone import DnsZoneEvidence, Referral, ServerAnswers
from gonogo.families.dns.signing import signing_faults
from gonogo.policy.catalogue import Policy

_NOT_HEARD = {Delivery.SILENT, Delivery.NOT_SENT}
_FORMAT_REFUSALS = {"FORMERR", "NOTIMP", "BADVERS"}


@pytest.mark.check("dns-delegated")
def test_zone_is_delegated_and_answers(dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """Without a delegation, or with an expired domain, nobody finds the service at all.

    Fix: renew the domain; set its name servers at the registrar, with the addresses of those that are in the zone.
    """
    zone, parent = dns_zone.zone, dns_zone.parent
    homeless = [referral for referral in parent.referrals if _without_glue(referral, zone)]
    assert nothing([each.name for each in homeless], "referrals without addresses"), (
        f"{parent.zone} delegates {zone} to {_list(server.name for server in homeless[0].servers)} without their addresses, and all of them are "
        "in the zone: no resolver can find them. Register the addresses (glue) at the registrar"
    )
    answers = ", ".join(sorted({answer.told for answer in dns_zone.delegation.answers}))
    found = dns_zone.delegation.zone or parent.servers
    assert so(found, "name servers, as resolvers see them", "there", "missing"), (
        f"{zone} has no name servers; resolvers say: {answers}"
    )
    denied = parent.denies and _for_the_world(environment)
    assert so(not denied, "delegation by the zone above", "there, or not asked for", "taken away"), (
        f"{parent.zone} no longer delegates {zone} ({_silence(dns_zone)}); "
        "only resolvers that still remember it find it"
    )
    assert at_least(len(dns_zone.servers), 1, "name servers"), (
        f"{zone}: none of its name servers ({', '.join(_homeless(dns_zone))}) has an address"
    )
    silent = not any(server.udp.heard or server.tcp.heard for server in dns_zone.servers)
    complaints = "; ".join(_complaint(server) for server in dns_zone.servers)
    if silent and not _is_their_fault(dns_zone):
        raise Unobserved(
            f"no name server of {zone} answers this machine: {complaints}",
            hint="let this machine send DNS queries to the internet (port 53, UDP and TCP)",
        )
    assert so(not silent, "name servers", "answer", "all silent"), f"no name server of {zone} answers: {complaints}"
    assert shown(dns_zone.delegation.zone, "zone, by resolvers", dns_zone.delegation.zone, dns_zone.zone), (
        f"{parent.zone} delegates {zone} to {_list(server.name for server in parent.servers)}, and resolvers do not find it: "
        f"{answers}; {complaints}"
    )


@pytest.mark.check("dns-no-lame-server")
def test_every_name_server_answers_with_authority(dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """With a lame server, some users wait and some fail, depending on which server their resolver asks.

    Fix: load the zone on that server and open UDP and TCP port 53, or take it out of the delegation and the zone.
    """
    asked_servers = _asked(dns_zone)
    world = _for_the_world(environment)
    lame = [f"{name} has no address" for name in _homeless(dns_zone)]
    lame += [_hidden(server) for server in dns_zone.servers if world and not is_public(server.address)]
    if (
        not lame
        and asked_servers
        and all(server.udp.serves and server.tcp.delivery is Delivery.SILENT for server in asked_servers)
    ):
        raise Unobserved(
            f"no name server of {dns_zone.zone} answers this machine over TCP, but all answer over UDP",
            hint="let this machine connect to TCP port 53 on the internet",
        )
    lame += [
        _complaint(server)
        for server in asked_servers
        if not (_usable(server) and server.tcp.serves) and not (world and not is_public(server.address))
    ]
    assert nothing(lame, "lame name servers", of=len(dns_zone.servers)), f"{dns_zone.zone}: {'; '.join(lame)}"
    _require_all_asked(dns_zone)


@pytest.mark.check("dns-parent-agrees")
def test_parent_and_zone_name_the_same_servers(dns_zone: DnsZoneEvidence) -> None:
    """A resolver with an empty cache follows the parent; one that asked before follows the zone (RFC 1034, 4.2.2).

    Fix: set the zone's own name servers, and their addresses, at the registrar.
    """
    parent = dns_zone.parent
    if not parent.answered:
        raise Unobserved(
            f"{dns_zone.zone}: the servers of the zone above did not say to which servers they delegate ({_silence(dns_zone)})",
            hint="run gonogo on a machine that reaches them, or declare resolvers that know the zone above",
        )
    problems = list(
        dict.fromkeys(problem for referral in parent.referrals for problem in _disagreements(referral, dns_zone))
    )
    assert nothing(problems, "differences between parent and zone"), f"{dns_zone.zone}: {'; '.join(problems)}"
    unasked = [server for server in dns_zone.servers if server not in _asked(dns_zone)]
    if unasked:
        details = "; ".join(f"{server.name} at {server.address}: {_why_not(server)}" for server in unasked)
        raise Unobserved(
            f"{dns_zone.zone}: not every address was asked: {details}", hint="run gonogo where IPv6 works as well"
        )


@pytest.mark.check("dns-two-servers")
def test_zone_has_two_servers(dns_zone: DnsZoneEvidence) -> None:
    """With only one name server, one failure makes the whole service disappear (RFC 2182).

    Fix: add a second server on another network, and delegate to it.
    """
    servers = {frozenset(server.addresses) for server in dns_zone.delegation.servers if server.addresses}
    names = ", ".join(server.name for server in dns_zone.delegation.servers) or "nobody"
    assert at_least(len(servers), 2, "name servers of their own"), f"{dns_zone.zone} is served by one machine: {names}"


@pytest.mark.check("dns-no-server-alias")
def test_no_name_server_is_an_alias(dns_zone: DnsZoneEvidence) -> None:
    """Some resolvers do not follow an alias in the name of a name server (RFC 2181, 10.3).

    Fix: use a name that has its own addresses.
    """
    aliases = [f"{server.name} is an alias of {server.alias}" for server in dns_zone.delegation.servers if server.alias]
    assert nothing(aliases, "name servers that are aliases"), f"{dns_zone.zone}: the name server {'; '.join(aliases)}"


@pytest.mark.check("dns-no-apex-alias")
def test_zone_itself_is_no_alias(dns_zone: DnsZoneEvidence) -> None:
    """An alias at the zone's own name hides its mail, its keys and its name servers (RFC 2181, 10.1).

    Fix: replace the CNAME by addresses, or by what the DNS provider offers instead (ALIAS, ANAME, flattening).
    """
    asked_servers = [server for server in dns_zone.servers if server.apex_alias is not None and server.apex_alias.heard]
    if not asked_servers:
        raise Unobserved(f"no name server of {dns_zone.zone} said whether the zone is an alias")
    for server in asked_servers:
        alias_records = server.apex_alias.records if server.apex_alias else ()
        assert nothing(alias_records, "aliases at the zone itself"), (
            f"at {server.name} ({server.address}) {dns_zone.zone} itself is an alias of {', '.join(alias_records)}"
        )


@pytest.mark.check("dns-no-transfer")
def test_nobody_may_copy_the_zone(dns_zone: DnsZoneEvidence) -> None:
    """Somebody who can copy the whole zone knows every machine, also those that should stay unknown.

    Fix: allow zone transfers (AXFR) to the other name servers only.
    """
    transfers = [(server, server.transfer) for server in dns_zone.servers if server.transfer is not None]
    if not any(transfer.delivery is not Delivery.NOT_SENT for _, transfer in transfers):
        raise Unobserved(f"a zone transfer could not be tried at any name server of {dns_zone.zone}")
    generous = [f"{server.name} ({server.address})" for server, transfer in transfers if transfer.records]
    assert nothing(generous, "name servers that allow transfers", of=len(transfers)), (
        f"{dns_zone.zone}: anybody can copy the whole zone from {', '.join(generous)}"
    )


@pytest.mark.check("dns-no-wildcard")
def test_unknown_names_do_not_reach_production(dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """A wildcard lets any made-up name reach production, with production's cookies and without its certificate.

    Fix: remove the * record, and add a record for each name that you need.
    """
    production = {address for host in environment.hosts.values() for address in host.addresses}
    if not production:
        raise Unobserved("the environment declares no [hosts] to compare with", hint="declare the public names")
    answers = [answer for answer in dns_zone.random_name if answer.rcode in {"NOERROR", "NXDOMAIN"}]
    if not answers:
        raise Unobserved(f"{dns_zone.zone}: no resolver answers for a made-up name: {_all(dns_zone.random_name)}")
    for answer in answers:
        reached = sorted(production.intersection(answer.records))
        assert nothing(reached, "addresses of production that a made-up name reaches"), (
            f"the made-up name {answer.name} resolves to {', '.join(reached)} at {answer.server}"
        )


@pytest.mark.check("dns-dnssec")
def test_signatures_validate(dns_zone: DnsZoneEvidence, policy: Policy) -> None:
    """If signatures are broken, the service does not exist for users behind a validating resolver.

    Fix: do what the message says for each server; if that takes long, remove the DS at the registrar until it is done.
    """
    validations = dns_zone.validations
    if not any(resolver.ds.records for resolver in validations):
        if not any(resolver.ds.rcode in {"NOERROR", "NXDOMAIN"} for resolver in validations):
            raise Unobserved(
                f"no resolver says whether {dns_zone.zone} is signed: {_all([server.ds for server in validations])}"
            )
        return
    faults = signing_faults(dns_zone, least_percent=policy.number("min_signature_life_percent"))
    bogus = [resolver.resolver for resolver in validations if resolver.bogus]
    consequence = f"SERVFAIL at {', '.join(bogus)}, an answer with checking off" if bogus else ""
    causes = "; ".join(filter(None, (*faults, consequence)))
    invalid = " and does not validate" if bogus else ""
    assert nothing([causes] if causes else [], "faults of the signatures"), (
        f"{dns_zone.zone} has a DS{invalid}: {causes}"
    )
    serving = [server for server in dns_zone.servers if server.udp.serves or server.tcp.serves]
    unread = [server for server in serving if server.dnskey is not None and not server.dnskey.heard]
    if unread:
        details = "; ".join(
            f"{server.name} ({server.address}): {server.dnskey.told}" for server in unread if server.dnskey
        )
        raise Unobserved(f"{dns_zone.zone} is signed, but its keys could not be read: {details}")
    if not any(resolver.checked.authenticated for resolver in validations):
        raise Unobserved(
            f"{dns_zone.zone} is signed, but none of the declared resolvers validates",
            hint="declare a validating resolver in dns.resolvers, as '9.9.9.9:53'",
        )


def _for_the_world(environment: Environment) -> bool:
    """Whether the service is meant for everybody; one with private addresses may have private name servers."""
    return any(is_public(address) for host in environment.hosts.values() for address in host.addresses)


def _without_glue(referral: Referral, zone: str) -> bool:
    """Whether all servers are in the zone that only they know, and the parent gives no address of any.

    A server that holds both zones answers from the lower one, and says nothing of the delegation.
    """
    inside = all(f".{server.name}".endswith(f".{zone}") and not server.addresses for server in referral.servers)
    return referral.delegates and not referral.answer.authoritative and inside


def _homeless(zone: DnsZoneEvidence) -> list[str]:
    reached = {server.name for server in zone.servers}
    named = dict.fromkeys(server.name for server in (*zone.delegation.servers, *zone.parent.servers))
    return [name for name in named if name not in reached]


def _asked(zone: DnsZoneEvidence) -> list[ServerAnswers]:
    """Servers that this machine was able to ask; silence on IPv6 alone does not tell whose fault it is."""
    sixth = [server for server in zone.servers if ":" in server.address]
    deaf = all({server.udp.delivery, server.tcp.delivery} <= _NOT_HEARD for server in sixth)
    return [server for server in zone.servers if server.asked and not (deaf and server in sixth)]


def _require_all_asked(zone: DnsZoneEvidence) -> None:
    """A server of which no address was asked may be dead, and so may those that were left out. Raises Unobserved."""
    reached = {server.name for server in _asked(zone)}
    unasked = [server for server in zone.servers if server.name not in reached]
    if unasked or not zone.servers:
        details = "; ".join(f"{server.name} ({server.address}): {_why_not(server)}" for server in unasked)
        raise Unobserved(
            f"{zone.zone}: a name server could not be asked from here: {details}",
            hint="check the route from this machine",
        )
    omitted = zone.delegation.omitted_servers + zone.omitted_addresses
    if omitted:
        raise Unobserved(
            f"{zone.zone}: {omitted} addresses of its name servers were not asked, because there are too many",
            hint="delegate to fewer servers",
        )


def _disagreements(referral: Referral, zone: DnsZoneEvidence) -> Iterator[str]:
    where = f"{zone.parent.zone} at {referral.name}"
    if referral.denies:
        yield f"{where} does not delegate it ({referral.answer.told})"
    if not referral.delegates or referral.answer.authoritative:
        return
    own = {server.name: server for server in zone.delegation.servers}
    above = {server.name: server for server in referral.servers}
    if set(own) != set(above):
        yield f"{where} delegates to {_list(above)}; the zone itself names {_list(own)}"
    for name in sorted(set(own) & set(above)):
        glue, addresses = above[name].addresses, own[name].addresses
        if f".{name}".endswith(f".{zone.zone}") and not glue:
            yield f"{where} gives no address (glue) of {name}, which is in the zone itself"
        elif glue and addresses and set(glue) != set(addresses):
            yield f"{where} gives {_list(glue)} as the address of {name}; the zone says {_list(addresses)}"


def _silence(zone: DnsZoneEvidence) -> str:
    details = "; ".join(f"{server.name} ({server.address}): {server.answer.told}" for server in zone.parent.referrals)
    return zone.parent.problem or details or "it was not asked"


def _usable(server: ServerAnswers) -> bool:
    """Whether resolvers get on with it over UDP: they ask again without EDNS when its format is refused (RFC 6891)."""
    old = server.udp.rcode in _FORMAT_REFUSALS and server.plain is not None and server.plain.serves
    return server.udp.serves or old


def _is_their_fault(zone: DnsZoneEvidence) -> bool:
    """Silence is the servers' own if they refuse, or if resolvers elsewhere have no answer of theirs either."""
    asked_servers = [server for server in zone.servers if server.asked]
    refused = all({server.udp.delivery, server.tcp.delivery} == {Delivery.REFUSED} for server in asked_servers)
    is_known = any(validations.unchecked.rcode == "NOERROR" for validations in zone.validations)
    answers_plainly = any(server.plain is not None and server.plain.heard for server in asked_servers)
    return bool(asked_servers) and (refused or not is_known or answers_plainly)


def _complaint(server: ServerAnswers) -> str:
    answers = [
        f"{answer.transport} {answer.told if not answer.heard or answer.rcode != 'NOERROR' else 'without authority'}"
        for answer in (server.udp, server.tcp)
        if not answer.serves
    ]
    if server.udp.delivery is Delivery.SILENT and server.plain is not None and server.plain.heard:
        answers.append(
            "it answers without EDNS and is silent with it: let the server, or the firewall before it, pass EDNS"
        )
    only = ", an address that only the parent gives" if server.sources == ("parent",) else ""
    return f"{server.name} ({server.address}{only}): {', '.join(answers)}"


def _hidden(server: ServerAnswers) -> str:
    return f"{server.name} ({server.address}): this is not a public address, so resolvers on the internet cannot ask it"


def _why_not(server: ServerAnswers) -> str:
    failed = (delivery.detail for delivery in (server.udp, server.tcp) if delivery.delivery is Delivery.NOT_SENT)
    return next(failed, "silent, and no other IPv6 address answered this machine")


def _all(answers: Sequence[Answer]) -> str:
    return "; ".join(f"{answer.server}: {answer.told}" for answer in answers)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
