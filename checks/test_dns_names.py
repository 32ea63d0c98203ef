"""Names: their addresses at every authoritative server and at every resolver by itself, and what answers there."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment, Host
from gonogo.environment.types import split_socket_address
from gonogo.evidence.dns import Addresses, Delivery, DnsHostEvidence, DnsNameEvidence, Landing, is_public
from gonogo.evidence.dns_zone import DnsZoneEvidence
from gonogo.families.dns.section import Dns
from gonogo.policy.catalogue import Policy

_IPV4 = 4


@pytest.mark.check("dns-a-authoritative")
def test_every_server_gives_the_declared_addresses(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """One server with an old address sends a part of the users to a machine that is gone.

    Fix: correct the record in the zone, and see that all servers have loaded it; declare addresses that change by design.
    """
    host = environment.hosts[dns_host.host]
    asked = _authoritative(dns_host)
    changing = _rotates(dns_host)
    for seen in asked:
        where = f"{dns_host.host} at {seen.server}"
        _require_one_word(where, seen)
        for answer in (seen.a, seen.aaaa):
            assert answer.with_authority, f"{where}: no authority ({answer.told})"
        if seen.a.leaves_the_zone and seen.aaaa.leaves_the_zone:
            _require_one_alias(where, seen, asked[0], host)
            _require_declared_rotation(dns_host, host)
            continue
        if seen.omitted:
            raise Unobserved(f"{where}: {seen.omitted} addresses were not kept, so that nothing can be compared")
        fits = seen.addresses and not (seen.ever - _permitted(seen.ever, host)) if _any_of(host) or changing else None
        right = fits if fits is not None else seen.addresses == frozenset(host.addresses)
        assert right, f"{where}: {_led(seen)}; declared {_list(host.addresses)}{_advice(dns_host, host)}"


@pytest.mark.check("dns-query-types")
def test_servers_answer_for_every_type(dns_host: DnsHostEvidence) -> None:
    """Browsers ask for type HTTPS beside the addresses, and some wait for the answer (RFC 9460, RFC 8906).

    Fix: update the name server, or let the firewall before it pass types that it does not know.
    """
    asked = [(seen.server, seen.https) for seen in dns_host.authoritative if seen.a.heard and seen.https is not None]
    if not asked:
        raise Unobserved(f"{dns_host.host}: no authoritative server answers")
    bad = [f"{server}: {https.told}" for server, https in asked if https.rcode not in {"NOERROR", "NXDOMAIN"}]
    assert not bad, (
        f"{dns_host.host}: queries of type HTTPS (65) get no answer while those of type A do: {'; '.join(bad)}"
    )


@pytest.mark.check("dns-host-answers")
def test_changing_addresses_are_ours(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """Where the addresses are a provider's to choose, each of them must serve this host all the same.

    Fix: ask the provider why that address does not serve the host, or leave the alias.
    """
    name = _called(dns_host.host, dns_host.authoritative)
    _require_landings(name, dns_host.landings, environment, strict=True, resolved=True)
    _require_asked(dns_host.host, dns_host.landings)


@pytest.mark.check("dns-propagated")
def test_resolvers_agree(
    dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment, policy: Policy
) -> None:
    """Users ask resolvers, and a resolver lives with an old answer for as long as its TTL said.

    Fix: wait for the old TTL to pass, or flush the caches of those public resolvers that offer it; if the message names
    another cause, waiting does not help.
    """
    host = environment.hosts[dns_host.host]
    for seen in dns_name.resolvers:
        _require_one_word(f"{dns_host.host} at the resolver {seen.server}", seen)
    _quorum(
        dns_name,
        environment,
        lambda seen: _is_right(seen, dns_host, host),
        f"give the declared addresses, {_list(host.addresses)}",
        advice=_advice(dns_host, host, dns_name.resolvers),
    )
    public = [resolver for resolver in _dns(environment).resolvers if _is_public_server(resolver)]
    least = policy.number("least_public_resolvers")
    if any(map(is_public, host.addresses)) and len(public) < least:
        raise Unobserved(
            f"{dns_host.host}: {len(public)} of the declared resolvers have public addresses; those of this network say "
            f"what it sees, and not what the world does. At least {least:g} are expected",
            hint='declare public resolvers of different operators, as "1.1.1.1:53", "8.8.8.8:53", "9.9.9.9:53"',
        )


@pytest.mark.check("dns-propagated-everywhere")
def test_no_resolver_is_stale(dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment) -> None:
    """A single stale resolver does not stop a launch, but its users write to support.

    Fix: wait for the old TTL to pass, or flush the cache of that resolver.
    """
    host = environment.hosts[dns_host.host]
    answered = [seen for seen in dns_name.resolvers if seen.conclusive]
    if not answered:
        raise Unobserved(f"{dns_host.host}: no resolver answered", hint="declare resolvers that this machine reaches")
    stale = [f"{seen.server}: {seen.told}" for seen in answered if not _is_right(seen, dns_host, host)]
    assert not stale, f"{dns_host.host}: {'; '.join(stale)}; declared {_list(host.addresses)}"


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


@pytest.mark.check("dns-no-dangling-cname")
def test_no_name_leads_nowhere(dns_name: DnsNameEvidence, dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """Whoever registers the name that an alias still points to owns our name as well.

    Fix: remove the CNAME, or point it to a name that exists.
    """
    invented = _invented(dns_zone)
    if dns_name.text:
        texts = {answer.server: answer for answer in dns_name.text}
        _quorum(dns_name, environment, lambda seen: texts[seen.server].rcode == "NOERROR", "know it", invented=invented)
        return
    _quorum(dns_name, environment, lambda seen: bool(seen.addresses), "give an address", invented=invented)


@pytest.mark.check("dns-names-answer")
def test_every_name_leads_to_a_server_that_answers(
    dns_name: DnsNameEvidence, dns_zone: DnsZoneEvidence, environment: Environment
) -> None:
    """A name that users type and that leads to a machine which is gone, or to somebody else's, is a broken front door.

    Fix: point the name to the service, or take it out of the zone and out of dns.names.
    """
    invented = _invented(dns_zone)
    real = {
        address for seen in dns_name.resolvers for address in seen.addresses - invented.get(seen.server, frozenset())
    }
    host = environment.hosts.get(dns_name.name)
    # What a host must not have is told by dns-propagated already.
    wanted = real if host is None else _permitted(real, host)
    landings = [landing for landing in dns_name.landings if landing.address in wanted]
    resolved = any(seen.conclusive and _is_public_server(seen.server) for seen in dns_name.resolvers)
    name = _called(dns_name.name, dns_name.resolvers)
    _require_landings(name, landings, environment, strict=host is not None, resolved=resolved)
    if len(real) == len(landings):
        # Declared addresses among them are asked in other ways: the name does not hang on what cannot be asked here.
        _require_asked(dns_name.name, landings)


def _called(name: str, answers: Iterable[Addresses]) -> str:
    """The name with what it is an alias of: that is what has to be changed, or claimed."""
    alias = next((seen.aliases[-1] for seen in answers if seen.aliases), "")
    return f"{name}, an alias of {alias}," if alias else name


def _require_landings(
    name: str, landings: Sequence[Landing], environment: Environment, *, strict: bool, resolved: bool
) -> None:
    """Each address must be one that the world reaches, and serve the name; a host's with a certificate for it."""
    world = any(is_public(address) for host in environment.hosts.values() for address in host.addresses)
    for landing in landings:
        where = f"{name} leads to {landing.address}"
        assert is_public(landing.address) or not world, f"{where}, which is not a public address"
        assert not landing.unclaimed, (
            f"{where}, where {landing.unclaimed} answers {landing.status} and says that it serves nobody under this name: "
            "whoever claims it there owns the name"
        )
        # Resolvers of the same kind were reached: that this address is not, is its own fault.
        unreachable = not landing.asked and resolved and _is_ipv4(landing.address)
        mute = "no route leads there, while public resolvers are reached" if unreachable else landing.problem
        mute = mute if landing.asked or unreachable else ""
        assert not mute, f"{where}, where nobody answers on {landing.port}: {mute}"
        assert not (strict and landing.certificate_problem), (
            f"{where}, whose certificate is not right for it: {landing.certificate_problem}"
        )


