"""What is wrong with the way that MX records show to mail (RFC 5321, 5.1)."""

from collections.abc import Iterator, Sequence

from gonogo.evidence.dns import is_public
from gonogo.evidence.dns_zone import MailServer


def route_problems(servers: Sequence[MailServer], *, world: bool) -> Iterator[str]:
    """Everything that keeps mail from being delivered; ``world``: mail comes from everywhere, not from this network alone."""
    if len(servers) > 1 and not all(server.name for server in servers):
        yield "MX 0 . says that there is no mail, and stands beside others (RFC 7505, 3)"
    for server in servers:
        if not server.name:
            continue  # "MX 0 ." says that the domain takes no mail (RFC 7505)
        where = f"MX {server.preference} {server.name}"
        if "NXDOMAIN" in {server.a.rcode, server.aaaa.rcode}:
            yield f"{where} does not exist: mail cannot be delivered to it"
        elif _knows_no_address(server):
            yield f"{where} has no address: mail cannot be delivered to it"
        elif server.a.aliases or server.aaaa.aliases:
            alias = (server.a.aliases or server.aaaa.aliases)[-1]
            yield f"{where} is an alias of {alias}, which some senders refuse (RFC 2181, 10.3)"
        hidden = [address for address in server.addresses if world and not is_public(address)]
        if hidden:
            yield f"{where} leads to {', '.join(hidden)}, which is not a public address"


def _knows_no_address(server: MailServer) -> bool:
    return not server.addresses and server.a.rcode == server.aaaa.rcode == "NOERROR"
