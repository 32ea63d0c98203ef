"""One query to one server, and what it said; every error of dnspython becomes a fact."""

import asyncio

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from gonogo.environment.types import split_socket_address
from gonogo.evidence.dns import Said

_PATIENCE_SECONDS = 1.5
_TRIES = 2
_MOST_VALUES = 50
_LONGEST_CHAIN = 16


async def ask(  # noqa: PLR0913 - a query is these things
    name: str,
    rdtype: str,
    server: str,
    *,
    recursive: bool = False,
    checking_disabled: bool = False,
    tcp: bool = False,
) -> tuple[Said, dns.message.Message | None]:
    """Ask ``server`` ("address:port") over UDP with fallback to TCP, or over TCP; twice when packets get lost."""
    query = dns.message.make_query(name, rdtype, want_dnssec=recursive)
    query.flags = (dns.flags.RD if recursive else 0) | (dns.flags.CD if checking_disabled else 0)
    address, port = split_socket_address(server)
    problem = ""
    for _ in range(_TRIES):
        try:
            reply = await _exchange(query, address, port, tcp=tcp)
        except dns.exception.Timeout:
            problem = f"no answer within {_PATIENCE_SECONDS:g} s"
        except ConnectionRefusedError:
            return Said(rcode=None, problem="refused: nobody listens"), None
        except (OSError, EOFError) as error:
            problem = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        except dns.exception.DNSException as error:
            return Said(rcode=None, problem=f"not DNS: {str(error)[:100]}"), None
        else:
            return said(reply, rdtype), reply
    return Said(rcode=None, problem=problem), None


def said(reply: dns.message.Message, rdtype: str) -> Said:
    """The facts of a reply."""
    wanted = dns.rdatatype.from_text(rdtype)
    name = reply.question[0].name if reply.question else dns.name.root
    aliases: list[str] = []
    for _ in range(_LONGEST_CHAIN):
        rrset = reply.get_rrset(reply.answer, name, dns.rdataclass.IN, wanted)
        if rrset is not None:
            break
        alias = reply.get_rrset(reply.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None:
            break
        name = alias[0].target
        aliases.append(name.to_text(omit_final_dot=True))
    else:
        rrset = None
    return Said(
        rcode=dns.rcode.to_text(reply.rcode()),
        authoritative=bool(reply.flags & dns.flags.AA),
        authenticated=bool(reply.flags & dns.flags.AD),
        values=tuple(sorted(rdata.to_text()[:300] for rdata in rrset)[:_MOST_VALUES]) if rrset is not None else (),
        ttl_seconds=rrset.ttl if rrset is not None else None,
        aliases=tuple(aliases),
    )


async def _exchange(query: dns.message.Message, address: str, port: int, *, tcp: bool) -> dns.message.Message:
    async with asyncio.timeout(2 * _PATIENCE_SECONDS):
        if tcp:
            return await dns.asyncquery.tcp(query, address, timeout=_PATIENCE_SECONDS, port=port)
        # Plain `udp` would hand out an empty, truncated answer as if it were the whole.
        reply, _ = await dns.asyncquery.udp_with_fallback(query, address, timeout=_PATIENCE_SECONDS, port=port)
        return reply
