"""DNS, judged at every authoritative server and at every resolver by itself."""

from collections.abc import Callable, Sequence

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import (
    Addresses,
    Answer,
    Delivery,
    DnsHostEvidence,
    DnsNameEvidence,
    DnsZoneEvidence,
    ServerAnswers,
)
from gonogo.evidence.tls import TlsEvidence
from gonogo.families.dns.section import Dns
from gonogo.policy.catalogue import Policy

_CRITICAL = 128
_UNDERSTOOD_TAGS = {"issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail", "contactphone"}


@pytest.mark.check("dns-delegated")
def test_zone_is_delegated_and_answers(dns_zone: DnsZoneEvidence) -> None:
    """Without a delegation, or with an expired domain, nobody finds the service at all.

    Fix: renew the domain, and set its name servers at the registrar.
    """
    delegation = dns_zone.delegation
    said = ", ".join(sorted({answer.told for answer in delegation.answers}))
    assert delegation.zone, f"{dns_zone.zone} has no name servers; resolvers say: {said}"
    names = ", ".join(server.name for server in delegation.servers)
    assert dns_zone.servers, f"{dns_zone.zone}: none of its name servers ({names}) has an address"
    silent = not any(server.udp.heard or server.tcp.heard for server in dns_zone.servers)
    complaints = "; ".join(_complaint(server) for server in dns_zone.servers)
    if silent and not _is_their_fault(dns_zone):
        raise Unobserved(
            f"no name server of {dns_zone.zone} answers this machine: {complaints}",
            hint="let this machine send DNS queries to the internet (port 53, UDP and TCP)",
        )
    assert not silent, f"no name server of {dns_zone.zone} answers: {complaints}"


@pytest.mark.check("dns-no-lame-server")
def test_every_name_server_answers_with_authority(dns_zone: DnsZoneEvidence) -> None:
    """A lame server makes some users wait and some fail, depending on which one their resolver happens to ask.

    Fix: load the zone on that server and open UDP and TCP port 53, or take it out of the delegation.
    """
    asked = [server for server in dns_zone.servers if server.asked]
    if not asked:
        raise Unobserved(f"no name server of {dns_zone.zone} could be asked from here", hint="is there a route?")
    lame = [f"{server.name} has no address" for server in dns_zone.delegation.servers if not server.addresses]
    if not lame and all(_serves(server.udp) and server.tcp.delivery is Delivery.SILENT for server in asked):
        raise Unobserved(
            f"no name server of {dns_zone.zone} answers this machine over TCP, all do over UDP",
            hint="let this machine connect to TCP port 53 on the internet",
        )
    lame += [_complaint(server) for server in asked if not (_serves(server.udp) and _serves(server.tcp))]
    assert not lame, f"{dns_zone.zone}: {'; '.join(lame)}"


@pytest.mark.check("dns-two-servers")
def test_zone_has_two_servers(dns_zone: DnsZoneEvidence) -> None:
    """One name server is one reason for the whole service to disappear (RFC 2182).

    Fix: add a second server on another network, and delegate to it.
    """
    servers = {frozenset(server.addresses) for server in dns_zone.delegation.servers if server.addresses}
    names = ", ".join(server.name for server in dns_zone.delegation.servers) or "nobody"
    assert len(servers) > 1, f"{dns_zone.zone} is served by one machine: {names}"


@pytest.mark.check("dns-serials")
def test_all_servers_have_the_same_zone(dns_zone: DnsZoneEvidence) -> None:
    """A server with an older zone still gives last week's answers to some users.

    Fix: see why that server got no transfer (NOTIFY, TSIG, firewall), and force one.
    """
    serials = {f"{answer.server} has {answer.serial}": answer.serial for answer in _soa(dns_zone)}
    assert len(set(serials.values())) == 1, f"{dns_zone.zone}: serials differ: {', '.join(serials)}"


