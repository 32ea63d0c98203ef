"""The DNS probes against the reference's real servers, healthy and faulty."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

import dns.message
import dns.rdatatype
import pytest
from pydantic import TypeAdapter

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Evidence
from gonogo.evidence.dns import Delivery, DnsHostEvidence, DnsNameEvidence
from gonogo.evidence.dns_zone import DnsZoneEvidence
from gonogo.families.dns.delegation import find_delegation, parents
from gonogo.families.dns.host import probe_dns_host
from gonogo.families.dns.name import probe_dns_name
from gonogo.families.dns.query import Vantage
from gonogo.families.dns.question import DnsQuestion, host_questions, name_questions, zone_questions
from gonogo.families.dns.zone import probe_dns_zone
from gonogo.families.registry import environment_from
from tests.support.dns_doubles import PATIENCE, SHORT, ZONE, answering, double, reference_dns

pytestmark = pytest.mark.anyio
HOST = "api.workme.test"


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


async def _zone(**settings: object) -> DnsZoneEvidence:
    async with reference_dns(**settings) as vantage:
        return await probe_dns_zone(DnsQuestion(name=ZONE, vantage=vantage))


async def _host(name: str = HOST, **settings: object) -> DnsHostEvidence:
    async with reference_dns(**settings) as vantage:
        return await probe_dns_host(DnsQuestion(name=name, vantage=vantage))


async def _name(name: str, **settings: object) -> DnsNameEvidence:
    async with reference_dns(**settings) as vantage:
        return await probe_dns_name(DnsQuestion(name=name, vantage=vantage))


def _survives_json(evidence: Evidence) -> bool:
    adapter = TypeAdapter(type(evidence))
    return adapter.validate_json(adapter.dump_json(evidence)) == evidence


async def test_a_healthy_zone() -> None:
    """Every check of the zone would judge something else than what the servers say."""
    zone = await _zone()
    assert [(server.name, server.addresses) for server in zone.delegation.servers] == [
        ("ns1.workme.test", ("127.0.0.1",)),
        ("ns2.workme.test", ("127.0.0.2",)),
    ]
    for server in zone.servers:
        assert (server.udp.transport, server.tcp.transport) == ("UDP", "TCP")
        for answer in (server.udp, server.tcp):
            assert (answer.with_authority, answer.serial) == (True, 2026112301)
            assert answer.negative_ttl == timedelta(minutes=5)
    for seen in zone.validations:
        assert seen.ds.records
        assert (seen.checked.authenticated, seen.bogus) == (True, False)
    assert {answer.rcode for answer in zone.random_name} == {"NXDOMAIN"}
    assert zone.taken_at.tzinfo is UTC
    assert _survives_json(zone)


async def test_a_healthy_host() -> None:
    """The declared addresses would be compared with nothing."""
    host = await _host()
    assert [seen.server.partition(":")[0] for seen in host.authoritative] == ["127.0.0.1", "127.0.0.2"]
    for seen in host.authoritative:
        assert seen.addresses == {"127.0.0.1", "127.0.0.2"}
        assert (seen.a.ttl, seen.aaaa.ttl) == (timedelta(minutes=5), None)
    assert [(answer.name, answer.records) for answer in host.caa] == [
        (HOST, ()),
        (ZONE, ('0 issue "ca.workme.test"',)),
    ]
    assert _survives_json(host)


async def test_a_healthy_alias() -> None:
    """Whether www leads somewhere is what its users would find out."""
    name = await _name("www.workme.test")
    assert len(name.resolvers) == 3
    for seen in name.resolvers:
        assert seen.aliases == (HOST,)
        assert seen.addresses == {"127.0.0.1", "127.0.0.2"}
    assert _survives_json(name)


async def test_each_resolver_is_asked_by_itself() -> None:
    """Two stale resolvers would hide behind a third that is fresh."""
    name = await _name(HOST, stale_resolvers=2)
    assert [sorted(seen.addresses) for seen in name.resolvers] == [
        ["127.0.0.9"],
        ["127.0.0.9"],
        ["127.0.0.1", "127.0.0.2"],
    ]


async def test_a_dangling_alias_is_told_from_a_missing_name() -> None:
    """The alias is the one that somebody else may take over."""
    dangling = await _name("www.workme.test", www="CNAME old-landing")
    missing = await _name("nothing.workme.test")
    assert {(seen.aliases, seen.a.rcode) for seen in dangling.resolvers} == {(("old-landing.workme.test",), "NXDOMAIN")}
    assert {(seen.aliases, seen.a.rcode) for seen in missing.resolvers} == {((), "NXDOMAIN")}


async def test_an_alias_out_of_the_zone_is_not_a_denial() -> None:
    """A service behind a content delivery network would be told that it has no address."""
    host = await _host("www.workme.test", www="CNAME cdn.example.")
    dangling = await _host("www.workme.test", www="CNAME old-landing")
    assert all(seen.a.leaves_the_zone for seen in host.authoritative)
    assert not any(seen.a.leaves_the_zone for seen in dangling.authoritative)


async def test_a_lame_server_refuses_the_zone() -> None:
    """One of two servers would not know the zone, and half of the users would notice."""
    _, second = (await _zone(second_server_is_lame=True)).servers
    assert (second.udp.rcode, second.udp.with_authority) == ("REFUSED", False)


async def test_a_server_without_tcp() -> None:
    """Long answers do not fit into UDP: signed zones would fail for some."""
    first, second = (await _zone(second_server_refuses_tcp=True)).servers
    assert (first.tcp.delivery, second.tcp.delivery) == (Delivery.ANSWERED, Delivery.REFUSED)
    assert second.udp.with_authority


async def test_broken_signatures_do_not_hide_the_servers() -> None:
    """Everything else about the zone would be unobserved, and only one cause of many would show."""
    zone = await _zone(ds_matches=False)
    assert all(seen.bogus for seen in zone.validations)
    assert len(zone.servers) == 2
    assert all(server.udp.with_authority for server in zone.servers)


async def test_a_wildcard_answers_for_made_up_names() -> None:
    """Any name would reach production."""
    zone = await _zone(wildcard=True)
    assert {answer.records for answer in zone.random_name if answer.rdtype == "A"} == {("127.0.0.1", "127.0.0.2")}


async def test_a_zone_that_is_gone_has_no_servers() -> None:
    """An expired domain is the target's fault, not our inability to ask."""
    async with reference_dns() as vantage:
        zone = await probe_dns_zone(DnsQuestion(name="expired.workme.test", vantage=vantage))
    assert (zone.delegation.zone, zone.servers) == ("", ())
    assert {answer.rcode for answer in zone.delegation.answers} == {"NXDOMAIN"}