def _require_asked(name: str, landings: Sequence[Landing]) -> None:
    """Raises Unobserved where this machine could ask none of them."""
    if landings and not any(landing.asked for landing in landings):
        raise Unobserved(f"{name}: {landings[0].problem}", hint="ask from a machine that reaches it")


def _is_public_server(server: str) -> bool:
    return is_public(split_socket_address(server)[0])


def _is_ipv4(address: str) -> bool:
    return ipaddress.ip_address(address).version == _IPV4


def _invented(zone: DnsZoneEvidence) -> dict[str, frozenset[str]]:
    """Resolvers that give addresses to a name which every name server of the zone denies, and those addresses."""
    answers = [server.random_name for server in zone.servers if server.random_name is not None]
    denials = [answer for answer in answers if answer.with_authority]
    if not denials or any(answer.records for answer in denials):
        return {}
    found: dict[str, frozenset[str]] = {}
    for answer in zone.random_name:
        if answer.records:
            found[answer.server] = found.get(answer.server, frozenset()).union(answer.records)
    return found


def _quorum(  # noqa: PLR0913 - what was seen, what is right, and how to say so
    name: DnsNameEvidence,
    environment: Environment,
    right: Callable[[Addresses], bool],
    expected: str,
    *,
    advice: str = "",
    invented: Mapping[str, frozenset[str]] | None = None,
) -> None:
    """Enough resolvers must answer rightly; ERROR only where those that do not answer could make the difference."""
    needed = _dns(environment).quorum
    liars = [seen for seen in name.resolvers if _is_invented(seen, invented or {})]
    mute = [seen for seen in name.resolvers if not seen.conclusive]
    heard = [seen for seen in name.resolvers if seen not in mute and seen not in liars]
    good = [seen for seen in heard if right(seen)]
    others = "; ".join(f"{seen.server}: {_led(seen)}" for seen in heard if not right(seen))
    why = [f"{seen.server}: {_silence(seen)}" for seen in mute]
    why += [f"{seen.server}: gives {seen.told} to names that nobody made" for seen in liars]
    found = f"{name.name}: {len(good)} of {len(name.resolvers)} resolvers {expected}; {needed} must"
    if len(good) < needed <= len(good) + len(mute) + len(liars):
        raise Unobserved(
            f"{found}, and not all of them can be asked: {'; '.join(why)}{'; the others: ' * bool(others)}{others}",
            hint="declare resolvers in [dns] that this machine reaches, and that give what the zone says",
        )
    ignored = f"; not counted: {'; '.join(why)}" if liars else ""
    assert len(good) >= needed, f"{found}; the others: {others}{ignored}{advice}"


