"""The checks of what a name leads to: addresses that change, contradictions, machines that are gone, other people's."""

from dataclasses import replace

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import Addresses, Answer, DnsNameEvidence, Landing
from tests.support.dns_literals import (
    ABSENT,
    ANSWER,
    ENVIRONMENT,
    HEALTHY,
    HOST,
    NXDOMAIN,
    OURS,
    PUBLIC,
    RIGHT,
    SILENT,
    Judge,
    addresses,
    both,
    seen_by,
)

WWW = "www.workme.test"
STRANGE = "203.0.113.99"
LANDING = Landing(address=STRANGE, port=443, status=200)


def _declaring(**more: object) -> Environment:
    host = ENVIRONMENT.hosts[HOST].model_copy(update=more)
    return ENVIRONMENT.model_copy(update={"hosts": {HOST: host}})


def _named(*landings: Landing, name: str = WWW) -> DnsNameEvidence:
    seen = addresses(*(landing.address for landing in landings), server="9.9.9.9:53")
    return replace(seen_by(seen, seen, seen, name=name), landings=landings)


def test_a_name_that_leads_to_us(judge: Judge) -> None:
    """A name of a working service would stop the launch."""
    for evidence in (_named(LANDING), seen_by(RIGHT, name=WWW), _named(replace(LANDING, status=404))):
        assert judge("dns-names-answer", dns_name=evidence, dns_zone=HEALTHY, environment=ENVIRONMENT) is None


@pytest.mark.parametrize(
    ("landing", "message"),
    [
        (
            replace(LANDING, status=None, problem="refused: nothing listens"),
            f"{WWW} leads to {STRANGE}, where nobody answers on 443: refused: nothing listens",
        ),
        (replace(LANDING, address="10.0.0.5"), f"{WWW} leads to 10.0.0.5, which is not a public address"),
        (
            replace(LANDING, status=404, unclaimed="GitHub Pages"),
            (
                f"{WWW} leads to {STRANGE}, where GitHub Pages answers 404 and says that it does not serve this name: "
                "anybody who claims it there owns the name"
            ),
        ),
        (
            replace(LANDING, status=None, asked=False, problem="no route to the host"),
            f"{WWW} leads to {STRANGE}, where nobody answers on 443: no route leads there, while public resolvers are reached",
        ),
    ],
    ids=["gone", "private", "claimable", "unreachable while public resolvers are not"],
)
def test_a_name_that_leads_elsewhere(judge: Judge, landing: Landing, message: str) -> None:
    """Users who type it meet an error, or somebody else."""
    found = judge("dns-names-answer", dns_name=_named(landing), dns_zone=HEALTHY, environment=ENVIRONMENT)
    assert found == message


def test_an_address_that_this_machine_cannot_ask(judge: Judge) -> None:
    """A machine without IPv6 would say NO-GO to every name that has only that."""
    sixth = replace(LANDING, address="2001:db8::99", status=None, asked=False, problem="no route")
    with pytest.raises(Unobserved, match="no route"):
        judge("dns-names-answer", dns_name=_named(sixth), dns_zone=HEALTHY, environment=ENVIRONMENT)
    ours = addresses(OURS[0], sixth.address, server="9.9.9.9:53")
    declared = replace(seen_by(ours, ours, ours, name=WWW), landings=(sixth,))
    for evidence in (_named(LANDING, sixth), declared):
        assert judge("dns-names-answer", dns_name=evidence, dns_zone=HEALTHY, environment=ENVIRONMENT) is None


def test_resolvers_that_invent_addresses_are_no_witnesses(judge: Judge) -> None:
    """Two of three say that a dead name lives; a healthy name is believed whoever says it."""
    invented = replace(ANSWER, server="9.9.9.9:53", records=(STRANGE,))
    lying = replace(HEALTHY, random_name=(invented, replace(invented, server="8.8.8.8:53")))
    liars = [addresses(STRANGE, server=server) for server in ("9.9.9.9:53", "8.8.8.8:53")]
    dead = seen_by(*liars, both(NXDOMAIN, server="1.1.1.1:53"), name=WWW)
    with pytest.raises(Unobserved, match=rf"9\.9\.9\.9:53: gives {STRANGE} for names that do not exist"):
        judge("dns-no-dangling-cname", dns_name=dead, dns_zone=lying, environment=ENVIRONMENT)
    alive = seen_by(*(addresses(*OURS, server=server) for server in ("9.9.9.9:53", "8.8.8.8:53")), name=WWW)
    assert judge("dns-no-dangling-cname", dns_name=alive, dns_zone=lying, environment=ENVIRONMENT) is None
    wildcard = tuple(replace(one, random_name=replace(invented, authoritative=True)) for one in lying.servers)
    real = replace(lying, servers=wildcard)
    found = seen_by(*liars, name=WWW)
    assert judge("dns-no-dangling-cname", dns_name=found, dns_zone=real, environment=ENVIRONMENT) is None


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (replace(ANSWER, rdtype="TXT", records=("v=DMARC1",)), True),
        (replace(ABSENT, rdtype="TXT"), True),
        (replace(NXDOMAIN, rdtype="TXT", aliases=("gone.hoster.test",)), False),
    ],
)
def test_a_name_with_an_underscore(judge: Judge, text: Answer, right: object) -> None:
    """It holds a text and has no address; an alias of nothing is as dangerous there."""
    servers = ("9.9.9.9:53", "8.8.8.8:53", "1.1.1.1:53")
    absent = [both(ABSENT, server=server) for server in servers]
    evidence = replace(
        seen_by(*absent, name="_dmarc.workme.test"), text=tuple(replace(text, server=one) for one in servers)
    )
    found = judge("dns-no-dangling-cname", dns_name=evidence, dns_zone=HEALTHY, environment=ENVIRONMENT)
    assert (found is None) is right


