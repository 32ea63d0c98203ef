"""The checks of a zone: what each lets pass, what it stops, and when it says that it cannot know."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer, Delegation, NameServer
from gonogo.evidence.dns_zone import Parent, ServerAnswers, Validation
from tests.support.dns_literals import (
    ABSENT,
    ANSWER,
    CLOSED,
    DELEGATION,
    ENVIRONMENT,
    HEALTHY,
    NOT_SENT,
    NXDOMAIN,
    OTHER,
    OURS,
    REFUSED,
    SERVER,
    SERVFAIL,
    SILENT,
    SOA,
    VALID,
    Judge,
)


@pytest.mark.parametrize(
    "check",
    [
        "dns-two-servers",
        "dns-serials",
        "dns-negative-ttl",
        "dns-dnssec",
        "dns-parent-agrees",
        "dns-no-server-alias",
        "dns-no-apex-alias",
        "dns-no-transfer",
        "dns-soa-timers",
        "dns-soa-origin",
    ],
)
def test_a_healthy_zone_passes(judge: Judge, check: str) -> None:
    """A healthy zone that fails costs a launch."""
    assert judge(check, dns_zone=HEALTHY) is None


@pytest.mark.parametrize("check", ["dns-delegated", "dns-no-lame-server", "dns-no-wildcard"])
def test_a_healthy_zone_of_this_environment_passes(judge: Judge, check: str) -> None:
    """As above."""
    assert judge(check, dns_zone=HEALTHY, environment=ENVIRONMENT) is None


def test_an_expired_domain(judge: Judge) -> None:
    """The registrar parks the zone, and nobody finds the service."""
    gone = replace(HEALTHY, servers=(), delegation=Delegation(zone="", answers=(NXDOMAIN, NXDOMAIN)), parent=Parent())
    assert (
        judge("dns-delegated", environment=ENVIRONMENT, dns_zone=gone)
        == "workme.test has no name servers; resolvers say: NXDOMAIN"
    )


def test_name_servers_without_addresses(judge: Judge) -> None:
    """A delegation to names that do not exist is none."""
    homeless = tuple(replace(server, addresses=()) for server in DELEGATION.servers)
    message = judge(
        "dns-delegated",
        environment=ENVIRONMENT,
        dns_zone=replace(HEALTHY, servers=(), delegation=replace(DELEGATION, servers=homeless)),
    )
    assert message == "workme.test: none of its name servers (ns1.workme.test, ns2.workme.test) has an address"


def test_servers_that_are_down(judge: Judge) -> None:
    """Refusal is their answer, whatever resolvers still remember."""
    down = replace(HEALTHY, servers=(replace(SERVER, udp=CLOSED, tcp=replace(CLOSED, transport="TCP")),))
    assert judge("dns-delegated", environment=ENVIRONMENT, dns_zone=down) == (
        "no name server of workme.test answers: "
        "ns1.workme.test (192.0.2.53): UDP refused: nothing listens, TCP refused: nothing listens"
    )


def test_servers_that_nobody_hears(judge: Judge) -> None:
    """If resolvers get nothing either, it is not our network."""
    silent = (replace(SERVER, udp=SILENT, tcp=replace(SILENT, transport="TCP")),)
    nowhere = (replace(VALID, checked=SERVFAIL, unchecked=SERVFAIL),)
    message = judge(
        "dns-delegated", environment=ENVIRONMENT, dns_zone=replace(HEALTHY, servers=silent, validations=nowhere)
    )
    assert message is not None
    assert message.startswith("no name server of workme.test answers: ns1.workme.test (192.0.2.53): UDP silent")


@pytest.mark.parametrize("answer", [SILENT, NOT_SENT])
def test_servers_that_only_we_do_not_hear(judge: Judge, answer: Answer) -> None:
    """Office networks swallow port 53, and laptops lack IPv6: that is no verdict on the zone."""
    unheard = replace(HEALTHY, servers=(replace(SERVER, udp=answer, tcp=answer),))
    with pytest.raises(Unobserved, match="answers this machine"):
        judge("dns-delegated", environment=ENVIRONMENT, dns_zone=unheard)


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        (replace(OTHER, udp=REFUSED, tcp=replace(REFUSED, transport="TCP")), "UDP REFUSED, TCP REFUSED"),
        (replace(OTHER, udp=replace(SOA, authoritative=False)), "UDP without authority"),
        (replace(OTHER, tcp=replace(CLOSED, transport="TCP")), "TCP refused: nothing listens"),
        (replace(OTHER, udp=SILENT), "UDP silent: nothing came back"),
    ],
)
def test_a_lame_server(judge: Judge, server: ServerAnswers, complaint: str) -> None:
    """Some users wait, some fail, depending on whom their resolver asks."""
    message = judge("dns-no-lame-server", environment=ENVIRONMENT, dns_zone=replace(HEALTHY, servers=(SERVER, server)))
    assert message == f"workme.test: ns2.workme.test (192.0.2.54): {complaint}"


def test_a_server_without_an_address(judge: Judge) -> None:
    """One name of the delegation leads nowhere."""
    homeless = replace(DELEGATION, servers=(DELEGATION.servers[0], NameServer(name="ns9.workme.test", addresses=())))
    message = judge(
        "dns-no-lame-server",
        environment=ENVIRONMENT,
        dns_zone=replace(HEALTHY, servers=(SERVER,), delegation=homeless, parent=Parent()),
    )
    assert message == "workme.test: ns9.workme.test has no address"


def test_a_server_that_we_have_no_route_to(judge: Judge) -> None:
    """Half of all users may depend on the server that this machine cannot ask: neither PASS nor FAIL."""
    sixth = replace(OTHER, address="2001:db8::53", udp=NOT_SENT, tcp=NOT_SENT)
    only_sixth = replace(HEALTHY, servers=(SERVER, sixth))
    with pytest.raises(Unobserved, match=r"ns2\.workme\.test \(2001:db8::53\): no route"):
        judge("dns-no-lame-server", environment=ENVIRONMENT, dns_zone=only_sixth)
    both = replace(HEALTHY, servers=(SERVER, OTHER, sixth))
    assert judge("dns-no-lame-server", environment=ENVIRONMENT, dns_zone=both) is None
    with pytest.raises(Unobserved, match=r"not every address was asked: ns2\.workme\.test at 2001:db8::53: no route"):
        judge("dns-parent-agrees", dns_zone=both)


def test_a_network_that_swallows_tcp_is_not_the_servers_fault(judge: Judge) -> None:
    """Where TCP 53 is filtered on the way out, every zone would look lame."""
    swallowed = replace(SILENT, transport="TCP")
    servers = (replace(SERVER, tcp=swallowed), replace(OTHER, tcp=swallowed))
    with pytest.raises(Unobserved, match="over TCP, but all answer over UDP"):
        judge("dns-no-lame-server", environment=ENVIRONMENT, dns_zone=replace(HEALTHY, servers=servers))


@pytest.mark.parametrize(
    "servers",
    [
        DELEGATION.servers[:1],
        (DELEGATION.servers[0], replace(DELEGATION.servers[0], name="alias.workme.test")),
        (NameServer(name="ns1.workme.test", addresses=("192.0.2.53", "2001:db8::53")),),
    ],
)
def test_a_single_server(judge: Judge, servers: tuple[NameServer, ...]) -> None:
    """Two names, or two kinds of address, of one machine are still one machine."""
    message = judge("dns-two-servers", dns_zone=replace(HEALTHY, delegation=replace(DELEGATION, servers=servers)))
    assert message is not None
    assert message.startswith("workme.test is served by one machine: ns1.workme.test")


def test_an_older_zone_on_one_server(judge: Judge) -> None:
    """Some users get last week's answers."""
    behind = replace(OTHER, udp=replace(SOA, server="192.0.2.54:53", serial=6))
    assert judge("dns-serials", dns_zone=replace(HEALTHY, servers=(SERVER, behind))) == (
        "workme.test: serials differ: 192.0.2.53:53 has 7, 192.0.2.54:53 has 6"
    )


