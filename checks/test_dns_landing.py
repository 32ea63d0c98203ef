"""What a name leads to: each address must serve it, and be neither a machine that is gone nor somebody else's."""

import ipaddress
from collections.abc import Iterable, Sequence

import pytest

from gonogo.base.comparing import decided, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.environment.types import split_socket_address
from gonogo.evidence.dns import Addresses, DnsHostEvidence, DnsNameEvidence, Landing, is_public
from gonogo.evidence.dns_zone import DnsZoneEvidence

FAMILY = "dns_names"
_IPV4 = 4


@pytest.mark.check("dns-host-answers")
def test_changing_addresses_are_ours(dns_host: DnsHostEvidence, environment: Environment) -> None:
    """If a provider chooses the addresses, each of them must still serve this host.

    Fix: ask the provider why that address does not serve the host, or stop using the alias.
    """
    name = _called(dns_host.host, dns_host.authoritative)
    _require_landings(name, dns_host.landings, environment, strict=True, resolved=True)
    _require_asked(dns_host.host, dns_host.landings)


@pytest.mark.check("dns-names-answer")
def test_every_name_leads_to_a_server_that_answers(
    dns_name: DnsNameEvidence, dns_zone: DnsZoneEvidence, environment: Environment
) -> None:
    """A name that users type must not lead to a machine that is gone, or that belongs to somebody else.

    Fix: point the name to the service, or take it out of the zone and out of dns.names.
    """
    invented = dns_zone.invented
    real = {
        address
        for view in (*dns_name.resolvers, *dns_name.authoritative)
        for address in view.ever - invented.get(view.server, frozenset())
    }
    host = environment.hosts.get(dns_name.name)
    # What a host must not have is told by dns-propagated already.
    wanted = real if host is None else host.permitted(real)
    landings = [landing for landing in dns_name.landings if landing.address in wanted]
    resolved = any(view.conclusive and _is_public_server(view.server) for view in dns_name.resolvers)
    name = _called(dns_name.name, dns_name.resolvers)
    _require_landings(name, landings, environment, strict=host is not None, resolved=resolved)
    if len(real) == len(landings):
        # Declared addresses among them are asked in other ways: the name does not hang on what cannot be asked here.
        _require_asked(dns_name.name, landings)


def _called(name: str, answers: Iterable[Addresses]) -> str:
    """The name with what it is an alias of: that is what has to be changed, or claimed."""
    alias = next((view.aliases[-1] for view in answers if view.aliases), "")
    return f"{name}, an alias of {alias}," if alias else name


def _require_landings(
    name: str, landings: Sequence[Landing], environment: Environment, *, strict: bool, resolved: bool
) -> None:
    """Each address must be one that the world reaches, and serve the name; a host's with a certificate for it."""
    world = any(is_public(address) for host in environment.hosts.values() for address in host.addresses)
    decided("addresses that were looked at", len(landings), "any number")
    for landing in landings:
        where = f"{name} leads to {landing.address}"
        assert so(is_public(landing.address) or not world, "addresses", "reached by the world", "not public"), (
            f"{where}, which is not a public address"
        )
        assert so(not landing.unclaimed, "name, at whoever serves it", "claimed", "unclaimed"), (
            f"{where}, where {landing.unclaimed} answers {landing.status} and says that it does not serve this name: "
            "anybody who claims it there owns the name"
        )
        # Resolvers of the same kind were reached: that this address is not, is its own fault.
        unreachable = not landing.asked and resolved and _is_ipv4(landing.address)
        mute = "no route leads there, while public resolvers are reached" if unreachable else landing.problem
        mute = mute if landing.asked or unreachable else ""
        assert so(not mute, "servers behind the name", "answer, or were not asked", mute), (
            f"{where}, where nobody answers on {landing.port}: {mute}"
        )
        wrong = strict and landing.certificate_problem
        assert so(not wrong, "certificates behind the name", "right, or not ours", "wrong"), (
            f"{where}, whose certificate is not right for it: {landing.certificate_problem}"
        )


def _require_asked(name: str, landings: Sequence[Landing]) -> None:
    """Raises Unobserved where this machine could ask none of them."""
    if landings and not any(landing.asked for landing in landings):
        raise Unobserved(f"{name}: {landings[0].problem}", hint="run gonogo on a machine that reaches it")


def _is_public_server(server: str) -> bool:
    return is_public(split_socket_address(server)[0])


def _is_ipv4(address: str) -> bool:
    return ipaddress.ip_address(address).version == _IPV4