def _denying(server: str = "192.0.2.54:53") -> Addresses:
    seen = addresses(*OURS, server=server)
    return replace(seen, aaaa=replace(NXDOMAIN, server=server, rdtype="AAAA", authoritative=True))


def test_a_denial_of_the_whole_name(judge: Judge) -> None:
    """Resolvers may keep the A record from their users (RFC 8020)."""
    host = replace(PUBLIC, authoritative=(PUBLIC.authoritative[0], _denying()))
    message = judge("dns-a-authoritative", dns_host=host, environment=ENVIRONMENT)
    assert message is not None
    assert message.startswith(f"{HOST} at 192.0.2.54:53: NXDOMAIN for type AAAA denies the whole name")
    at_resolver = seen_by(RIGHT, RIGHT, _denying("1.1.1.1:53"))
    message = judge("dns-propagated", dns_host=PUBLIC, dns_name=at_resolver, environment=ENVIRONMENT)
    assert message is not None
    assert message.startswith(f"{HOST} at the resolver 1.1.1.1:53: NXDOMAIN for type AAAA denies the whole name")


def test_one_type_without_an_answer(judge: Judge) -> None:
    """Resolvers fail on it, and their users wait."""
    seen = addresses(*OURS, server="192.0.2.54:53")
    mute = replace(seen, aaaa=replace(SILENT, rdtype="AAAA", server="192.0.2.54:53"))
    message = judge("dns-a-authoritative", dns_host=replace(PUBLIC, authoritative=(mute,)), environment=ENVIRONMENT)
    assert message is not None
    assert message.startswith(f"{HOST} at 192.0.2.54:53: queries for AAAA get no answer, but those for A do")
    half = [replace(mute, server=server) for server in ("9.9.9.9:53", "8.8.8.8:53", "1.1.1.1:53")]
    unknown = [replace(one, a=replace(one.a, authoritative=False)) for one in half]
    with pytest.raises(Unobserved, match=r"9\.9\.9\.9:53: AAAA silent"):
        judge("dns-propagated", dns_host=PUBLIC, dns_name=seen_by(*unknown), environment=ENVIRONMENT)


@pytest.mark.parametrize("https", [SILENT, replace(ANSWER, rcode="NOTIMP"), replace(ANSWER, rcode="SERVFAIL")])
def test_queries_of_type_https(judge: Judge, https: Answer) -> None:
    """Browsers ask it first."""
    healthy = tuple(replace(seen, https=replace(ABSENT, rdtype="HTTPS")) for seen in PUBLIC.authoritative)
    assert judge("dns-query-types", dns_host=replace(PUBLIC, authoritative=healthy)) is None
    bad = (healthy[0], replace(healthy[1], https=https))
    message = judge("dns-query-types", dns_host=replace(PUBLIC, authoritative=bad))
    assert message is not None
    assert "queries of type HTTPS (65) get no answer, but those of type A do: 192.0.2.54:53" in message
    with pytest.raises(Unobserved, match="no authoritative server answers"):
        judge("dns-query-types", dns_host=replace(PUBLIC, authoritative=()))


def _rotating(*drawn: str, server: str = "192.0.2.53:53") -> Addresses:
    """Another one of these at each time."""
    first, *again = drawn
    seen = addresses(first, server=server)
    return replace(seen, again=tuple(replace(seen.a, records=(one,)) for one in again))


def test_addresses_that_change_and_are_all_declared(judge: Judge) -> None:
    """Nobody gave an address that is not declared."""
    host = replace(PUBLIC, authoritative=(_rotating(*OURS), _rotating(*reversed(OURS), server="192.0.2.54:53")))
    assert judge("dns-a-authoritative", dns_host=host, environment=ENVIRONMENT) is None
    some = seen_by(addresses(OURS[0], server="9.9.9.9:53"), addresses(OURS[1], server="8.8.8.8:53"))
    assert judge("dns-propagated", dns_host=host, dns_name=some, environment=ENVIRONMENT) is None
    assert judge("dns-propagated", dns_host=PUBLIC, dns_name=some, environment=ENVIRONMENT) is not None


