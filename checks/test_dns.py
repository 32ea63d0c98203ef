"""DNS, judged at every authoritative server and at every resolver by itself."""

from datetime import timedelta

import pytest

from gonogo.catalogue import Policy
from gonogo.durations import format_duration
from gonogo.environment.model import Dns, Environment
from gonogo.errors import Unobserved
from gonogo.evidence.dns import DnsHostEvidence, DnsZoneEvidence, FromServer, NameServer


@pytest.mark.check("dns-delegated")
def test_zone_is_delegated_and_answers(dns_zone: DnsZoneEvidence) -> None:
    """Without a delegation nobody finds the service at all.

    Fix: renew the domain, and set the name servers at the registrar.
    """
    delegation = dns_zone.delegation
    assert delegation.values, f"{dns_zone.zone} has no name servers: resolvers say {delegation.rcode}"
    assert dns_zone.servers, f"the name servers of {dns_zone.zone} ({', '.join(delegation.values)}) have no address"
    if not any(server.udp.answered or server.tcp.answered for server in dns_zone.servers):
        raise Unobserved(
            f"no name server of {dns_zone.zone} answers: {'; '.join(map(_complaint, dns_zone.servers))}",
            hint="can this machine send DNS queries to the internet (UDP and TCP 53)?",
        )


@pytest.mark.check("dns-no-lame-server")
def test_every_name_server_answers_with_authority(dns_zone: DnsZoneEvidence) -> None:
    """A lame server makes some users wait, and some fail, depending on which server they happen to ask.

    Fix: load the zone on that server and open UDP and TCP 53, or take it out of the delegation.
    """
    lame = [server for server in dns_zone.servers if server.lame]
    assert not lame, f"{dns_zone.zone}: {'; '.join(map(_complaint, lame))}"


@pytest.mark.check("dns-two-servers")
def test_zone_has_two_servers(dns_zone: DnsZoneEvidence) -> None:
    """One name server is one reason for the whole service to disappear (RFC 2182).

    Fix: add a second server, on another network, and delegate to it.
    """
    addresses = sorted({server.address for server in dns_zone.servers})
    assert len(addresses) > 1, f"{dns_zone.zone} is served from {', '.join(addresses)} only"


@pytest.mark.check("dns-serials")
def test_all_servers_have_the_same_zone(dns_zone: DnsZoneEvidence) -> None:
    """A server with an older zone still gives last week's answers to some users.

    Fix: look at the zone transfer on the server that lags (NOTIFY, TSIG, firewall), and force one.
    """
    serials = {f"{server.name} {server.serial}" for server in dns_zone.servers if server.serial is not None}
    distinct = {server.serial for server in dns_zone.servers if server.serial is not None}
    assert len(distinct) <= 1, f"{dns_zone.zone}: serials differ: {', '.join(sorted(serials))}"


@pytest.mark.check("dns-negative-ttl")
def test_absence_is_soon_forgotten(dns_zone: DnsZoneEvidence, policy: Policy) -> None:
    """A name asked for before it exists stays missing for as long as the negative TTL says.

    Fix: lower the last field of the SOA record.
    """
    limit = policy.duration("max_negative_ttl")
    for server in dns_zone.servers:
        ttl = timedelta(seconds=server.negative_ttl_seconds or 0)
        assert ttl <= limit, (
            f"{dns_zone.zone} at {server.name}: absence is remembered for {format_duration(ttl)}, "
            f"at most {format_duration(limit)} is wanted"
        )


