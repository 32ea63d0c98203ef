"""The checks of a name: its addresses at servers and at resolvers, where its alias leads, its CAA."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Addresses, Answer, is_public
from gonogo.families.dns.section import Dns
from tests.support.dns_literals import (
    ABSENT,
    ANSWER,
    CAA,
    ENVIRONMENT,
    HEALTHY,
    HOST,
    MUTE,
    NOT_SENT,
    NXDOMAIN,
    OURS,
    PUBLIC,
    REFUSED,
    RIGHT,
    SERVFAIL,
    SILENT,
    STALE,
    ZONE,
    Judge,
    addresses,
    both,
    leaf,
    seen_by,
)


@pytest.mark.parametrize("check", ["dns-a-authoritative", "dns-ttl"])
def test_a_healthy_host_passes(judge: Judge, check: str) -> None:
    """A healthy host that fails costs a launch."""
    assert judge(check, dns_host=PUBLIC, environment=ENVIRONMENT) is None


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (addresses(OURS[0], server="192.0.2.54:53"), "192.0.2.1; declared 192.0.2.1, 192.0.2.2"),
        (both(replace(NXDOMAIN, authoritative=True)), "NXDOMAIN; declared 192.0.2.1, 192.0.2.2"),
        (both(REFUSED), "no authority (REFUSED)"),
        (
            replace(
                addresses(*OURS, server="192.0.2.54:53"),
                aaaa=replace(ANSWER, rdtype="AAAA", authoritative=True, records=("2001:db8::1",)),
            ),
            "192.0.2.1, 192.0.2.2, 2001:db8::1; declared 192.0.2.1, 192.0.2.2",
        ),
    ],
    ids=["one too few", "no such name", "lame", "an IPv6 address that nobody declared"],
)
def test_one_server_with_other_addresses(judge: Judge, second: Addresses, message: str) -> None:
    """A part of the users is sent to a machine that is gone."""
    host = replace(PUBLIC, authoritative=(PUBLIC.authoritative[0], second))
    found = judge("dns-a-authoritative", dns_host=host, environment=ENVIRONMENT)
    assert found == f"{HOST} at 192.0.2.54:53: {message}"


@pytest.mark.parametrize("authoritative", [(), (both(NOT_SENT),), (addresses(*OURS), both(SILENT))])
@pytest.mark.parametrize("check", ["dns-a-authoritative", "dns-ttl"])
def test_servers_that_did_not_say(judge: Judge, check: str, authoritative: tuple[Addresses, ...]) -> None:
    """A server that was not heard may be the one with the old address."""
    with pytest.raises(Unobserved, match=HOST):
        judge(check, dns_host=replace(PUBLIC, authoritative=authoritative), environment=ENVIRONMENT)


def test_an_alias_out_of_the_zone(judge: Judge) -> None:
    """A service behind a content delivery network is healthy as long as all servers point to the same."""
    cdn = replace(ANSWER, authoritative=True, aliases=("workme.cdn.example",), ttl=timedelta(minutes=5))
    other = replace(cdn, aliases=("old.cdn.example",))
    same = replace(PUBLIC, authoritative=(both(cdn, "192.0.2.53:53"), both(cdn)))
    differing = replace(PUBLIC, authoritative=(both(cdn, "192.0.2.53:53"), both(other)))
    assert judge("dns-a-authoritative", dns_host=same, environment=ENVIRONMENT) is None
    assert judge("dns-ttl", dns_host=same, environment=ENVIRONMENT) is None
    assert judge("dns-a-authoritative", dns_host=differing, environment=ENVIRONMENT) == (
        f"{HOST} at 192.0.2.54:53 is an alias of old.cdn.example, at 192.0.2.53:53 an alias of workme.cdn.example"
    )


def test_a_long_ttl(judge: Judge) -> None:
    """Turning back would take a day."""
    long = replace(PUBLIC, authoritative=(addresses(*OURS, ttl=timedelta(days=1)),))
    message = judge("dns-ttl", dns_host=long, environment=ENVIRONMENT)
    assert message is not None
    assert message.startswith(f"{HOST} A at 192.0.2.53:53: TTL")
    assert "the declared rollback window is 10 min" in message


def test_a_ttl_that_nobody_gave(judge: Judge) -> None:
    """No TTL would be the shortest of all."""
    nothing = replace(PUBLIC, authoritative=(both(replace(NXDOMAIN, authoritative=True)),))
    with pytest.raises(Unobserved, match="no authoritative server gave a record with a TTL"):
        judge("dns-ttl", dns_host=nothing, environment=ENVIRONMENT)


@pytest.mark.parametrize("resolvers", [(RIGHT, RIGHT, RIGHT), (RIGHT, RIGHT, STALE), (RIGHT, RIGHT, MUTE)])
def test_a_quorum_suffices(judge: Judge, resolvers: tuple[Addresses, ...]) -> None:
    """One resolver in the world always lags."""
    assert judge("dns-propagated", dns_host=PUBLIC, dns_name=seen_by(*resolvers), environment=ENVIRONMENT) is None


@pytest.mark.parametrize("third", [RIGHT, MUTE])
def test_stale_resolvers(judge: Judge, third: Addresses) -> None:
    """Two stale resolvers of three fail, whatever the third would say; a silent one cannot save them."""
    other = addresses("192.0.2.98", server="1.1.1.1:53")
    message = judge("dns-propagated", dns_host=PUBLIC, dns_name=seen_by(STALE, other, third), environment=ENVIRONMENT)
    assert message is not None
    assert "of 3 resolvers give the declared addresses, 192.0.2.1, 192.0.2.2; 2 must; the others: " in message
    assert message.endswith("8.8.8.8:53: 192.0.2.99; 1.1.1.1:53: 192.0.2.98")


@pytest.mark.parametrize("mute", [SILENT, REFUSED])
def test_a_quorum_that_cannot_be_known(judge: Judge, mute: Answer) -> None:
    """A resolver that does not serve us is not one that disagrees."""
    unknown = seen_by(RIGHT, STALE, both(mute, server="1.1.1.1:53"))
    with pytest.raises(
        Unobserved, match=r"1 of 3 resolvers give .*; 2 must, and not all of them can be asked: 1\.1\.1\.1:53"
    ):
        judge("dns-propagated", dns_host=PUBLIC, dns_name=unknown, environment=ENVIRONMENT)


def test_resolvers_of_this_network_are_not_the_world(judge: Judge) -> None:
    """One resolver in the office agrees with itself."""
    dns = ENVIRONMENT.require(Dns)
    local = dns.model_copy(update={"resolvers": ("127.0.0.1:53",), "quorum": 1})
    office = ENVIRONMENT.model_copy(update={"dns": local})
    right = addresses(*OURS, server="127.0.0.1:53")
    with pytest.raises(Unobserved, match="0 of the declared resolvers have public addresses"):
        judge("dns-propagated", dns_host=PUBLIC, dns_name=seen_by(right), environment=office)


def test_a_single_stale_resolver_is_named(judge: Judge) -> None:
    """It does not stop the launch, and support wants to know it."""
    check = "dns-propagated-everywhere"
    fresh, lagging = seen_by(RIGHT, RIGHT, MUTE), seen_by(RIGHT, RIGHT, STALE)
    assert judge(check, dns_host=PUBLIC, dns_name=fresh, environment=ENVIRONMENT) is None
    assert judge(check, dns_host=PUBLIC, dns_name=lagging, environment=ENVIRONMENT) == (
        f"{HOST}: 8.8.8.8:53: 192.0.2.99; declared 192.0.2.1, 192.0.2.2"
    )
    with pytest.raises(Unobserved, match="no resolver answered"):
        judge(check, dns_host=PUBLIC, dns_name=seen_by(MUTE, MUTE), environment=ENVIRONMENT)


def test_a_dangling_alias(judge: Judge) -> None:
    """Whoever registers its target owns our name."""
    dangling = both(replace(NXDOMAIN, aliases=("old.workme.test", "gone.example")), server="9.9.9.9:53")
    message = judge(
        "dns-no-dangling-cname",
        dns_zone=HEALTHY,
        dns_name=seen_by(dangling, dangling, dangling, name="www.workme.test"),
        environment=ENVIRONMENT,
    )
    assert message is not None
    assert message.startswith(
        "www.workme.test: 0 of 3 resolvers give an address; 2 must; the others: 9.9.9.9:53: an alias of "
    )
    assert "old.workme.test → gone.example, which has no address (NXDOMAIN)" in message


@pytest.mark.parametrize("answer", [NXDOMAIN, ABSENT])
def test_a_declared_name_that_is_gone(judge: Judge, answer: Answer) -> None:
    """Www that nobody created is as lost as www that dangles."""
    assert (
        judge("dns-no-dangling-cname", dns_zone=HEALTHY, dns_name=seen_by(*[both(answer)] * 3), environment=ENVIRONMENT)
        is not None
    )


def test_names_that_lead_somewhere(judge: Judge) -> None:
    """IPv6 only, and IPv4 only, are both somewhere."""
    sixth = replace(addresses(), a=ABSENT, aaaa=replace(ANSWER, rdtype="AAAA", records=("2001:db8::1",)))
    for resolvers in [(RIGHT, RIGHT, MUTE), (sixth, sixth, sixth)]:
        assert (
            judge("dns-no-dangling-cname", dns_zone=HEALTHY, dns_name=seen_by(*resolvers), environment=ENVIRONMENT)
            is None
        )
    with pytest.raises(Unobserved, match="0 of 3 resolvers give an address"):
        judge("dns-no-dangling-cname", dns_zone=HEALTHY, dns_name=seen_by(MUTE, MUTE, MUTE), environment=ENVIRONMENT)


@pytest.mark.parametrize(
    "records",
    [
        ('0 issue "ca.workme.test"',),
        ('0 issue "other-ca.test"', '0 issue "CA.WorkMe.test; validationmethods=dns-01"'),
        ('0 iodef "mailto:security@workme.test"',),
        ('0 issue "ca.workme.test"', '0 issuewild ";"'),
        (),
    ],
    ids=["ours", "ours among others, with parameters", "nothing restricted", "wildcards forbidden", "no CAA"],
)
def test_caa_that_permits(judge: Judge, records: tuple[str, ...]) -> None:
    """A renewal that works would stop the launch."""
    host = replace(PUBLIC, caa=(replace(CAA, records=records),))
    assert judge("dns-caa", dns_host=host, tls_all=(leaf(HOST),), environment=ENVIRONMENT) is None


@pytest.mark.parametrize(
    "records",
    [
        ('0 issue "other-ca.test"',),
        ('0 issue ";"',),
        ('0 issue "ca.workme.test"', '128 future "strict"'),
        ('0 issue "ca.workme.test.evil.example"',),
    ],
    ids=["another's", "nobody's", "a critical property that no authority knows", "a name that only begins alike"],
)
def test_caa_that_forbids(judge: Judge, records: tuple[str, ...]) -> None:
    """Today's certificate lives, and the next renewal fails."""
    host = replace(PUBLIC, caa=(replace(CAA, records=records),))
    message = judge("dns-caa", dns_host=host, tls_all=(leaf(HOST),), environment=ENVIRONMENT)
    assert message == (f"{HOST}: CAA at {ZONE} does not let ca.workme.test issue (found: {', '.join(records)})")