def test_one_serial_and_two_zones(judge: Judge) -> None:
    """Somebody edited one server by hand: no transfer will ever repair it."""
    timers = replace(OTHER, udp=replace(OTHER.udp, records=("ns1.workme.test. h.workme.test. 7 1 1 1 1",)))
    named = replace(OTHER, ns=replace(ANSWER, rdtype="NS", authoritative=True, records=("ns1.workme.test",)))
    for other, message in (
        (timers, "the serials are the same, but the SOA records differ"),
        (named, "the serials are the same, but the name servers differ: ns1.workme.test | ns1"),
    ):
        found = judge("dns-serials", dns_zone=replace(HEALTHY, servers=(SERVER, other)))
        assert found is not None
        assert message in found


def test_a_long_memory_for_absence(judge: Judge) -> None:
    """A name asked for too early stays missing for a day."""
    long = replace(SERVER, udp=replace(SOA, negative_ttl=timedelta(days=1)))
    message = judge("dns-negative-ttl", dns_zone=replace(HEALTHY, servers=(long,)))
    assert message is not None
    assert message.startswith("workme.test at 192.0.2.53:53: resolvers cache a missing name for")


@pytest.mark.parametrize("check", ["dns-serials", "dns-negative-ttl"])
def test_no_soa_is_no_agreement(judge: Judge, check: str) -> None:
    """Servers that say nothing would agree with each other."""
    with pytest.raises(Unobserved, match="gave its SOA"):
        judge(check, dns_zone=replace(HEALTHY, servers=(replace(SERVER, udp=SILENT, tcp=SILENT),)))


