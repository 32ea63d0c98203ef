"""The SOA record of a zone, at every authoritative server."""

import pytest

from gonogo.base.comparing import at_least, at_most, below, equal, nothing, shown, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer
from gonogo.evidence.dns_zone import DnsZoneEvidence
from gonogo.policy.catalogue import Policy

FAMILY = "dns"


@pytest.mark.check("dns-serials")
def test_all_servers_have_the_same_zone(dns_zone: DnsZoneEvidence) -> None:
    """A server with an older zone still gives old answers to some users.

    Fix: find out why that server got no transfer (NOTIFY, TSIG, firewall), and force one.
    """
    serials = {f"{answer.server} has {answer.serial}": answer.serial for answer in _soa(dns_zone)}
    assert equal(len(set(serials.values())), 1, "serials"), f"{dns_zone.zone}: serials differ: {', '.join(serials)}"
    soa = {answer.records for answer in _soa(dns_zone)}
    assert equal(len(soa), 1, "SOA records"), (
        f"{dns_zone.zone}: the serials are the same, but the SOA records differ: {' | '.join(', '.join(server) for server in sorted(soa))}"
    )
    named = {server.ns.records for server in dns_zone.servers if server.ns is not None and server.ns.with_authority}
    assert at_most(len(named), 1, "lists of name servers"), (
        f"{dns_zone.zone}: the serials are the same, but the name servers differ: {' | '.join(', '.join(server) for server in sorted(named))}"
    )


@pytest.mark.check("dns-soa-timers")
def test_secondaries_keep_the_zone(dns_zone: DnsZoneEvidence, policy: Policy) -> None:
    """A secondary that misses a refresh tries again; if it does not succeed before the expiry, it drops the zone.

    Fix: correct the SOA: refresh longer than retry, expire longer than both together and some days at least.
    """
    least = policy.duration("min_expire")
    for answer in _soa(dns_zone):
        if not answer.timers:
            raise Unobserved(f"{dns_zone.zone} at {answer.server}: the SOA cannot be read: {answer.told}")
        refresh, retry, expire = answer.timers
        where = f"{dns_zone.zone} at {answer.server}: the SOA's"
        assert at_least(expire, refresh + retry, "expire beside refresh and retry"), (
            f"{where} expire is {format_duration(expire)}, shorter than refresh and retry together "
            f"({format_duration(refresh + retry)}): after one missed refresh a secondary drops the zone"
        )
        assert below(retry, refresh, "retry beside refresh"), (
            f"{where} retry is {format_duration(retry)}, not shorter than refresh ({format_duration(refresh)})"
        )
        assert at_least(expire, least, "expire of the SOA"), (
            f"{where} expire is {format_duration(expire)}, at least {format_duration(least)} is expected"
        )


@pytest.mark.check("dns-soa-origin")
def test_soa_names_a_server(dns_zone: DnsZoneEvidence) -> None:
    """Updates, notifications and people look for the zone's origin under the name that the SOA gives.

    Fix: write the name of the primary name server into the first field of the SOA.
    """
    names = {server.name for server in dns_zone.delegation.servers}
    for answer in _soa(dns_zone):
        name = answer.records[0].split()[0].rstrip(".").lower() if answer.records else ""
        where = f"{dns_zone.zone} at {answer.server}: the SOA names {name or '.'} as its origin"
        assert shown(_is_host_name(name), "origin in the SOA", name, "name of a server"), (
            f"{where}, which is not a host name"
        )
        primary = dns_zone.primary
        if name not in names and primary is not None and primary.name == name:
            assert so(primary.rcode != "NXDOMAIN", "name of the origin", "exists", "does not exist"), (
                f"{where}, a name that does not exist"
            )
            assert nothing(primary.aliases, "aliases of the origin"), (
                f"{where}, which is an alias of {primary.aliases[-1]}"
            )


@pytest.mark.check("dns-negative-ttl")
def test_absence_is_soon_forgotten(dns_zone: DnsZoneEvidence, policy: Policy) -> None:
    """If somebody asks for a name before it exists, resolvers report it as missing until the negative TTL is over.

    Fix: lower the last field of the SOA record, or the TTL of the SOA record itself.
    """
    limit = policy.duration("max_negative_ttl")
    for answer in _soa(dns_zone):
        assert there(answer.negative_ttl, "SOA in the answer"), (
            f"{dns_zone.zone} at {answer.server}: the answer contains no SOA"
        )
        assert at_most(answer.negative_ttl, limit, "absence is remembered for"), (
            f"{dns_zone.zone} at {answer.server}: resolvers cache a missing name for {format_duration(answer.negative_ttl)}; "
            f"at most {format_duration(limit)} is expected"
        )


def _is_host_name(name: str) -> bool:
    return "." in name and not name.replace(".", "").isdecimal() and ":" not in name


def _soa(zone: DnsZoneEvidence) -> list[Answer]:
    answers = [server.udp if server.udp.serves else server.tcp for server in zone.servers]
    serving = [answer for answer in answers if answer.serves]
    if not serving:
        raise Unobserved(f"no name server of {zone.zone} gave its SOA")
    return serving
