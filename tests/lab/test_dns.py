"""The family's verdicts over real servers: NSD, Knot and BIND with zones that BIND's tools signed, behind Unbound."""

import base64
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gonogo.planning.declarations import Declaration
from tests.checks.conftest import Judge
from tests.lab.dns_lab import World, started, verdicts
from tests.lab.dns_relay import Before, Message, asks, denying, failing, inventing, some_of
from tests.lab.dns_zones import Copy, Signing
from tests.lab.table import expecting

pytestmark = pytest.mark.anyio
_HOURS = timedelta(hours=1)
_BOTH = ("ns1", "ns2")
_THREE = ("ns1", "ns2", "ns3")
_OVER = Signing(begun=480 * _HOURS, left=-24 * _HOURS)
_UNSIGNED = Copy(signing=None)
_EDGES = tuple(f"{{n}}.{last}" for last in range(31, 37))


def _network(first: Copy, addresses: tuple[str, ...], **more: object) -> World:
    """The host as an alias of a content delivery network that gives two of six addresses each time."""
    records = (*(f"edge A {address}" for address in _EDGES), '@ CAA 0 issue "another-ca.example"')
    return World(
        first=first,
        addresses=addresses,
        elsewhere={"cdn.test": records},
        elsewhere_after=some_of("edge.cdn.test", 2),
        **more,  # type: ignore[arg-type]  # checked by the dataclass
    )


def _flattened(addresses: tuple[str, ...], **more: object) -> World:
    """The same by the name servers themselves (ALIAS), of four addresses."""
    records = tuple(f"api A {address}" for address in _EDGES[:4])
    return World(
        first=Copy(signing=None, without=("api",), records=records),
        secure=False,
        relayed=_BOTH,
        after=some_of("api.workme.test", 2),
        addresses=addresses,
        **more,  # type: ignore[arg-type]  # as above
    )


def _without_edns(query: Message) -> bool:
    return query.edns < 0


def _but(*rdtypes: str) -> Before:
    return lambda query: not asks(query, *rdtypes)