def _is_invented(seen: Addresses, invented: Mapping[str, frozenset[str]]) -> bool:
    return bool(seen.addresses) and seen.addresses <= invented.get(seen.server, frozenset())


def _silence(seen: Addresses) -> str:
    """The answers that are missing; what came to the other type is no reason."""
    missing = [answer for answer in (seen.a, seen.aaaa) if not answer.conclusive]
    if len(missing) == 1:
        return f"{missing[0].rdtype} {missing[0].told}"
    return seen.a.told


def _require_one_word(where: str, seen: Addresses) -> None:
    """A server must not deny with one answer what it gives with another."""
    assert not seen.contradiction, (
        f"{where}: NXDOMAIN for type {seen.contradiction} denies the whole name, which has addresses ({seen.told}): "
        "it must answer NOERROR without records (RFC 4074, RFC 8020)"
    )
    for silent, other in ((seen.aaaa, seen.a), (seen.a, seen.aaaa)):
        assert not (silent.delivery is Delivery.SILENT and other.with_authority and other.records), (
            f"{where}: queries for {silent.rdtype} get no answer while those for {other.rdtype} do: "
            "let the server answer NOERROR without records (RFC 4074)"
        )


def _require_one_alias(where: str, seen: Addresses, first: Addresses, host: Host) -> None:
    """The addresses are somebody else's to give, and dns-propagated asks for them; the alias is ours."""
    assert seen.aliases == first.aliases, f"{where} is an alias of {seen.aliases[-1]}, at {first.server} {first.told}"
    assert host.alias is None or host.alias in seen.aliases, (
        f"{where} is an alias of {' → '.join(seen.aliases)}; declared is the alias of {host.alias}"
    )