def test_caa_for_a_wildcard_certificate(judge: Judge) -> None:
    """What issues for api does not issue for *."""
    forbidding = replace(PUBLIC, caa=(replace(CAA, records=('0 issue "ca.workme.test"', '0 issuewild ";"')),))
    wildcard = (leaf("*.workme.test"),)
    assert judge("dns-caa", dns_host=PUBLIC, tls_all=wildcard, environment=ENVIRONMENT) is None
    message = judge("dns-caa", dns_host=forbidding, tls_all=wildcard, environment=ENVIRONMENT)
    assert message is not None
    assert "does not let ca.workme.test issue wildcard certificates" in message


def test_caa_that_authorities_cannot_read(judge: Judge) -> None:
    """An authority that gets no answer must not issue; one that only we do not get says nothing."""
    failing = replace(PUBLIC, caa=(replace(SERVFAIL, name=HOST),))
    message = judge("dns-caa", dns_host=failing, tls_all=(leaf(HOST),), environment=ENVIRONMENT)
    assert message == f"{HOST}: resolvers answer SERVFAIL for CAA of {HOST}: no authority may issue"
    with pytest.raises(Unobserved, match="could not be read"):
        judge("dns-caa", dns_host=replace(PUBLIC, caa=(SILENT, CAA)), tls_all=(leaf(HOST),), environment=ENVIRONMENT)


