"""The checks that hold the parent against the zone, and every server against what the zone needs."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer, Delivery, NameServer, Signature
from gonogo.evidence.dns_zone import Parent, Referral, ServerAnswers
from tests.support.dns_literals import (
    ABSENT,
    ANSWER,
    AT,
    CLOSED,
    DELEGATION,
    DNSKEY,
    ENVIRONMENT,
    HEALTHY,
    NXDOMAIN,
    OTHER,
    REFERRAL,
    REFUSED,
    SERVER,
    SIGNATURE,
    SILENT,
    SOA,
    ZONE,
    Judge,
)

_DAY = timedelta(days=1)
NS1, NS2 = DELEGATION.servers


def _referring(*servers: NameServer, answer: Answer = REFERRAL.answer) -> Parent:
    return Parent(zone="test", referrals=(replace(REFERRAL, servers=servers, answer=answer),))


def test_a_delegation_without_addresses(judge: Judge) -> None:
    """No resolver with an empty cache finds the zone, and those with a full one hide it for a day."""
    homeless = _referring(replace(NS1, addresses=()), replace(NS2, addresses=()))
    message = judge("dns-delegated", dns_zone=replace(HEALTHY, parent=homeless), environment=ENVIRONMENT)
    assert message == (
        "test delegates workme.test to ns1.workme.test, ns2.workme.test without their addresses, and all of them are "
        "in the zone: no resolver can find them. Register the addresses (glue) at the registrar"
    )
    one = _referring(NS1, replace(NS2, addresses=()))
    assert judge("dns-delegated", dns_zone=replace(HEALTHY, parent=one), environment=ENVIRONMENT) is None
    elsewhere = _referring(NameServer(name="ns.hoster.example", addresses=()))
    assert judge("dns-delegated", dns_zone=replace(HEALTHY, parent=elsewhere), environment=ENVIRONMENT) is None


def test_a_domain_that_the_registry_has_taken_out(judge: Judge) -> None:
    """Resolvers remember it until tomorrow, and then nobody does."""
    denial = replace(NXDOMAIN, name=ZONE, rdtype="NS", authoritative=True)
    gone = replace(HEALTHY, parent=_referring(answer=denial))
    message = judge("dns-delegated", dns_zone=gone, environment=ENVIRONMENT)
    assert message is not None
    assert message.startswith("test no longer delegates workme.test (a.nic.test (192.0.2.250): NXDOMAIN)")
    inside = ENVIRONMENT.model_copy(
        update={
            "hosts": {
                "api.workme.test": ENVIRONMENT.hosts["api.workme.test"].model_copy(update={"addresses": ("10.0.0.1",)})
            }
        }
    )
    assert judge("dns-delegated", dns_zone=gone, environment=inside) is None


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        (
            _referring(NS1, NS2, NameServer(name="ns3.workme.test", addresses=("192.0.2.9",))),
            (
                "test at a.nic.test delegates to ns1.workme.test, ns2.workme.test, ns3.workme.test; "
                "the zone itself names ns1.workme.test, ns2.workme.test"
            ),
        ),
        (
            _referring(NS1),
            "test at a.nic.test delegates to ns1.workme.test; the zone itself names ns1.workme.test, ns2.workme.test",
        ),
        (
            _referring(NS1, replace(NS2, addresses=("192.0.2.9",))),
            "test at a.nic.test gives 192.0.2.9 as the address of ns2.workme.test; the zone says 192.0.2.54",
        ),
        (
            _referring(NS1, replace(NS2, addresses=())),
            "test at a.nic.test gives no address (glue) of ns2.workme.test, which is in the zone itself",
        ),
    ],
    ids=["one more", "one less", "another address", "no address"],
)
def test_a_parent_that_disagrees(judge: Judge, parent: Parent, message: str) -> None:
    """Half of the resolvers follow the one, half the other."""
    assert judge("dns-parent-agrees", dns_zone=replace(HEALTHY, parent=parent)) == f"workme.test: {message}"


def test_a_parent_that_holds_the_zone_as_well(judge: Judge) -> None:
    """It answers from the zone, and says nothing of the delegation."""
    own = _referring(replace(NS1, addresses=()), NS2, answer=replace(REFERRAL.answer, authoritative=True))
    assert judge("dns-parent-agrees", dns_zone=replace(HEALTHY, parent=own)) is None


@pytest.mark.parametrize(
    ("parent", "reason"),
    [
        (Parent(problem="no resolver names the servers of test"), "no resolver names the servers of test"),
        (_referring(answer=replace(SILENT, name=ZONE)), r"a\.nic\.test \(192\.0\.2\.250\): silent"),
    ],
)
def test_a_parent_that_nobody_heard(judge: Judge, parent: Parent, reason: str) -> None:
    """Silence would be agreement."""
    with pytest.raises(Unobserved, match=reason):
        judge("dns-parent-agrees", dns_zone=replace(HEALTHY, parent=parent))


def test_servers_that_the_world_cannot_ask(judge: Judge) -> None:
    """A private address works in the office, and nowhere else; a private service may have it."""
    private = replace(OTHER, name="ns3.workme.test", address="10.9.9.9")
    zone = replace(HEALTHY, servers=(SERVER, OTHER, private))
    assert judge("dns-no-lame-server", dns_zone=zone, environment=ENVIRONMENT) == (
        "workme.test: ns3.workme.test (10.9.9.9): this is not a public address, so resolvers on the internet cannot ask it"
    )


def test_an_old_address_that_only_the_parent_gives(judge: Judge) -> None:
    """The zone is right, and resolvers with an empty cache go to a machine that is gone."""
    closed = replace(OTHER, address="192.0.2.9", udp=CLOSED, tcp=replace(CLOSED, transport="TCP"), sources=("parent",))
    message = judge(
        "dns-no-lame-server", dns_zone=replace(HEALTHY, servers=(SERVER, OTHER, closed)), environment=ENVIRONMENT
    )
    assert message is not None
    assert "ns2.workme.test (192.0.2.9, an address that only the parent gives): UDP refused" in message


def test_a_firewall_that_drops_edns(judge: Judge) -> None:
    """To open port 53 would be the wrong cure."""
    silent = replace(OTHER, udp=SILENT, tcp=replace(SILENT, transport="TCP"), plain=SOA)
    message = judge("dns-no-lame-server", dns_zone=replace(HEALTHY, servers=(SERVER, silent)), environment=ENVIRONMENT)
    assert message is not None
    assert message.endswith(
        "it answers without EDNS and is silent with it: let the server, or the firewall before it, pass EDNS"
    )


def test_a_server_that_knows_no_edns(judge: Judge) -> None:
    """It says so, and every resolver asks again without."""
    old = replace(OTHER, udp=replace(REFUSED, rcode="FORMERR"), plain=SOA)
    assert (
        judge("dns-no-lame-server", dns_zone=replace(HEALTHY, servers=(SERVER, old)), environment=ENVIRONMENT) is None
    )


def test_servers_that_were_left_out(judge: Judge) -> None:
    """The one that is dead may be among them."""
    many = replace(HEALTHY, delegation=replace(DELEGATION, omitted_servers=3), omitted_addresses=2)
    with pytest.raises(Unobserved, match="5 addresses of its name servers were not asked"):
        judge("dns-no-lame-server", dns_zone=many, environment=ENVIRONMENT)


def test_silence_over_ipv6_alone(judge: Judge) -> None:
    """A machine whose IPv6 leads nowhere would say NO-GO to every zone that has it."""
    sixth = replace(OTHER, address="2001:db8::54", udp=SILENT, tcp=replace(SILENT, transport="TCP"))
    zone = replace(HEALTHY, servers=(SERVER, OTHER, sixth))
    assert judge("dns-no-lame-server", dns_zone=zone, environment=ENVIRONMENT) is None
    with pytest.raises(Unobserved, match="no other IPv6 address answered this machine"):
        judge("dns-parent-agrees", dns_zone=zone)
    heard = replace(SERVER, address="2001:db8::53")
    message = judge(
        "dns-no-lame-server", dns_zone=replace(zone, servers=(*zone.servers, heard)), environment=ENVIRONMENT
    )
    assert message is not None
    assert "2001:db8::54" in message


def test_a_name_server_that_is_an_alias(judge: Judge) -> None:
    """Some resolvers do not follow it."""
    alias = replace(DELEGATION, servers=(NS1, replace(NS2, alias="real.hoster.test")))
    assert judge("dns-no-server-alias", dns_zone=replace(HEALTHY, delegation=alias)) == (
        "workme.test: the name server ns2.workme.test is an alias of real.hoster.test"
    )


def _with(**changed: Answer) -> tuple[ServerAnswers, ...]:
    return SERVER, replace(OTHER, **changed)  # type: ignore[arg-type]  # checked by the dataclass


def test_a_zone_that_is_an_alias(judge: Judge) -> None:
    """Its mail and its keys are gone for every resolver that meets the alias first."""
    alias = replace(ABSENT, records=("site.hoster.test",))
    assert judge("dns-no-apex-alias", dns_zone=replace(HEALTHY, servers=_with(apex_alias=alias))) == (
        "at ns2.workme.test (192.0.2.54) workme.test itself is an alias of site.hoster.test"
    )
    silent = (replace(SERVER, apex_alias=SILENT),)
    with pytest.raises(Unobserved, match="said whether the zone is an alias"):
        judge("dns-no-apex-alias", dns_zone=replace(HEALTHY, servers=silent))


def test_a_zone_that_anybody_may_copy(judge: Judge) -> None:
    """Strangers know every machine."""
    begun = replace(ANSWER, rdtype="AXFR", records=SOA.records, omitted_records=59)
    assert judge("dns-no-transfer", dns_zone=replace(HEALTHY, servers=_with(transfer=begun))) == (
        "workme.test: anybody can copy the whole zone from ns2.workme.test (192.0.2.54)"
    )
    unasked = (replace(SERVER, transfer=replace(SILENT, delivery=Delivery.NOT_SENT)),)
    with pytest.raises(Unobserved, match="a zone transfer could not be tried"):
        judge("dns-no-transfer", dns_zone=replace(HEALTHY, servers=unasked))


@pytest.mark.parametrize(
    ("timers", "message"),
    [
        ("3600 3600 60", "expire is 1 min, shorter than refresh and retry together (2 h)"),
        ("3600 7200 1209600", "retry is 2 h, not shorter than refresh (1 h)"),
        ("3600 900 7200", "expire is 2 h, at least 1 d is expected"),
    ],
)
def test_timers_that_lose_the_zone(judge: Judge, timers: str, message: str) -> None:
    """A secondary drops it on the first bad night."""
    answer = replace(SOA, records=(f"ns1.workme.test. hostmaster.workme.test. 7 {timers} 300",))
    found = judge("dns-soa-timers", dns_zone=replace(HEALTHY, servers=(replace(SERVER, udp=answer),)))
    assert found is not None
    assert message in found


def test_an_soa_that_cannot_be_read(judge: Judge) -> None:
    """No timers would be good ones."""
    answer = replace(SOA, records=("ns1",))
    with pytest.raises(Unobserved, match="the SOA cannot be read"):
        judge("dns-soa-timers", dns_zone=replace(HEALTHY, servers=(replace(SERVER, udp=answer),)))


@pytest.mark.parametrize("origin", ["127.0.0.1.", "localhost.", ".", "2001:db8::1."])
def test_an_origin_that_is_no_server(judge: Judge, origin: str) -> None:
    """Updates and people look there."""
    answer = replace(SOA, records=(f"{origin} hostmaster.workme.test. 7 3600 900 1209600 300",))
    message = judge("dns-soa-origin", dns_zone=replace(HEALTHY, servers=(replace(SERVER, udp=answer),)))
    assert message is not None
    assert message.endswith("which is not a host name")


def test_an_origin_that_does_not_exist(judge: Judge) -> None:
    """A primary that hides is a choice; one that was renamed is not."""
    answer = replace(SOA, records=("hidden.workme.test. hostmaster.workme.test. 7 3600 900 1209600 300",))
    zone = replace(HEALTHY, servers=(replace(SERVER, udp=answer),))
    assert judge("dns-soa-origin", dns_zone=replace(zone, primary=replace(ABSENT, name="hidden.workme.test"))) is None
    message = judge("dns-soa-origin", dns_zone=replace(zone, primary=replace(NXDOMAIN, name="hidden.workme.test")))
    assert message is not None
    assert message.endswith("the SOA names hidden.workme.test as its origin, a name that does not exist")


def _signed(signature: Signature, *more: Signature) -> tuple[ServerAnswers, ...]:
    udp = replace(OTHER.udp, signatures=(signature, *more))
    return SERVER, replace(OTHER, udp=udp)


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (replace(SIGNATURE, expiration=AT - _DAY), "are over since 2026-11-22 12:00 UTC: let the signer run"),
        (
            replace(SIGNATURE, inception=AT + _DAY, expiration=AT + 9 * _DAY),
            "are not valid before 2026-11-24 12:00 UTC",
        ),
        (replace(SIGNATURE, genuine=False), "(key 4711) were not made by a key of the zone over the records"),
        (
            replace(SIGNATURE, inception=AT - 20 * _DAY, expiration=AT + 20 * _DAY / 24),
            "end in 20 h, 4 % of their 20 d 20 h are left, at least 15 % are expected",
        ),
    ],
    ids=["over", "not yet", "of nobody", "soon over"],
)
def test_signatures_of_one_server(judge: Judge, signature: Signature, message: str) -> None:
    """Resolvers that meet the good server hide the bad one, until a user's does not."""
    found = judge("dns-dnssec", dns_zone=replace(HEALTHY, servers=_signed(signature)))
    assert found is not None
    assert found.startswith("workme.test has a DS: at ns2.workme.test (192.0.2.54) the signatures over SOA ")
    assert message in found


