"""Reads a zone's keys, and holds signatures against them (RFC 4034, RFC 4035)."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.RRSIG
import dns.rrset
from dns.dnssectypes import DSDigest

from gonogo.evidence.dns import Answer, Signature
from gonogo.evidence.dns_zone import ZoneKey
from gonogo.families.dns.messages import denial_records, signature_facts, signatures_over
from gonogo.families.dns.query import DnsReply

_DIGESTS = (DSDigest.SHA1, DSDigest.SHA256, DSDigest.SHA384)
_MOST_KEYS = 16
_MOST_KEYS_WITH_ONE_TAG = 2
"""Tags collide by chance at most once; a zone whose keys all share one would have us try each with each signature."""
Keys = Mapping[dns.name.Name, dns.rdataset.Rdataset]


def zone_keys(reply: DnsReply, zone: str) -> tuple[ZoneKey, ...]:
    """The DNSKEY records of a reply."""
    origin = dns.name.from_text(zone)
    return tuple(
        ZoneKey(key_tag=dns.dnssec.key_id(key), algorithm=int(key.algorithm), flags=key.flags, ds=_ds(origin, key))
        for key in _keys(reply, origin)
    )


def usable_keys(reply: DnsReply, zone: str) -> Keys:
    """The keys in dnspython's form, without more of one tag than chance explains."""
    origin = dns.name.from_text(zone)
    tags = Counter[int]()
    usable = dns.rdataset.Rdataset(dns.rdataclass.IN, dns.rdatatype.DNSKEY)
    for key in _keys(reply, origin):
        tag = dns.dnssec.key_id(key)
        tags[tag] += 1
        if tags[tag] <= _MOST_KEYS_WITH_ONE_TAG:
            usable.add(key)
    return {origin: usable}


def examined(reply: DnsReply, keys: Keys) -> Answer:
    """The answer with the word on each of its signatures: made by a key of the zone over these records, or not.

    Without a record those over its denial are meant.
    """
    if reply.message is None or not reply.message.question:
        return reply.answer
    chain = reply.message.resolve_chaining()
    rrsets = [rrset for rrset in (*chain.cnames, chain.answer) if rrset is not None]
    rrsets += [] if chain.answer else denial_records(reply.message)
    return replace(
        reply.answer,
        signatures=tuple(
            _examined(rrset, rrsig, keys) for rrset in rrsets for rrsig in signatures_over(reply.message, rrset)
        ),
    )


def _examined(rrset: dns.rrset.RRset, rrsig: dns.rdtypes.ANY.RRSIG.RRSIG, keys: Keys) -> Signature:
    """The facts of one signature, with whether its key really made it; unknown without the key or its algorithm."""
    if rrsig.signer not in keys:
        return signature_facts(rrsig)
    try:
        # At the time of its making: whether it is over, or not valid yet, is a question of its own.
        dns.dnssec.validate_rrsig(
            rrset, rrsig, cast(Any, keys), now=rrsig.inception, policy=dns.dnssec.allow_all_policy
        )
    except dns.exception.UnsupportedAlgorithm:
        return signature_facts(rrsig)
    except (dns.exception.DNSException, ValueError):
        return signature_facts(rrsig, genuine=False)
    return signature_facts(rrsig, genuine=True)


def _keys(reply: DnsReply, origin: dns.name.Name) -> list[dns.rdtypes.ANY.DNSKEY.DNSKEY]:
    """The zone's keys in a reply, bounded: a hostile zone may list thousands, and each costs a verification."""
    answer = reply.message.answer if reply.message is not None else ()
    return [
        cast(dns.rdtypes.ANY.DNSKEY.DNSKEY, key)
        for rrset in answer
        if rrset.name == origin and rrset.rdtype == dns.rdatatype.DNSKEY
        for key in list(rrset)[:_MOST_KEYS]
    ]


def _ds(origin: dns.name.Name, key: dns.rdtypes.ANY.DNSKEY.DNSKEY) -> tuple[str, ...]:
    made = (dns.dnssec.make_ds(origin, key, digest, policy=dns.dnssec.allow_all_policy) for digest in _DIGESTS)
    return tuple(ds.to_text() for ds in made)
