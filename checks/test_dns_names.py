"""Names: their addresses at every authoritative server and at every resolver by itself.

What answers at these addresses is judged in test_dns_landing.py.
"""

from collections.abc import Callable, Iterable, Mapping

import pytest

from gonogo.base.comparing import at_least, at_most, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment, Host
from gonogo.environment.types import split_socket_address
from gonogo.evidence.dns import Addresses, Delivery, DnsHostEvidence, DnsNameEvidence, is_public
from gonogo.evidence.dns_zone import DnsZoneEvidence
from gonogo.families.dns.section import Dns
from gonogo.policy.catalogue import Policy


@pytest.mark.check("dns-a-authoritative")
def test_every_server_gives_the_declared_addresses(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """One server with an old address sends a part of the users to a machine that is gone.

    Fix: correct the record in the zone, and see that all servers have loaded it; declare addresses that change by design.
    """
    host = environment.hosts[dns_host.host]
    asked_servers = _authoritative(dns_host)
    changing = _rotates(dns_host)
    for view in asked_servers:
        where = f"{dns_host.host} at {view.server}"
        _require_one_word(where, view)
        for answer in (view.a, view.aaaa):
            assert so(answer.with_authority, "answers", "with authority", "without authority"), (
                f"{where}: no authority ({answer.told})"
            )
        if view.a.leaves_the_zone and view.aaaa.leaves_the_zone:
            _require_one_alias(where, view, asked_servers[0], host)
            _require_declared_rotation(dns_host, host)
            continue
        if view.omitted:
            raise Unobserved(f"{where}: {view.omitted} addresses were left out, so they cannot be compared")
        fits = view.addresses and not (view.ever - host.permitted(view.ever)) if _any_of(host) or changing else None
        right = fits if fits is not None else view.addresses == frozenset(host.addresses)
        assert shown(right, "addresses at every server", sorted(view.addresses), _list(host.addresses)), (
            f"{where}: {_led(view)}; declared {_list(host.addresses)}{_advice(dns_host, host)}"
        )


@pytest.mark.check("dns-query-types")
def test_servers_answer_for_every_type(dns_host: DnsHostEvidence) -> None:
    """Browsers ask for type HTTPS beside the addresses, and some wait for the answer (RFC 9460, RFC 8906).

    Fix: update the name server, or let the firewall in front of it pass record types that it does not know.
    """
    asked_servers = [
        (view.server, view.https) for view in dns_host.authoritative if view.a.heard and view.https is not None
    ]
    if not asked_servers:
        raise Unobserved(f"{dns_host.host}: no authoritative server answers")
    bad = [f"{server}: {https.told}" for server, https in asked_servers if https.rcode not in {"NOERROR", "NXDOMAIN"}]
    assert nothing(bad, "servers silent for type HTTPS", of=len(asked_servers)), (
        f"{dns_host.host}: queries of type HTTPS (65) get no answer, but those of type A do: {'; '.join(bad)}"
    )


@pytest.mark.check("dns-propagated")
def test_resolvers_agree(
    dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment, policy: Policy
) -> None:
    """Users ask resolvers, and a resolver keeps an old answer until its TTL is over.

    Fix: wait for the old TTL to pass, or flush the caches of those public resolvers that offer it; if the message names
    another cause, waiting does not help.
    """
    host = environment.hosts[dns_host.host]
    for view in dns_name.resolvers:
        _require_one_word(f"{dns_host.host} at the resolver {view.server}", view)
    _quorum(
        dns_name,
        environment,
        lambda view: _is_right(view, dns_host, host),
        f"give the declared addresses, {_list(host.addresses)}",
        advice=_advice(dns_host, host, dns_name.resolvers),
    )
    public = [resolver for resolver in _dns(environment).resolvers if is_public(split_socket_address(resolver)[0])]
    least = policy.number("least_public_resolvers")
    if any(map(is_public, host.addresses)) and not at_least(len(public), least, "resolvers with public addresses"):
        raise Unobserved(
            f"{dns_host.host}: {len(public)} of the declared resolvers have public addresses; those of this network only show "
            f"what this network sees, not what the internet sees. At least {least:g} are expected",
            hint='declare public resolvers of different operators, as "1.1.1.1:53", "8.8.8.8:53", "9.9.9.9:53"',
        )


@pytest.mark.check("dns-propagated-everywhere")
def test_no_resolver_is_stale(dns_host: DnsHostEvidence, dns_name: DnsNameEvidence, environment: Environment) -> None:
    """A single stale resolver does not stop a launch, but its users write to support.

    Fix: wait for the old TTL to pass, or flush the cache of that resolver.
    """
    host = environment.hosts[dns_host.host]
    answered = [view for view in dns_name.resolvers if view.conclusive]
    if not answered:
        raise Unobserved(f"{dns_host.host}: no resolver answered", hint="declare resolvers that this machine reaches")
    stale = [f"{view.server}: {view.told}" for view in answered if not _is_right(view, dns_host, host)]
    assert nothing(stale, "resolvers with other addresses", of=len(answered)), (
        f"{dns_host.host}: {'; '.join(stale)}; declared {_list(host.addresses)}"
    )


@pytest.mark.check("dns-ttl")
def test_turning_back_is_fast(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """On launch day, a rollback by DNS takes as long as the TTL that was published the day before.

    Fix: lower the record's TTL, and wait for the old one to pass before the launch.
    """
    window = _dns(environment).rollback_window
    if window is None:
        raise Unobserved("no rollback window is declared", hint="declare dns.rollback_window, as in '10 min'")
    answers = [answer for view in _authoritative(dns_host) for answer in (view.a, view.aaaa)]
    ttls = [(answer, answer.ttl) for answer in answers if answer.with_authority and answer.ttl is not None]
    if not ttls:
        raise Unobserved(f"{dns_host.host}: no authoritative server gave a record with a TTL")
    for answer, ttl in ttls:
        assert at_most(ttl, window, f"TTL of {answer.rdtype}", kind="TTL"), (
            f"{dns_host.host} {answer.rdtype} at {answer.server}: TTL {format_duration(ttl)}, "
            f"and the declared rollback window is {format_duration(window)}"
        )


@pytest.mark.check("dns-no-dangling-cname")
def test_no_name_leads_nowhere(dns_name: DnsNameEvidence, dns_zone: DnsZoneEvidence, environment: Environment) -> None:
    """Somebody who registers the name that an alias still points to owns our name as well.

    Fix: remove the CNAME, or point it to a name that exists.
    """
    invented = dns_zone.invented
    if dns_name.text:
        texts = {answer.server: answer for answer in dns_name.text}
        _quorum(dns_name, environment, lambda view: texts[view.server].rcode == "NOERROR", "know it", invented=invented)
        return
    _quorum(dns_name, environment, lambda view: bool(view.addresses), "give an address", invented=invented)
    lacking = [view.server for view in dns_name.authoritative if view.a.with_authority and view.a.rcode == "NXDOMAIN"]
    assert nothing(lacking, "servers to which the name does not exist", of=len(dns_name.authoritative)), (
        f"{dns_name.name} does not exist at {', '.join(lacking)}: users of resolvers that ask there do not find it"
    )


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
    liars = [view for view in name.resolvers if _is_invented(view, invented or {})]
    mute = [view for view in name.resolvers if not view.conclusive]
    honest = [view for view in name.resolvers if view not in mute and view not in liars]
    good = [view for view in honest if right(view)]
    others = "; ".join(f"{view.server}: {_led(view)}" for view in honest if not right(view))
    why = [f"{view.server}: {_silence(view)}" for view in mute]
    why += [f"{view.server}: gives {view.told} for names that do not exist" for view in liars]
    tally = f"{name.name}: {len(good)} of {len(name.resolvers)} resolvers {expected}; {needed} must"
    if len(good) < needed <= len(good) + len(mute) + len(liars):
        raise Unobserved(
            f"{tally}, and not all of them can be asked: {'; '.join(why)}{'; the others: ' * bool(others)}{others}",
            hint="declare resolvers in [dns] that this machine reaches, and that give what the zone says",
        )
    ignored = f"; not counted: {'; '.join(why)}" if liars else ""
    assert at_least(len(good), needed, f"resolvers, of {len(name.resolvers)}, that are right"), (
        f"{tally}; the others: {others}{ignored}{advice}"
    )


def _is_invented(view: Addresses, invented: Mapping[str, frozenset[str]]) -> bool:
    return bool(view.addresses) and view.addresses <= invented.get(view.server, frozenset())


def _silence(view: Addresses) -> str:
    """The answers that are missing; what came to the other type is no reason."""
    missing = [answer for answer in (view.a, view.aaaa) if not answer.conclusive]
    if len(missing) == 1:
        return f"{missing[0].rdtype} {missing[0].told}"
    return view.a.told


def _require_one_word(where: str, view: Addresses) -> None:
    """A server must not deny with one answer what it gives with another."""
    assert so(not view.contradiction, "answers for A and AAAA", "agree", "contradict each other"), (
        f"{where}: NXDOMAIN for type {view.contradiction} denies the whole name, which has addresses ({view.told}): "
        "it must answer NOERROR without records (RFC 4074, RFC 8020)"
    )
    for silent, other in ((view.aaaa, view.a), (view.a, view.aaaa)):
        one_sided = silent.delivery is Delivery.SILENT and other.with_authority and other.records
        assert so(not one_sided, f"queries for {silent.rdtype}", "answered as others are", "silent"), (
            f"{where}: queries for {silent.rdtype} get no answer, but those for {other.rdtype} do: "
            "let the server answer NOERROR without records (RFC 4074)"
        )


def _require_one_alias(where: str, view: Addresses, first: Addresses, host: Host) -> None:
    """The addresses are somebody else's to give, and dns-propagated asks for them; the alias is ours."""
    assert equal(view.aliases, first.aliases, "alias at every server"), (
        f"{where} is an alias of {view.aliases[-1]}, at {first.server} {first.told}"
    )
    assert host.alias is None or shown(host.alias in view.aliases, "alias", view.aliases, host.alias), (
        f"{where} is an alias of {' → '.join(view.aliases)}; the alias {host.alias} is declared"
    )


def _require_declared_rotation(evidence: DnsHostEvidence, host: Host) -> None:
    """What the resolvers happen to give now is no proof where the provider gives other addresses in a minute."""
    given_addresses = frozenset[str]().union(*(view.ever for view in evidence.beyond))
    strange = given_addresses - host.permitted(given_addresses)
    rotating = any(view.rotates for view in evidence.beyond)
    assert nothing(strange if rotating else (), "addresses in rotation that are not declared"), (
        f"{evidence.host} leads to {_list(strange)}; declared {_list(host.addresses)}{_advice(evidence, host)}"
    )


def _is_right(view: Addresses, evidence: DnsHostEvidence, host: Host) -> bool:
    if host.alias is not None and view.aliases and host.alias not in view.aliases:
        return False
    if view.contradiction or view.failing or not view.addresses:
        return False
    if _any_of(host) or _rotates(evidence):
        return not view.addresses - host.permitted(view.addresses)
    return view.addresses == frozenset(host.addresses)


def _any_of(host: Host) -> bool:
    """Whether an answer may hold a part of what is declared only."""
    return host.rotating or bool(host.networks) or host.alias is not None


def _rotates(evidence: DnsHostEvidence) -> bool:
    """Whether a server, of ours or of the alias' zone, gives other addresses each time."""
    return any(view.rotates for view in (*evidence.authoritative, *evidence.beyond))


def _advice(evidence: DnsHostEvidence, host: Host, resolvers: Iterable[Addresses] = ()) -> str:
    """What to do where the addresses change by design: waiting does not help."""
    if _any_of(host):
        return ""
    given_addresses = frozenset[str]().union(
        *(view.ever for view in (*evidence.authoritative, *evidence.beyond, *resolvers))
    )
    aliases = next((view.aliases for view in evidence.authoritative if view.aliases), ())
    key = f'hosts."{evidence.host}"'
    if _rotates(evidence):
        cure = f'declare {key}.alias = "{aliases[-1]}"' if aliases else f"declare {key}.alias, .networks or .rotating"
        return (
            f"; the addresses change from answer to answer ({_list(given_addresses)}), so waiting does not help: {cure}"
        )
    if aliases and any(view.a.leaves_the_zone for view in evidence.authoritative):
        return f'; they are given by {aliases[-1]}: if that is right, declare {key}.alias = "{aliases[-1]}"'
    return ""


def _led(view: Addresses) -> str:
    if view.failing:
        return f"{view.told}, and SERVFAIL for type {view.failing}"
    if view.addresses or not view.aliases:
        return view.told
    return f"an alias of {' → '.join(view.aliases)}, which has no address ({view.a.rcode})"


def _dns(environment: Environment) -> Dns:
    return environment.require(Dns)


def _authoritative(host: DnsHostEvidence) -> list[Addresses]:
    """The servers that this machine was able to ask. Raises Unobserved when there are none, or one kept silent."""
    sixth = [view for view in host.authoritative if view.server.startswith("[")]
    # Where nothing comes back over IPv6 at all, this machine may be the reason: dns-no-lame-server says so.
    deaf = all({view.a.delivery, view.aaaa.delivery} <= {Delivery.SILENT, Delivery.NOT_SENT} for view in sixth)
    asked_servers = [view for view in host.authoritative if view.asked and not (deaf and view in sixth)]
    silent = [view.server for view in asked_servers if view.a.delivery is view.aaaa.delivery is Delivery.SILENT]
    if silent or not asked_servers:
        whom = f"{', '.join(silent)} kept silent" if silent else "no authoritative server could be asked"
        raise Unobserved(f"{host.host}: {whom}", hint="let this machine send DNS queries to the internet")
    return asked_servers


def _list(addresses: Iterable[str]) -> str:
    return ", ".join(sorted(addresses))
