"""What is read at the parent and at every server, against the reference's own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.evidence.dns import DnsHostEvidence
from gonogo.evidence.dns_zone import DnsZoneEvidence
from gonogo.families.dns.host import probe_dns_host
from gonogo.families.dns.mail import probe_dns_sender
from gonogo.families.dns.parent import find_parent
from gonogo.families.dns.question import DnsQuestion
from gonogo.families.dns.zone import probe_dns_zone
from tests.support.dns_doubles import SHORT, ZONE, double, reference_dns

pytestmark = pytest.mark.anyio
HOST = "api.workme.test"


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


async def _zone(**settings: object) -> DnsZoneEvidence:
    async with reference_dns(**settings) as vantage:
        return await probe_dns_zone(DnsQuestion(name=ZONE, vantage=vantage, in_zone=(HOST,)))


async def _host(**settings: object) -> DnsHostEvidence:
    async with reference_dns(**settings) as vantage:
        declared = frozenset({"127.0.0.1", "127.0.0.2"})
        return await probe_dns_host(DnsQuestion(name=HOST, vantage=vantage, declared=declared))


async def test_the_parent_is_asked_itself() -> None:
    """Resolvers give what the zone says of itself; a new resolver follows the parent."""
    parent = (await _zone(glue={"ns1": "127.0.0.1", "ns3": "127.0.0.9"})).parent
    assert (parent.zone, parent.answered, parent.denies) == ("test", True, False)
    assert [(server.name, server.addresses) for server in parent.servers] == [
        ("ns1.workme.test", ("127.0.0.1",)),
        ("ns3.workme.test", ("127.0.0.9",)),
    ]


async def test_servers_of_parent_and_zone_are_all_asked() -> None:
    """Each is somebody's only way to the zone."""
    zone = await _zone(glue={"ns1": "127.0.0.1", "ns2": "127.0.0.9"})
    assert {(server.name, server.address): server.sources for server in zone.servers} == {
        ("ns1.workme.test", "127.0.0.1"): ("parent", "zone"),
        ("ns2.workme.test", "127.0.0.9"): ("parent",),
        ("ns2.workme.test", "127.0.0.2"): ("zone",),
    }


async def test_a_parent_that_no_longer_delegates() -> None:
    """Resolvers remember for a day."""
    parent = (await _zone(delegated=False)).parent
    assert (parent.answered, parent.denies, parent.servers) == (True, True, ())


async def test_resolvers_that_know_no_parent() -> None:
    """Without it nothing is known of the delegation; that is not agreement."""
    async with double() as (server, _), reference_dns() as vantage:
        parent = await find_parent(ZONE, replace(vantage, resolvers=(server,), patience=SHORT))
    assert (parent.answered, parent.zone) == (False, "")
    assert "no resolver names the servers of test" in parent.problem


async def test_signatures_of_each_server() -> None:
    """Resolvers hide the server whose signatures are over."""
    zone = await _zone(signatures_left_at_second_server=-timedelta(days=1))
    first, second = zone.servers
    for server, valid in ((first, True), (second, False)):
        (soa,) = server.udp.signatures
        assert (soa.covers, soa.signer, soa.genuine) == ("SOA", ZONE, True)
        assert (soa.expiration > zone.taken_at) is valid
        assert {key.key_tag for key in server.keys} == {soa.key_tag}
        (ds,) = zone.validations[0].ds.records
        assert ds in server.keys[0].ds
        assert {answer.name for answer in server.hosts} == {HOST}


async def test_what_else_a_server_gives_away() -> None:
    """Transfers and an alias at the apex are asked of each server."""
    zone = await _zone(transfers=True, apex_alias=True)
    for server in zone.servers:
        assert server.transfer is not None
        assert server.transfer.records
        assert server.transfer.omitted_records > 10
        assert server.apex_alias is not None
        assert server.apex_alias.records == ("site.hoster.test",)
    for server in (await _zone()).servers:
        assert server.transfer is not None
        assert (server.transfer.rcode, server.transfer.records) == ("REFUSED", ())
        assert server.random_name is not None
        assert server.random_name.rcode == "NXDOMAIN"


async def test_an_origin_elsewhere_is_looked_up() -> None:
    """A name that does not exist would pass for a primary that hides."""
    primary = (await _zone(origin_server="gone")).primary
    assert primary is not None
    assert (primary.name, primary.rcode) == ("gone.workme.test", "NXDOMAIN")
    assert (await _zone()).primary is None


async def test_denials_and_dropped_types() -> None:
    """One answer of a server contradicts the other, or never comes."""
    denied = await _host(aaaa_denied=True)
    assert [seen.contradiction for seen in denied.authoritative] == ["AAAA", "AAAA"]
    assert not denied.landings
    healthy = await _host()
    assert [seen.contradiction for seen in healthy.authoritative] == ["", ""]
    assert all(seen.https is not None and seen.https.rcode == "NOERROR" for seen in healthy.authoritative)
    assert not any(seen.again for seen in healthy.authoritative)


async def test_a_server_with_other_addresses_is_asked_again() -> None:
    """A stale record says the same each time; a rotating one does not."""
    stale = await _host(addresses_at_second_server=("127.0.0.1", "127.0.0.3"))
    _, second = stale.authoritative
    assert len(second.again) == 10
    assert not second.rotates
    assert [landing.address for landing in stale.landings] == ["127.0.0.3"]


async def test_mail_of_a_domain() -> None:
    """Where it goes, and who may send it."""
    async with reference_dns() as vantage:
        mail = await probe_dns_sender(DnsQuestion(name=ZONE, vantage=vantage, selectors=("mail", "gone")))
    assert mail.mx.records == ("10 mail.workme.test.",)
    assert [(server.name, server.preference, server.addresses) for server in mail.servers] == [
        ("mail.workme.test", 10, ("127.0.0.1",))
    ]
    assert mail.spf.records == ("v=spf1 mx -all",)
    assert mail.dmarc.records == ("v=DMARC1; p=quarantine",)
    assert [answer.rcode for answer in mail.dkim] == ["NOERROR", "NXDOMAIN"]