def test_one_good_signature_suffices(judge: Judge) -> None:
    """While keys are exchanged there are two of each; and who signs every answer anew has half of the life left."""
    over = replace(SIGNATURE, key_tag=1, expiration=AT - _DAY)
    anew = replace(SIGNATURE, inception=AT - _DAY, expiration=AT + _DAY)
    for servers in (_signed(over, SIGNATURE), _signed(anew)):
        assert judge("dns-dnssec", dns_zone=replace(HEALTHY, servers=servers)) is None


def test_a_server_without_keys(judge: Judge) -> None:
    """The zone was loaded there before it was signed."""
    bare = replace(OTHER, dnskey=replace(ABSENT, authoritative=True), keys=(), udp=replace(SOA, name=ZONE))
    message = judge("dns-dnssec", dns_zone=replace(HEALTHY, servers=(SERVER, bare)))
    assert message is not None
    assert "at ns2.workme.test (192.0.2.54) there is no DNSKEY and no signature" in message


def test_a_ds_of_a_key_that_is_gone(judge: Judge) -> None:
    """Here, and only here, the DS is the cure."""
    other = tuple(replace(key, ds=("1 13 2 cd",)) for key in SERVER.keys)
    servers = (replace(SERVER, keys=other), replace(OTHER, keys=other))
    message = judge("dns-dnssec", dns_zone=replace(HEALTHY, servers=servers))
    assert message is not None
    assert "DS of key 4711 vouches for: publish the DS of the current key" in message


def test_keys_that_were_not_read(judge: Judge) -> None:
    """A server whose signatures nobody saw may be the bad one."""
    silent = replace(OTHER, dnskey=replace(DNSKEY, delivery=Delivery.SILENT, records=(), signatures=()))
    with pytest.raises(Unobserved, match="its keys could not be read"):
        judge("dns-dnssec", dns_zone=replace(HEALTHY, servers=(SERVER, silent)))


def test_one_address_of_the_registry_says_less(judge: Judge) -> None:
    """A registry's server that is down is not the zone's fault while others delegate."""
    down: Referral = replace(REFERRAL, name="b.nic.test", servers=(), answer=replace(SILENT, name=ZONE))
    both = Parent(zone="test", referrals=(REFERRAL, down))
    for check in ("dns-parent-agrees",):
        assert judge(check, dns_zone=replace(HEALTHY, parent=both)) is None