@pytest.mark.check("dns-no-wildcard")
def test_unknown_names_do_not_resolve(dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """A wildcard lets any made-up name reach production, with production's cookies.

    Fix: remove the * record, and list the names that are meant.
    """
    if not dns_zone.random_label.answered:
        raise Unobserved(f"{dns_zone.zone}: {dns_zone.random_label.problem}")
    production = {address for host in environment.hosts.values() for address in host.addresses}
    reached = sorted(production.intersection(dns_zone.random_label.values))
    assert not reached, f"a made-up name in {dns_zone.zone} resolves to {', '.join(reached)}"


@pytest.mark.check("dns-dnssec")
def test_signatures_validate(dns_zone: DnsZoneEvidence) -> None:
    """With broken signatures the service does not exist for everybody behind a validating resolver.

    Fix: publish the DS of the current key at the registrar, or remove the DS until signing works again.
    """
    if not any(seen.ds.values for seen in dns_zone.validations):
        return
    for seen in dns_zone.validations:
        assert not (seen.checked.rcode == "SERVFAIL" and seen.unchecked.rcode == "NOERROR"), (
            f"{dns_zone.zone} does not validate at {seen.resolver}: SERVFAIL with checking, an answer without"
        )
    if not any(seen.checked.authenticated for seen in dns_zone.validations):
        raise Unobserved(
            f"{dns_zone.zone} is signed, but none of the declared resolvers validates",
            hint="declare at least one validating resolver in dns.resolvers, as 9.9.9.9:53",
        )


@pytest.mark.check("dns-a-authoritative")
def test_every_server_gives_the_declared_addresses(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """One server with an old address sends a part of the users to a machine that is gone.

    Fix: correct the record in the zone, and see that all servers have loaded it.
    """
    declared = frozenset(environment.hosts[dns_host.host].addresses)
    answering = [seen for seen in dns_host.authoritative if seen.a.authoritative and seen.aaaa.authoritative]
    if not answering:
        raise Unobserved(f"{dns_host.host}: no name server answered with authority")
    for seen in answering:
        assert seen.addresses == declared, f"{dns_host.host} at {seen.server}: {_differs(seen, declared)}"


@pytest.mark.check("dns-propagated")
def test_resolvers_agree(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """Users ask resolvers, and a resolver may live with an old answer for as long as its TTL said.

    Fix: wait for the old TTL to pass, or flush the caches of the public resolvers that offer it.
    """
    expected = _dns(environment)
    declared = frozenset(environment.hosts[dns_host.host].addresses)
    agreeing = [seen for seen in dns_host.resolvers if seen.addresses == declared]
    silent = [seen for seen in dns_host.resolvers if not (seen.a.answered and seen.aaaa.answered)]
    wrong = [seen for seen in dns_host.resolvers if seen not in agreeing and seen not in silent]
    if len(agreeing) < expected.quorum <= len(agreeing) + len(silent):
        names = ", ".join(f"{seen.server} ({seen.a.problem or seen.aaaa.problem})" for seen in silent)
        raise Unobserved(
            f"{dns_host.host}: only {len(agreeing)} resolvers answered as declared, {expected.quorum} are needed; "
            f"without an answer: {names}",
            hint="declare resolvers in [dns] that this machine reaches",
        )
    assert len(agreeing) >= expected.quorum, (
        f"{dns_host.host}: {len(agreeing)} of {len(dns_host.resolvers)} resolvers agree, {expected.quorum} are needed; "
        + "; ".join(f"{seen.server}: {_differs(seen, declared)}" for seen in wrong)
    )


@pytest.mark.check("dns-ttl")
def test_turning_back_is_fast(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """On launch day, turning back takes as long as the TTL that was published the day before.

    Fix: lower the record's TTL, and wait for the old one to pass before the launch.
    """
    window = _dns(environment).rollback_window
    for seen in dns_host.authoritative:
        ttl = timedelta(seconds=seen.a.ttl_seconds or seen.aaaa.ttl_seconds or 0)
        assert ttl <= window, (
            f"{dns_host.host} at {seen.server}: TTL {format_duration(ttl)}, "
            f"the declared rollback window is {format_duration(window)}"
        )


@pytest.mark.check("dns-caa")
def test_caa_permits_our_authority(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """CAA that forbids the authority lets today's certificate live, and the next renewal fail.

    Fix: add 'CAA 0 issue "AUTHORITY"' for the authority that renews, or correct tls.caa.
    """
    if not dns_host.caa.answered:
        raise Unobserved(f"{dns_host.host}: CAA could not be asked: {dns_host.caa.problem}")
    if dns_host.caa_at is None:
        return
    expected = environment.tls.caa if environment.tls else None
    if expected is None:
        raise Unobserved(
            f"{dns_host.caa_at} has CAA, and the environment does not say which authority renews",
            hint='declare tls.caa, as in "letsencrypt.org"',
        )
    assert expected in dns_host.caa.values, (
        f"{dns_host.host}: CAA at {dns_host.caa_at} permits {', '.join(dns_host.caa.values) or 'nobody'}, "
        f"certificates come from {expected}"
    )


@pytest.mark.check("dns-caa-present")
def test_caa_exists(dns_host: DnsHostEvidence) -> None:
    """Without CAA every authority in the world may issue for this name.

    Fix: add 'CAA 0 issue "AUTHORITY"' at the zone's apex.
    """
    assert dns_host.caa_at is not None, f"{dns_host.host}: no CAA record, up to the root"


@pytest.mark.check("dns-no-dangling-cname")
def test_no_alias_leads_nowhere(dns_alias: DnsHostEvidence) -> None:
    """Whoever registers the name that an alias still points to owns our name as well.

    Fix: remove the CNAME, or point it to a name that exists.
    """
    answers = [seen for seen in dns_alias.resolvers if seen.a.answered and seen.aaaa.answered]
    if not answers:
        raise Unobserved(f"{dns_alias.host}: no resolver answered")
    for seen in answers:
        aliases = seen.a.aliases or seen.aaaa.aliases
        assert not aliases or seen.addresses, (
            f"{dns_alias.host} is an alias of {' → '.join(aliases)}, which leads nowhere "
            f"({seen.a.rcode} at {seen.server})"
        )


def _dns(environment: Environment) -> Dns:
    if environment.dns is None:
        raise Unobserved("the environment declares no [dns]")
    return environment.dns


def _complaint(server: NameServer) -> str:
    said = [
        f"{transport} {reply.problem or f'{reply.rcode} without authority' * (not reply.authoritative) or reply.rcode}"
        for transport, reply in (("UDP", server.udp), ("TCP", server.tcp))
        if not (reply.rcode == "NOERROR" and reply.authoritative)
    ]
    return f"{server.name} ({server.address}): {', '.join(said)}"


def _differs(seen: FromServer, declared: frozenset[str]) -> str:
    found = ", ".join(sorted(seen.addresses)) or f"no address ({seen.a.rcode or seen.a.problem})"
    return f"{found}; declared {', '.join(sorted(declared))}"