def _require_declared_rotation(evidence: DnsHostEvidence, host: Host) -> None:
    """What the resolvers happen to give now is no proof where the provider gives other addresses in a minute."""
    given = frozenset[str]().union(*(seen.ever for seen in evidence.beyond))
    strange = given - _permitted(given, host)
    rotating = any(seen.rotates for seen in evidence.beyond)
    assert not (rotating and strange), (
        f"{evidence.host} leads to {_list(strange)}; declared {_list(host.addresses)}{_advice(evidence, host)}"
    )


def _is_right(seen: Addresses, evidence: DnsHostEvidence, host: Host) -> bool:
    if host.alias is not None and seen.aliases and host.alias not in seen.aliases:
        return False
    if seen.contradiction or not seen.addresses:
        return False
    if _any_of(host) or _rotates(evidence):
        return not seen.addresses - _permitted(seen.addresses, host)
    return seen.addresses == frozenset(host.addresses)


def _any_of(host: Host) -> bool:
    """Whether an answer may hold a part of what is declared only."""
    return host.rotating or bool(host.networks) or host.alias is not None


def _permitted(addresses: Iterable[str], host: Host) -> frozenset[str]:
    """Those that the environment allows; under a declared alias all, since each is looked at by itself."""
    networks = [ipaddress.ip_network(network) for network in host.networks]
    return frozenset(
        address
        for address in addresses
        if address in host.addresses
        or host.alias is not None
        or any(ipaddress.ip_address(address) in network for network in networks)
    )


def _rotates(evidence: DnsHostEvidence) -> bool:
    """Whether a server, of ours or of the alias' zone, gives other addresses each time."""
    return any(seen.rotates for seen in (*evidence.authoritative, *evidence.beyond))


def _advice(evidence: DnsHostEvidence, host: Host, resolvers: Iterable[Addresses] = ()) -> str:
    """What to do where the addresses change by design: waiting does not help."""
    if _any_of(host):
        return ""
    given = frozenset[str]().union(*(seen.ever for seen in (*evidence.authoritative, *evidence.beyond, *resolvers)))
    aliases = next((seen.aliases for seen in evidence.authoritative if seen.aliases), ())
    key = f'hosts."{evidence.host}"'
    if _rotates(evidence):
        cure = f'declare {key}.alias = "{aliases[-1]}"' if aliases else f"declare {key}.alias, .networks or .rotating"
        return f"; the addresses change from answer to answer ({_list(given)}), waiting does not help: {cure}"
    if aliases and any(seen.a.leaves_the_zone for seen in evidence.authoritative):
        return f'; they are given by {aliases[-1]}: if that is right, declare {key}.alias = "{aliases[-1]}"'
    return ""


def _led(seen: Addresses) -> str:
    if seen.addresses or not seen.aliases:
        return seen.told
    return f"an alias of {' → '.join(seen.aliases)}, which has no address ({seen.a.rcode})"


def _dns(environment: Environment) -> Dns:
    return environment.require(Dns)


def _authoritative(host: DnsHostEvidence) -> list[Addresses]:
    """The servers that this machine was able to ask. Raises Unobserved when there are none, or one kept silent."""
    sixth = [seen for seen in host.authoritative if seen.server.startswith("[")]
    # Where nothing comes back over IPv6 at all, this machine may be the reason: dns-no-lame-server says so.
    deaf = all({seen.a.delivery, seen.aaaa.delivery} <= {Delivery.SILENT, Delivery.NOT_SENT} for seen in sixth)
    asked = [seen for seen in host.authoritative if seen.asked and not (deaf and seen in sixth)]
    silent = [seen.server for seen in asked if seen.a.delivery is seen.aaaa.delivery is Delivery.SILENT]
    if silent or not asked:
        whom = f"{', '.join(silent)} kept silent" if silent else "no authoritative server could be asked"
        raise Unobserved(f"{host.host}: {whom}", hint="let this machine send DNS queries to the internet")
    return asked


def _list(addresses: Iterable[str]) -> str:
    return ", ".join(sorted(addresses))