def test_caa_without_a_declared_authority(judge: Judge) -> None:
    """Which domain the authority goes by is not in the certificate."""
    undeclared = ENVIRONMENT.model_copy(update={"tls": None})
    with pytest.raises(Unobserved, match="does not say which authority renews") as found:
        judge("dns-caa", dns_host=PUBLIC, tls_all=(leaf(HOST),), environment=undeclared)
    assert "tls.caa" in found.value.hint


def test_caa_is_wanted(judge: Judge) -> None:
    """Without it every authority in the world may issue."""
    bare = replace(PUBLIC, caa=(ABSENT, replace(ABSENT, name=ZONE), replace(NXDOMAIN, name="test")))
    assert judge("dns-caa-present", dns_host=PUBLIC) is None
    assert judge("dns-caa-present", dns_host=bare) == (f"{HOST}: no CAA record at any of {HOST}, {ZONE}, test")


@pytest.mark.parametrize("check", ["dns-ttl", "dns-propagated", "dns-no-dangling-cname"])
def test_an_environment_without_dns(judge: Judge, check: str) -> None:
    """What is wanted of the zone is nowhere written: that is no verdict."""
    without = ENVIRONMENT.model_copy(update={"dns": None})
    evidence = {"dns_host": PUBLIC, "dns_name": seen_by(RIGHT), "dns_zone": HEALTHY}
    wanted = {"dns-ttl": ["dns_host"], "dns-no-dangling-cname": ["dns_name", "dns_zone"]}.get(
        check, ["dns_host", "dns_name"]
    )
    with pytest.raises(Unobserved, match=r"no \[dns\]"):
        judge(check, environment=without, **{name: evidence[name] for name in wanted})


@pytest.mark.parametrize(
    ("address", "public"),
    [
        *((address, True) for address in ("192.0.2.1", "9.9.9.9", "2001:db8::1", "2620:fe::fe", "172.32.0.1")),
        *((address, False) for address in ("10.9.9.9", "172.31.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254")),
        *((address, False) for address in ("127.0.0.53", "0.1.2.3", "255.255.255.255", "::1", "fd00::1", "fe80::1")),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_addresses_that_the_world_reaches(address: str, public: object) -> None:
    """A private address works in the office, and nowhere else; laboratories use those of documentation."""
    assert is_public(address) is public