@pytest.mark.check("dns-negative-ttl")
def test_absence_is_soon_forgotten(dns_zone: DnsZoneEvidence, policy: Policy) -> None:
    """A name that was asked for before it exists stays missing for as long as the negative TTL says.

    Fix: lower the last field of the SOA record, or the TTL of the SOA record itself.
    """
    limit = policy.duration("max_negative_ttl")
    for answer in _soa(dns_zone):
        assert answer.negative_ttl is not None, f"{dns_zone.zone} at {answer.server}: the answer holds no SOA"
        assert answer.negative_ttl <= limit, (
            f"{dns_zone.zone} at {answer.server}: absence is remembered for {format_duration(answer.negative_ttl)}, "
            f"wanted are at most {format_duration(limit)}"
        )


@pytest.mark.check("dns-no-wildcard")
def test_unknown_names_do_not_reach_production(dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """A wildcard lets any made-up name reach production, with production's cookies and without its certificate.

    Fix: remove the * record, and list the names that are meant.
    """
    production = {address for host in environment.hosts.values() for address in host.addresses}
    if not production:
        raise Unobserved("the environment declares no [hosts] to compare with", hint="declare the public names")
    answers = [answer for answer in dns_zone.random_name if answer.rcode in {"NOERROR", "NXDOMAIN"}]
    if not answers:
        raise Unobserved(f"{dns_zone.zone}: no resolver answers for a made-up name: {_all(dns_zone.random_name)}")
    for answer in answers:
        reached = sorted(production.intersection(answer.records))
        assert not reached, f"the made-up name {answer.name} resolves to {', '.join(reached)} at {answer.server}"


@pytest.mark.check("dns-dnssec")
def test_signatures_validate(dns_zone: DnsZoneEvidence) -> None:
    """With broken signatures the service does not exist for anybody behind a validating resolver.

    Fix: publish the DS of the current key at the registrar, or remove the DS until signing works again.
    """
    seen = dns_zone.validations
    if not any(resolver.ds.records for resolver in seen):
        if not any(resolver.ds.rcode in {"NOERROR", "NXDOMAIN"} for resolver in seen):
            raise Unobserved(f"no resolver says whether {dns_zone.zone} is signed: {_all([one.ds for one in seen])}")
        return
    bogus = [resolver.resolver for resolver in seen if resolver.bogus]
    assert not bogus, (
        f"{dns_zone.zone} has a DS and does not validate: SERVFAIL at {', '.join(bogus)}, an answer with checking off"
    )
    if not any(resolver.checked.authenticated for resolver in seen):
        raise Unobserved(
            f"{dns_zone.zone} is signed, and none of the declared resolvers validates",
            hint="declare a validating resolver in dns.resolvers, as '9.9.9.9:53'",
        )


@pytest.mark.check("dns-a-authoritative")
def test_every_server_gives_the_declared_addresses(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """One server with an old address sends a part of the users to a machine that is gone.

    Fix: correct the record in the zone, and see that all servers have loaded it.
    """
    declared = _declared(dns_host.host, environment)
    asked = _authoritative(dns_host)
    for seen in asked:
        assert seen.a.with_authority, f"{dns_host.host} at {seen.server}: no authority ({seen.a.told})"
        assert seen.aaaa.with_authority, f"{dns_host.host} at {seen.server}: no authority ({seen.aaaa.told})"
        if seen.a.leaves_the_zone and seen.aaaa.leaves_the_zone:
            # The addresses are somebody else's to give, and dns-propagated asks for them; the alias is ours.
            first = asked[0].aliases
            assert seen.aliases == first, (
                f"{dns_host.host} at {seen.server} is an alias of {seen.aliases[-1]}, "
                f"at {asked[0].server} {asked[0].told}"
            )
            continue
        assert seen.addresses == declared, f"{dns_host.host} at {seen.server}: {_differs(seen, declared)}"


@pytest.mark.check("dns-propagated")
def test_resolvers_agree(dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment) -> None:
    """Users ask resolvers, and a resolver lives with an old answer for as long as its TTL said.

    Fix: wait for the old TTL to pass, or flush the caches of those public resolvers that offer it.
    """
    declared = _declared(dns_host.host, environment)
    _quorum(
        dns_name,
        environment,
        lambda seen: seen.addresses == declared,
        f"give the declared addresses, {_list(declared)}",
    )


@pytest.mark.check("dns-propagated-everywhere")
def test_no_resolver_is_stale(dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment) -> None:
    """A single stale resolver does not stop a launch, but its users write to support.

    Fix: wait for the old TTL to pass, or flush the cache of that resolver.
    """
    declared = _declared(dns_host.host, environment)
    answered = [seen for seen in dns_name.resolvers if seen.conclusive]
    if not answered:
        raise Unobserved(f"{dns_host.host}: no resolver answered", hint="declare resolvers that this machine reaches")
    stale = [f"{seen.server}: {seen.told}" for seen in answered if seen.addresses != declared]
    assert not stale, f"{dns_host.host}: {'; '.join(stale)}; declared {_list(declared)}"


@pytest.mark.check("dns-ttl")
def test_turning_back_is_fast(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """On launch day, turning back takes as long as the TTL that was published the day before.

    Fix: lower the record's TTL, and wait for the old one to pass before the launch.
    """
    window = _dns(environment).rollback_window
    answers = [answer for seen in _authoritative(dns_host) for answer in (seen.a, seen.aaaa)]
    ttls = [(answer, answer.ttl) for answer in answers if answer.with_authority and answer.ttl is not None]
    if not ttls:
        raise Unobserved(f"{dns_host.host}: no authoritative server gave a record with a TTL")
    for answer, ttl in ttls:
        assert ttl <= window, (
            f"{dns_host.host} {answer.rdtype} at {answer.server}: TTL {format_duration(ttl)}, "
            f"the declared rollback window is {format_duration(window)}"
        )


@pytest.mark.check("dns-caa")
def test_caa_permits_our_authority(
    dns_host: DnsHostEvidence, tls_all: tuple[TlsEvidence, ...], environment: Environment
) -> None:
    """CAA that forbids the authority lets today's certificate live, and makes the next renewal fail.

    Fix: add 'CAA 0 issue "AUTHORITY"' for the authority that renews, or correct tls.caa.
    """
    found = _caa(dns_host)
    if found is None:
        return
    authority = environment.tls.caa if environment.tls else None
    if authority is None:
        raise Unobserved(
            f"{found.name} has CAA, and the environment does not say which authority renews",
            hint='declare tls.caa, as in "letsencrypt.org"',
        )
    for wildcard in sorted({_is_wildcard(tls) for tls in tls_all}):
        kind = "wildcard certificates " if wildcard else ""
        assert _permits(found, authority, wildcard=wildcard), (
            f"{dns_host.host}: CAA at {found.name} does not let {authority} issue {kind}(found: {found.told})"
        )


@pytest.mark.check("dns-caa-present")
def test_caa_exists(dns_host: DnsHostEvidence) -> None:
    """Without CAA every authority in the world may issue for this name.

    Fix: add 'CAA 0 issue "AUTHORITY"' at the zone's apex.
    """
    climbed = ", ".join(answer.name for answer in dns_host.caa)
    assert _caa(dns_host) is not None, f"{dns_host.host}: no CAA record at any of {climbed}"


@pytest.mark.check("dns-no-dangling-cname")
def test_no_name_leads_nowhere(dns_name: DnsNameEvidence, environment: Environment) -> None:
    """Whoever registers the name that an alias still points to owns our name as well.

    Fix: remove the CNAME, or point it to a name that exists.
    """
    _quorum(dns_name, environment, lambda seen: bool(seen.addresses), "give an address")


def _quorum(name: DnsNameEvidence, environment: Environment, right: Callable[[Addresses], bool], expected: str) -> None:
    """Enough resolvers must answer rightly; ERROR only where those that do not answer could make the difference."""
    needed = _dns(environment).quorum
    good = [seen for seen in name.resolvers if seen.conclusive and right(seen)]
    mute = [seen for seen in name.resolvers if not seen.conclusive]
    wrong = [f"{seen.server}: {_led(seen)}" for seen in name.resolvers if seen.conclusive and not right(seen)]
    found = f"{name.name}: {len(good)} of {len(name.resolvers)} resolvers {expected}; {needed} must"
    if len(good) < needed <= len(good) + len(mute):
        silent = "; ".join(f"{seen.server}: {seen.a.told}" for seen in mute)
        raise Unobserved(
            f"{found}, and not all of them can be asked: {silent}",
            hint="declare resolvers in [dns] that this machine reaches",
        )
    assert len(good) >= needed, f"{found}; the others: {'; '.join(wrong)}"


def _led(seen: Addresses) -> str:
    if seen.addresses or not seen.aliases:
        return seen.told
    return f"an alias of {' → '.join(seen.aliases)}, which has no address ({seen.a.rcode})"


def _dns(environment: Environment) -> Dns:
    return environment.require(Dns)


def _declared(host: str, environment: Environment) -> frozenset[str]:
    return frozenset(environment.hosts[host].addresses)


def _serves(answer: Answer) -> bool:
    return answer.with_authority and answer.rcode == "NOERROR" and answer.serial is not None


def _is_their_fault(zone: DnsZoneEvidence) -> bool:
    """Silence is the servers' own if they refuse, or if resolvers elsewhere have no answer of theirs either."""
    asked = [server for server in zone.servers if server.asked]
    refused = all({server.udp.delivery, server.tcp.delivery} == {Delivery.REFUSED} for server in asked)
    known = any(seen.unchecked.rcode == "NOERROR" for seen in zone.validations)
    return bool(asked) and (refused or not known)


def _soa(zone: DnsZoneEvidence) -> list[Answer]:
    answers = [server.udp if _serves(server.udp) else server.tcp for server in zone.servers]
    serving = [answer for answer in answers if _serves(answer)]
    if not serving:
        raise Unobserved(f"no name server of {zone.zone} gave its SOA")
    return serving


def _authoritative(host: DnsHostEvidence) -> list[Addresses]:
    """The servers that this machine was able to ask. Raises Unobserved when there are none, or one kept silent."""
    asked = [seen for seen in host.authoritative if seen.asked]
    silent = [seen.server for seen in asked if Delivery.SILENT in {seen.a.delivery, seen.aaaa.delivery}]
    if silent or not asked:
        whom = f"{', '.join(silent)} kept silent" if silent else "no authoritative server could be asked"
        raise Unobserved(f"{host.host}: {whom}", hint="let this machine send DNS queries to the internet")
    return asked


def _caa(host: DnsHostEvidence) -> Answer | None:
    """The records that decide. An authority that gets no answer must not issue (RFC 8659, section 3)."""
    for answer in host.caa:
        if not answer.conclusive:
            raise Unobserved(f"{host.host}: CAA of {answer.name} could not be asked: {answer.told}")
        assert answer.rcode != "SERVFAIL", f"{host.host}: resolvers fail on CAA of {answer.name}: nobody may issue"
        if answer.records:
            return answer
    return None


def _permits(found: Answer, authority: str, *, wildcard: bool) -> bool:
    """RFC 8659, section 4: ``issuewild`` goes first for wildcards; no property at all restricts nothing."""
    properties: dict[str, set[str]] = {}
    for record in found.records:
        flags, tag, value = record.split(" ", 2)
        if int(flags) & _CRITICAL and tag.lower() not in _UNDERSTOOD_TAGS:
            return False
        domain = value.strip('"').partition(";")[0].strip().lower()
        properties.setdefault(tag.lower(), set()).add(domain)
    issue = properties.get("issue")
    deciding = properties.get("issuewild", issue) if wildcard else issue
    return deciding is None or authority in deciding


def _is_wildcard(tls: TlsEvidence) -> bool:
    """Whether it is by a wildcard that the live certificate covers the host."""
    names = tls.leaf.names if tls.leaf else ()
    return tls.host not in names and f"*.{tls.host.partition('.')[2]}" in names


def _complaint(server: ServerAnswers) -> str:
    said = [
        f"{answer.transport} {answer.told if not answer.heard or answer.rcode != 'NOERROR' else 'without authority'}"
        for answer in (server.udp, server.tcp)
        if not _serves(answer)
    ]
    return f"{server.name} ({server.address}): {', '.join(said)}"


def _differs(seen: Addresses, declared: frozenset[str]) -> str:
    return f"{_led(seen)}; declared {_list(declared)}"


def _list(addresses: frozenset[str]) -> str:
    return ", ".join(sorted(addresses))


def _all(answers: Sequence[Answer]) -> str:
    return "; ".join(f"{answer.server}: {answer.told}" for answer in answers)