def test_a_wildcard(judge: Judge) -> None:
    """Any made-up name would reach production; one that leads elsewhere is somebody's choice."""
    reached = replace(ANSWER, name="gonogo-1.workme.test", records=(OURS[0],))
    elsewhere = replace(reached, records=("198.51.100.7",))
    assert judge("dns-no-wildcard", dns_zone=HEALTHY, environment=ENVIRONMENT) is None
    assert (
        judge("dns-no-wildcard", dns_zone=replace(HEALTHY, random_name=(elsewhere,)), environment=ENVIRONMENT) is None
    )
    assert judge("dns-no-wildcard", dns_zone=replace(HEALTHY, random_name=(reached,)), environment=ENVIRONMENT) == (
        "the made-up name gonogo-1.workme.test resolves to 192.0.2.1 at 192.0.2.53:53"
    )


def test_a_wildcard_that_nobody_could_ask_about(judge: Judge) -> None:
    """Silence would pass for absence, and so would an environment without hosts."""
    with pytest.raises(Unobserved, match="no resolver answers"):
        judge("dns-no-wildcard", dns_zone=replace(HEALTHY, random_name=(SILENT, SERVFAIL)), environment=ENVIRONMENT)
    without = ENVIRONMENT.model_copy(update={"hosts": {}})
    with pytest.raises(Unobserved, match="no \\[hosts\\]"):
        judge("dns-no-wildcard", dns_zone=HEALTHY, environment=without)


def test_broken_signatures(judge: Judge) -> None:
    """The service does not exist behind a validating resolver, even behind one of three."""
    bogus = replace(VALID, resolver="1.1.1.1:53", checked=SERVFAIL)
    assert judge("dns-dnssec", dns_zone=replace(HEALTHY, validations=(VALID, bogus))) == (
        "workme.test has a DS and does not validate: SERVFAIL at 1.1.1.1:53, an answer with checking off"
    )


def test_an_unsigned_zone_passes(judge: Judge) -> None:
    """Signing is a choice."""
    unsigned = replace(VALID, ds=ABSENT, checked=SOA)
    assert judge("dns-dnssec", dns_zone=replace(HEALTHY, validations=(unsigned,))) is None


@pytest.mark.parametrize(
    ("validation", "reason"),
    [
        (replace(VALID, checked=SOA), "none of the declared resolvers validates"),
        (replace(VALID, ds=SILENT), "no resolver says whether workme.test is signed"),
        (replace(VALID, ds=SERVFAIL), "no resolver says whether workme.test is signed"),
    ],
)
def test_signatures_that_nobody_looked_at(judge: Judge, validation: Validation, reason: str) -> None:
    """Resolvers that do not validate would call every zone sound."""
    with pytest.raises(Unobserved, match=reason):
        judge("dns-dnssec", dns_zone=replace(HEALTHY, validations=(validation,)))
