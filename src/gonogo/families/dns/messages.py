"""Reads a DNS message into plain facts."""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rdtypes.ANY.RRSIG
import dns.rdtypes.ANY.SOA
import dns.rrset

from gonogo.evidence.dns import Answer, Signature

_MOST_RECORDS = 256
_MOST_SIGNATURES = 8
LONGEST_TEXT = 300
_DENIALS = {dns.rdatatype.NSEC, dns.rdatatype.NSEC3}
_AS_TEXT = {dns.rdatatype.NS, dns.rdatatype.CNAME}


def with_facts(answer: Answer, response: dns.message.QueryMessage) -> Answer:
    """The answer with the facts of its message. Raises DNSException where the reply contradicts itself."""
    answer = replace(
        answer,
        rcode=dns.rcode.to_text(response.rcode()),
        authoritative=bool(response.flags & dns.flags.AA),
        authenticated=bool(response.flags & dns.flags.AD),
    )
    # Some servers refuse without repeating the question; then there is no chain to follow.
    if not response.question:
        return answer
    if response.question[0].rdtype == dns.rdatatype.AXFR:
        return _with_transfer(answer, response)
    return _with_records(answer, response)


def host_text(name: dns.name.Name) -> str:
    """A name as it stands in evidence: lower case, without the final dot."""
    return name.to_text(omit_final_dot=True).lower()[:LONGEST_TEXT]


def signatures_over(response: dns.message.Message, rrset: dns.rrset.RRset) -> Iterator[dns.rdtypes.ANY.RRSIG.RRSIG]:
    """The RRSIG records of the reply that cover these records; a bounded number of them."""
    for candidate in (*response.answer, *response.authority):
        if (
            candidate.name == rrset.name
            and candidate.rdtype == dns.rdatatype.RRSIG
            and candidate.covers == rrset.rdtype
        ):
            yield from cast(Any, list(candidate)[:_MOST_SIGNATURES])


def denial_records(response: dns.message.Message) -> list[dns.rrset.RRset]:
    """The records of a reply that prove that something does not exist (RFC 4035, 3.1.3)."""
    return [rrset for rrset in response.authority if rrset.rdtype in _DENIALS]


def signature_facts(rrsig: dns.rdtypes.ANY.RRSIG.RRSIG, *, genuine: bool | None = None) -> Signature:
    """One RRSIG record."""
    return Signature(
        covers=dns.rdatatype.to_text(rrsig.type_covered),
        signer=host_text(rrsig.signer),
        key_tag=rrsig.key_tag,
        algorithm=int(rrsig.algorithm),
        inception=datetime.fromtimestamp(rrsig.inception, UTC),
        expiration=datetime.fromtimestamp(rrsig.expiration, UTC),
        genuine=genuine,
    )


def _with_records(answer: Answer, response: dns.message.QueryMessage) -> Answer:
    """The records at the end of the chain of aliases, bounded, with the longest TTL of the chain."""
    chain = response.resolve_chaining()
    rrsets = list(chain.answer or ())
    ttls = [rrset.ttl for rrset in (*chain.cnames, chain.answer) if rrset is not None]
    soa = next(_soa_records(response), None)
    signatures = (
        rrsig
        for rrset in (*chain.cnames, *([chain.answer] if chain.answer else ()))
        for rrsig in signatures_over(response, rrset)
    )
    return replace(
        answer,
        aliases=tuple(host_text(cast(Any, alias[0]).target) for alias in chain.cnames),
        records=tuple(sorted(_text(rdata) for rdata in rrsets[:_MOST_RECORDS])),
        omitted_records=max(0, len(rrsets) - _MOST_RECORDS),
        ttl=timedelta(seconds=max(ttls)) if ttls else None,
        serial=soa[0].serial if soa else None,
        negative_ttl=timedelta(seconds=min(soa[0].minimum, soa[1])) if soa else None,
        signatures=tuple(signature_facts(rrsig) for rrsig in signatures),
    )


def _with_transfer(answer: Answer, response: dns.message.QueryMessage) -> Answer:
    """The first message of a zone transfer begins with the zone's SOA (RFC 5936); its records are not kept."""
    rdatas = [rdata for rrset in response.answer for rdata in rrset]
    opening = [_text(rdata) for rdata in rdatas[:1] if rdata.rdtype == dns.rdatatype.SOA]
    return replace(answer, records=tuple(opening), omitted_records=max(0, len(rdatas) - 1) if opening else 0)


def _soa_records(response: dns.message.QueryMessage) -> Iterator[tuple[dns.rdtypes.ANY.SOA.SOA, int]]:
    for rrset in (*response.answer, *response.authority):
        if rrset.rdtype == dns.rdatatype.SOA:
            yield cast(dns.rdtypes.ANY.SOA.SOA, rrset[0]), rrset.ttl


def _text(rdata: dns.rdata.Rdata) -> str:
    """A record as text in one spelling, so that equal records of several servers are equal texts."""
    if rdata.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
        return str(ipaddress.ip_address(cast(Any, rdata).address))
    if rdata.rdtype in _AS_TEXT:
        return host_text(cast(Any, rdata).target)
    if rdata.rdtype == dns.rdatatype.TXT:
        # A text longer than 255 bytes is stored in pieces, which readers put together without a gap (RFC 7208, 3.3).
        return b"".join(cast(Any, rdata).strings).decode("utf-8", "replace")[:_LONGEST_TXT]
    return rdata.to_text()[:LONGEST_TEXT]


_LONGEST_TXT = 4096