def test_addresses_that_change_and_are_not_declared(judge: Judge) -> None:
    """To wait for the old TTL would be to wait forever."""
    host = replace(PUBLIC, authoritative=(_rotating(OURS[0], STRANGE),))
    message = judge("dns-a-authoritative", dns_host=host, environment=ENVIRONMENT)
    assert message is not None
    assert "the addresses change from answer to answer" in message
    assert "waiting does not help" in message


@pytest.mark.parametrize(
    "declared",
    [
        {"networks": ("203.0.113.0/24",)},
        {"alias": "edge.cdn.example"},
        {"rotating": True, "addresses": (*OURS, STRANGE)},
    ],
)
def test_addresses_that_are_declared_to_change(judge: Judge, declared: dict[str, object]) -> None:
    """A set of which each answer holds some, a provider's network, or a provider's name."""
    environment = _declaring(**declared)
    host = replace(PUBLIC, authoritative=(addresses(STRANGE), addresses(OURS[0], server="192.0.2.54:53")))
    assert judge("dns-a-authoritative", dns_host=host, environment=environment) is None
    seen = seen_by(*(addresses(STRANGE, server=server) for server in ("9.9.9.9:53", "8.8.8.8:53")))
    assert judge("dns-propagated", dns_host=host, dns_name=seen, environment=environment) is None
    assert judge("dns-propagated-everywhere", dns_host=host, dns_name=seen, environment=environment) is None
    if "alias" not in declared:
        stray = replace(host, authoritative=(addresses("198.51.100.66"),))
        assert judge("dns-a-authoritative", dns_host=stray, environment=environment) is not None


def test_an_alias_that_is_not_the_declared_one(judge: Judge) -> None:
    """Somebody else's network would serve the users."""
    alias = replace(ANSWER, authoritative=True, aliases=("old.cdn.example",))
    host = replace(PUBLIC, authoritative=(both(alias, "192.0.2.53:53"),))
    environment = _declaring(alias="edge.cdn.example")
    assert judge("dns-a-authoritative", dns_host=host, environment=environment) == (
        f"{HOST} at 192.0.2.53:53 is an alias of old.cdn.example; the alias edge.cdn.example is declared"
    )
    led = replace(
        addresses(STRANGE, server="9.9.9.9:53"), a=replace(ANSWER, records=(STRANGE,), aliases=("old.cdn.example",))
    )
    assert judge("dns-propagated", dns_host=host, dns_name=seen_by(led, led), environment=environment) is not None


def test_a_rotation_that_resolvers_hide(judge: Judge) -> None:
    """They give one answer until its TTL is over: this minute it is the declared one."""
    alias = replace(ANSWER, authoritative=True, aliases=("edge.cdn.example",))
    host = replace(PUBLIC, authoritative=(both(alias, "192.0.2.53:53"),), beyond=(_rotating(*OURS, STRANGE),))
    message = judge("dns-a-authoritative", dns_host=host, environment=ENVIRONMENT)
    assert message is not None
    assert f"{HOST} leads to {STRANGE}; declared" in message
    assert 'declare hosts."api.workme.test".alias = "edge.cdn.example"' in message
    assert judge("dns-a-authoritative", dns_host=host, environment=_declaring(alias="edge.cdn.example")) is None


def test_every_address_of_a_provider_serves_the_host(judge: Judge) -> None:
    """One edge that does not know us yet is an error for every user that is sent there."""
    assert judge("dns-host-answers", dns_host=replace(PUBLIC, landings=(LANDING,)), environment=ENVIRONMENT) is None
    dead = replace(LANDING, status=None, problem="refused: nothing listens")
    foreign = replace(LANDING, certificate_problem="Hostname mismatch")
    for landing, message in ((dead, "nobody answers on 443"), (foreign, "certificate is not right for it")):
        host = replace(PUBLIC, landings=(landing,))
        found = judge("dns-host-answers", dns_host=host, environment=ENVIRONMENT)
        assert found is not None
        assert message in found


def test_a_list_that_was_cut_is_not_compared(judge: Judge) -> None:
    """What was cut off would be missing, and what is too much would not show."""
    cut = addresses(*OURS)
    cut = replace(cut, a=replace(cut.a, omitted_records=4))
    with pytest.raises(Unobserved, match="4 addresses were left out"):
        judge("dns-a-authoritative", dns_host=replace(PUBLIC, authoritative=(cut,)), environment=ENVIRONMENT)