async def test_a_filter_that_denies_everything_is_no_witness() -> None:
    """A café's portal would say that the domain does not exist."""
    async with reference_dns() as vantage:
        with pytest.raises(Unobserved, match="without an SOA"):
            await probe_dns_zone(DnsQuestion(name="example.org", vantage=vantage))


async def test_silent_resolvers_leave_it_unobserved() -> None:
    """A laptop without a network would say that the domain does not exist."""
    async with double() as (server, _):
        vantage = Vantage(resolvers=(server,), port=53, patience=SHORT)
        with pytest.raises(Unobserved, match=rf"none of the declared resolvers .*{server}: silent") as found:
            await probe_dns_zone(DnsQuestion(name=ZONE, vantage=vantage))
    assert "[dns]" in found.value.hint


async def test_a_resolver_for_others_only_is_no_witness() -> None:
    """A resolver that refuses strangers would make a healthy zone look missing."""

    def refusing(query: dns.message.Message) -> bytes:
        return (b"%b\x80\x05" % query.id.to_bytes(2, "big")) + bytes(8)

    async with reference_dns() as vantage, double(refusing) as (closed, _):
        crowd = replace(vantage, resolvers=(closed, *vantage.resolvers))
        zone = await probe_dns_zone(DnsQuestion(name=ZONE, vantage=crowd))
    assert len(zone.servers) == 2


async def test_the_delegation_goes_by_the_majority() -> None:
    """One resolver with last year's servers would have us ask machines that are gone."""
    async with reference_dns() as vantage, double(answering(f"{ZONE}. 60 IN NS gone.example.")) as (stale, _):
        crowd = replace(vantage, resolvers=(stale, *vantage.resolvers))
        delegation = await find_delegation([ZONE], crowd)
    assert [server.name for server in delegation.servers] == ["ns1.workme.test", "ns2.workme.test"]


async def test_a_hostile_delegation_is_cut() -> None:
    """A zone with fifty servers would have us send thousands of queries."""

    def many(query: dns.message.Message) -> bytes | None:
        if query.question[0].rdtype == dns.rdatatype.NS:
            return answering(*(f"{ZONE}. 60 IN NS ns{number}.workme.test." for number in range(50)))(query)
        if query.question[0].rdtype == dns.rdatatype.A:
            owner = query.question[0].name
            return answering(*(f"{owner} 60 IN A 192.0.2.{number}" for number in range(1, 30)))(query)
        return answering()(query)

    def whole(query: dns.message.Message) -> bytes:
        wire = many(query) or b""
        return len(wire).to_bytes(2, "big") + wire

    async with double(many, whole) as (server, _):
        vantage = Vantage(resolvers=(server,), port=53, patience=PATIENCE)
        delegation = await find_delegation([ZONE], vantage)
    assert (len(delegation.servers), delegation.omitted_servers) == (32, 18)
    assert {(len(server.addresses), server.omitted_addresses) for server in delegation.servers} == {(8, 21)}


async def test_a_server_without_an_address_is_kept() -> None:
    """A name server that nobody can find would simply be left out."""
    zone = await _zone(name_servers=("ns1", "ns9"))
    assert [(server.name, server.addresses) for server in zone.delegation.servers] == [
        ("ns1.workme.test", ("127.0.0.1",)),
        ("ns9.workme.test", ()),
    ]


def test_climbing_stops_below_the_root() -> None:
    """The servers of .test are not ours to judge; its CAA counts all the same."""
    assert parents("a.api.workme.test") == ["a.api.workme.test", "api.workme.test", "workme.test"]
    assert parents("workme.test", shortest=1) == ["workme.test", "test"]
    assert parents("test") == ["test"]
    assert len(parents(".".join("abcdefghijklmnop"))) == 10


@pytest.mark.parametrize(
    ("questions", "names"),
    [(zone_questions, [ZONE]), (host_questions, [HOST]), (name_questions, [HOST, "www.workme.test"])],
)
def test_what_is_asked(questions: Callable[[Environment, Secrets], list[DnsQuestion]], names: list[str]) -> None:
    """A declared name that nobody asks about would be green by silence."""
    environment = environment_from(
        {
            "service": {"name": "WorkMe", "base_url": f"https://{HOST}"},
            "dns": {"zone": ZONE, "resolvers": ["127.0.0.11:53"], "quorum": 1, "names": ["www.workme.test", HOST]},
            "hosts": {HOST: {"addresses": ["127.0.0.1"]}},
        }
    )
    asked = questions(environment, Secrets({}))
    assert [question.scope for question in asked] == [(name,) for name in names]
    assert {question.host for question in asked} == {"dns"}
    without = environment.model_copy(update={"dns": None})
    assert list(questions(without, Secrets({}))) == []