_ALIASED = Copy(without=("api",), records=("api CNAME edge.cdn.test.",))
_FOURTEEN = Copy(
    servers=tuple(f"ns{number:02}" for number in range(1, 15)),
    records=tuple(f"ns{number:02} A {{n}}.{9 if number == 14 else 1 + number % 2}" for number in range(1, 15)),
)
_MANY = tuple(f"{{n}}.{last}" for last in range(130, 163))
_KEY = base64.b64encode(
    rsa.generate_private_key(65537, 2048).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
_DNS_OF_MAIL = {"mail_from": ["workme.test"], "dkim_selectors": ["s1"]}

HEALTHY = {
    "nsd and knot": World(),
    "bind and nsd": World(programs=("bind", "nsd")),
    "not signed": World(first=_UNSIGNED, secure=False),
    "signed, and no DS yet": World(secure=False),
    "signed anew for every day": World(first=Copy(signing=Signing(begun=24 * _HOURS, left=24 * _HOURS))),
    "34 addresses": World(first=Copy(records=tuple(f"api A {one}" for one in _MANY)), addresses=("{n}.20", *_MANY)),
    "a network whose addresses are all declared": _network(_ALIASED, _EDGES),
    "ALIAS with all addresses declared": _flattened(_EDGES[:4]),
    "ALIAS declared as rotating": _flattened(_EDGES[:4], host={"rotating": True}),
    "resolvers that invent addresses for what does not exist": World(inventing=inventing("127.0.0.66")),
    "names with an underscore": World(
        first=Copy(records=('_dmarc TXT "v=DMARC1; p=none"', "k1._domainkey CNAME dkim.hoster.test.")),
        elsewhere={"hoster.test": ('dkim TXT "p=abc"',)},
        dns={"names": ["_dmarc.workme.test", "k1._domainkey.workme.test"]},
    ),
    "mail that is vouched for": World(
        first=Copy(
            records=(
                *('@ TXT "v=spf1 mx -all"', '_dmarc TXT "v=DMARC1; p=none"', "@ MX 10 mx", "mx A {n}.25"),
                f's1._domainkey TXT "v=DKIM1; p={_KEY[:240]}" "{_KEY[240:]}"',
            )
        ),
        dns=_DNS_OF_MAIL,
    ),
    "mail that the organisation's own policy vouches for": World(
        first=Copy(
            records=(
                '_dmarc TXT "v=DMARC1; p=reject"',
                'notify TXT "v=spf1 ip4:192.0.2.1 -all"',
                f's1._domainkey.notify TXT "v=DKIM1; p={_KEY[:240]}" "{_KEY[240:]}"',
            )
        ),
        dns={"mail_from": ["notify.workme.test"], "dkim_selectors": ["s1"]},
    ),
    "no mail wanted": World(first=Copy(records=("@ MX 0 .",))),
}
BROKEN = {
    "signatures over at one server": (
        World(second=Copy(signing=_OVER)),
        {"dns-dnssec": "at ns2.workme.test .* over DNSKEY, SOA, .* are over since"},
    ),
    "no signatures at one server": (
        World(second=_UNSIGNED),
        {"dns-dnssec": "at ns2.workme.test .* no DNSKEY and no signature"},
    ),
    "signatures that end soon": (
        World(first=Copy(signing=Signing(begun=480 * _HOURS, left=20 * _HOURS))),
        {"dns-dnssec": "has a DS: .* end in 19 h 59 min, 4 % of their 20 d 20 h are left"},
    ),
    "all signatures over": (World(first=Copy(signing=_OVER)), {"dns-dnssec": "are over since .*let the signer run"}),
    "signatures of tomorrow": (
        World(first=Copy(signing=Signing(begun=-24 * _HOURS, left=48 * _HOURS))),
        {"dns-dnssec": "are not valid before .*clock"},
    ),
    "signatures that only our clock calls over": (
        World(first=Copy(signing=Signing(begun=2000 * _HOURS, left=-1000 * _HOURS)), resolvers_clock="-50d"),
        {"dns-dnssec": "ERROR: .*by our clock all signatures are over since .* validate them now"},
    ),
    "signatures that only our clock calls early": (
        World(first=Copy(signing=Signing(begun=-1000 * _HOURS, left=2000 * _HOURS)), resolvers_clock="+50d"),
        {"dns-dnssec": "ERROR: .*by our clock all signatures are not valid before .* validate them now"},
    ),
    "a DS of another key": (World(other_key=True), {"dns-dnssec": "no DNSKEY .* DS of key .* publish the DS"}),
    "one signature that is broken": (
        World(first=Copy(spoiled="api")),
        {"dns-dnssec": r"over api.workme.test A.* were not made by a key of the zone"},
    ),
    "one denial that is broken": (
        World(first=Copy(spoiled="api NSEC")),
        {
            "dns-dnssec": r"over api.workme.test NSEC.* were not made by a key of the zone",
            "dns-propagated": "0 of 3 resolvers .*SERVFAIL for type AAAA",
        },
    ),
    "a name that another server leads elsewhere": (
        World(second=Copy(without=("www",), records=("www A {n}.99",))),
        {"dns-names-answer": "where nobody answers on 443"},
    ),
    "a name that another server does not know": (
        World(programs=("nsd", "bind"), second=Copy(without=("www",))),
        {"dns-no-dangling-cname": "www.workme.test.*(does not exist at|0 of 3 resolvers)"},
    ),
    "a server that only the parent names": (
        World(
            delegation=tuple(f"NS {name}.workme.test." for name in _THREE),
            glue=("ns1.workme.test. A {n}.1", "ns2.workme.test. A {n}.2", "ns3.workme.test. A {n}.9"),
        ),
        {"dns-no-lame-server": "ns3.workme.test .*only the parent", "dns-parent-agrees": "the zone itself names"},
    ),
    "a server that only the zone names": (
        World(first=Copy(servers=_THREE, records=("ns3 A {n}.9",))),
        {"dns-no-lame-server": "ns3.workme.test", "dns-parent-agrees": "ns3.workme.test"},
    ),
    "one of two servers by IPv6 only, where nobody answers": (
        World(
            first=Copy(without=("ns2",), records=("ns2 AAAA 2001:db8::53",)),
            glue=("ns1.workme.test. A {n}.1", "ns2.workme.test. AAAA 2001:db8::53"),
        ),
        {"dns-no-lame-server": r"ERROR: .*could not be asked from here: ns2.workme.test \(2001:db8::53\)"},
    ),
    "a third server by IPv6 only, where nobody answers": (
        World(
            first=Copy(servers=_THREE, records=("ns3 AAAA 2001:db8::53",)),
            delegation=tuple(f"NS {name}.workme.test." for name in _THREE),
            glue=("ns1.workme.test. A {n}.1", "ns2.workme.test. A {n}.2", "ns3.workme.test. AAAA 2001:db8::53"),
        ),
        {"dns-no-lame-server": r"ERROR: .*could not be asked from here: ns3.workme.test \(2001:db8::53\)"},
    ),
    "AAAA that denies the name, at resolvers": (
        World(inventing=denying("AAAA")),
        {
            "dns-propagated": "at the resolver .* NXDOMAIN for type AAAA denies the whole name",
            "dns-propagated-everywhere": r"\.20, and NXDOMAIN for type AAAA; declared",
        },
    ),
    "old glue": (
        World(glue=("ns1.workme.test. A {n}.1", "ns2.workme.test. A {n}.9")),
        {"dns-no-lame-server": "ns2.workme.test .*only the parent", "dns-parent-agrees": "the zone says"},
    ),
    "glue for one of two": (
        World(glue=("ns1.workme.test. A {n}.1",)),
        {"dns-parent-agrees": r"no address \(glue\) of ns2.workme.test"},
    ),
    "no glue": (World(glue=()), {"dns-delegated": "ns1.workme.test, ns2.workme.test without their addresses"}),
    "the last of fourteen servers": (World(first=_FOURTEEN), {"dns-no-lame-server": "ns14.workme.test"}),
    "a name server that is an alias": (
        World(
            first=Copy(servers=("ns1", "alias.hoster.test.")),
            elsewhere={"hoster.test": ("alias CNAME real", "real A {n}.2")},
        ),
        {"dns-no-server-alias": "alias.hoster.test is an alias of real.hoster.test"},
    ),
    "transfers for everybody": (World(transfers=True), {"dns-no-transfer": "ns1.workme.test .*ns2.workme.test"}),
    "timers and origin of the SOA": (
        World(first=Copy(soa="127.0.0.1. hostmaster 7 3600 3600 60 300")),
        {"dns-soa-timers": "expire is 1 min", "dns-soa-origin": "127.0.0.1"},
    ),
    "an origin that does not exist": (
        World(first=Copy(soa="gone hostmaster 7 3600 900 1209600 300")),
        {"dns-soa-origin": "gone.workme.test .*does not exist"},
    ),
    "AAAA that denies the name": (
        World(relayed=_BOTH, after=denying("AAAA")),
        {"dns-a-authoritative": "NXDOMAIN for type AAAA"},
    ),
    "HTTPS that denies the name": (
        World(relayed=("ns2",), after=denying("HTTPS")),
        {"dns-a-authoritative": "NXDOMAIN for type HTTPS"},
    ),
    "HTTPS without an answer": (
        World(relayed=_BOTH, before=_but("HTTPS")),
        {"dns-query-types": "get no answer, but those of type A do"},
    ),
    "AAAA without an answer": (
        World(relayed=_BOTH, before=_but("AAAA")),
        {"dns-a-authoritative": "queries for AAAA get no answer, but those for A do"},
    ),
    "EDNS without an answer": (
        World(relayed=("ns2",), before=_without_edns),
        {"dns-no-lame-server": "ns2.workme.test .*answers without EDNS and is silent with it"},
    ),
    "an address that one server lacks": (
        World(addresses=("{n}.20", "{n}.21"), second=Copy(records=("api A {n}.21",))),
        {"dns-a-authoritative": "declared"},
    ),
    "a network that is not declared": (
        _network(_ALIASED, _EDGES[:2]),
        {"dns-a-authoritative": 'change from answer to answer .*alias = "edge.cdn.test"'},
    ),
    "ALIAS that is not declared": (
        _flattened(_EDGES[:2]),
        {"dns-a-authoritative": "change from answer to answer .*waiting does not help"},
    ),
    "an alias of another than declared": (
        _network(_ALIASED, _EDGES, host={"alias": "other.cdn.test"}),
        {"dns-a-authoritative": "is an alias of edge.cdn.test; the alias other.cdn.test is declared"},
    ),
    "a declared alias, an address that does not answer": (
        _network(_ALIASED, _EDGES[:1], host={"alias": "edge.cdn.test"}),
        {"dns-host-answers": "where nobody answers on 443"},
    ),
    "a name that leads to a machine which is gone": (
        World(first=Copy(without=("www",), records=("www A {n}.99",))),
        {"dns-names-answer": "where nobody answers on 443"},
    ),
    "an alias of nothing": (
        World(first=Copy(without=("www",), records=("www CNAME gone.nowhere.test.",))),
        {"dns-no-dangling-cname": r"0 of 3 resolvers .*gone.nowhere.test.*NXDOMAIN"},
    ),
    "an alias of nothing, and resolvers that invent": (
        World(
            first=Copy(without=("www",), records=("www CNAME gone.nowhere.test.",)), inventing=inventing("127.0.0.66")
        ),
        {"dns-no-dangling-cname": "ERROR: .*gives 127.0.0.66.* for names that do not exist"},
    ),
    "a key of mail that is gone": (
        World(
            first=Copy(records=("k1._domainkey CNAME gone.hoster.test.",)),
            elsewhere={"hoster.test": ("a A {n}.20",)},
            dns={"names": ["k1._domainkey.workme.test"]},
        ),
        {"dns-no-dangling-cname": "gone.hoster.test"},
    ),
    "mail to nowhere": (
        World(first=Copy(records=("@ MX 10 mail.gone.test.",))),
        {"dns-mail-route": "mail.gone.test does not exist"},
    ),
    "mail to an alias": (
        World(first=Copy(records=("@ MX 10 mx", "mx CNAME api"))),
        {"dns-mail-route": "mx.workme.test is an alias of api.workme.test"},
    ),
    "two SPF records": (
        World(first=Copy(records=('@ TXT "v=spf1 mx -all"', '@ TXT "v=spf1 -all"'))),
        {"dns-spf": "2 SPF records"},
    ),
    "SPF that includes what is not there": (
        World(first=Copy(records=('@ TXT "v=spf1 include:gone.workme.test -all"',))),
        {"dns-spf": "SPF includes gone.workme.test, which has 0 SPF records"},
    ),
    "SPF with a term that is none": (
        World(first=Copy(records=('@ TXT "v=spf1 ip4:300.1.1.1 -all"',))),
        {"dns-spf": "'ip4:300.1.1.1' of .* is not valid SPF"},
    ),
    "SPF that asks too much": (
        World(
            first=Copy(
                records=(
                    '@ TXT "v=spf1 include:_spf.workme.test -all"',
                    f'_spf TXT "v=spf1 {" ".join(f"a:a{number}.test" for number in range(11))} -all"',
                )
            )
        ),
        {"dns-spf": "SPF needs 12 queries"},
    ),
    "SPF that does not say what to do with other senders": (
        World(first=Copy(records=('@ TXT "v=spf1 redirect=_spf.workme.test"', '_spf TXT "v=spf1 mx ?all"'))),
        {"dns-spf": "does not say what to do with other senders"},
    ),
    "a key of mail that was cut off": (
        World(
            first=Copy(
                records=(
                    *('@ TXT "v=spf1 mx -all"', '_dmarc TXT "v=DMARC1; p=none"'),
                    f's1._domainkey TXT "v=DKIM1; p={_KEY[:240]}"',
                )
            ),
            dns=_DNS_OF_MAIL,
        ),
        {"dns-mail-sender": "the DKIM key at s1._domainkey.workme.test is not valid: its key cannot be read"},
    ),
    "keys that one server does not give": (
        World(relayed=("ns2",), after=failing("DNSKEY")),
        {"dns-dnssec": "at ns2.workme.test .* queries for DNSKEY get SERVFAIL"},
    ),
    "mail that nobody vouches for": (
        World(dns=_DNS_OF_MAIL),
        {"dns-mail-sender": "0 SPF .*0 DMARC .*no DKIM key at s1._domainkey.workme.test"},
    ),
}
QUICK = {
    "nsd and knot",
    "signatures over at one server",
    "a server that only the parent names",
    "a network that is not declared",
    "AAAA that denies the name",
}


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


def _cases(names: Mapping[str, object]) -> list[ParameterSet]:
    return [pytest.param(name, marks=() if name in QUICK else pytest.mark.whole) for name in names]


@pytest.mark.parametrize("name", _cases(HEALTHY))
async def test_a_healthy_zone(name: str, tmp_path: Path, judge: Judge, declarations: dict[str, Declaration]) -> None:
    """A healthy zone that fails costs a launch, whatever server it is on."""
    expecting("all green")
    async with started(HEALTHY[name], tmp_path) as place:
        assert await verdicts(place, judge, declarations) == {}


@pytest.mark.parametrize("name", _cases(BROKEN))
async def test_a_broken_zone(name: str, tmp_path: Path, judge: Judge, declarations: dict[str, Declaration]) -> None:
    """What is broken would be a wrong GO; a message that names another cause would cost the hour before the launch."""
    world, expected = BROKEN[name]
    expecting(", ".join(expected))
    async with started(world, tmp_path) as place:
        found = await verdicts(place, judge, declarations)
    for check, message in expected.items():
        assert check in found, found
        matched = re.search(message, found[check])
        assert matched, found[check]
