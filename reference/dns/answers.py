"""What a server says to a query: authoritative from its zone, or recursive with DNSSEC validation (RFC 4035)."""

from collections.abc import Callable
from dataclasses import dataclass

import dns.dnssec
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DS
import dns.rrset
import dns.zone

from reference.dns.zone import ORIGIN, DnsSettings

Answer = Callable[[dns.message.Message], dns.message.Message | None]
"""None: nothing is sent back."""
_LONGEST_CHAIN = 8
PARENT = dns.name.from_text("test.")
PARENT_ADDRESS = "127.0.0.10"
_PARENT_SERVER = "ns.test."
_API = dns.name.from_text("api", ORIGIN)
_PARENT_SOA = "ns.test. hostmaster.test. 1 3600 900 1209600 300"
STALE_ADDRESS = "127.0.0.9"


@dataclass(frozen=True, slots=True)
class Authority:
    """Answers from one zone; refuses everything else."""

    zone: dns.zone.Zone
    settings: DnsSettings
    lame: bool = False

    def __call__(self, query: dns.message.Message) -> dns.message.Message | None:
        """An answer with AA, or NXDOMAIN and NODATA with the SOA, or REFUSED."""
        response = dns.message.make_response(query)
        question = query.question[0]
        if question.rdtype == dns.rdatatype.HTTPS and self.settings.https_dropped:
            return None
        transfer = question.rdtype == dns.rdatatype.AXFR
        if self.lame or not question.name.is_subdomain(ORIGIN) or (transfer and not self.settings.transfers):
            response.set_rcode(dns.rcode.REFUSED)
            return response
        response.flags |= dns.flags.AA
        if transfer:
            _transfer(response, self.zone)
        elif question.rdtype == dns.rdatatype.CNAME and question.name == ORIGIN and self.settings.apex_alias:
            response.answer.append(dns.rrset.from_text(ORIGIN, 300, "IN", "CNAME", "site.hoster.test."))
        elif question.rdtype == dns.rdatatype.AAAA and question.name == _API and self.settings.aaaa_denied:
            _negative(response, self.zone, wants_signatures=_wants_dnssec(query))
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            rcode = fill(response, self.zone, question.name, question.rdtype, wants_signatures=_wants_dnssec(query))
            response.set_rcode(rcode)
        return response


@dataclass(frozen=True, slots=True)
class Registry:
    """The zone ``test.``, which delegates workme.test and holds its DS."""

    settings: DnsSettings
    ds: dns.rdtypes.ANY.DS.DS

    def __call__(self, query: dns.message.Message) -> dns.message.Message:
        """A referral with glue for everything at and below workme.test; its own names with AA."""
        response = dns.message.make_response(query)
        question = query.question[0]
        if not question.name.is_subdomain(PARENT):
            response.set_rcode(dns.rcode.REFUSED)
        elif self.settings.delegated and question.name.is_subdomain(ORIGIN) and question.rdtype != dns.rdatatype.DS:
            self._refer(response)
        else:
            response.flags |= dns.flags.AA
            response.set_rcode(_of_parent(response, question.name, question.rdtype, self.ds))
        return response

    def _refer(self, response: dns.message.Message) -> None:
        names = [f"{name}.{ORIGIN}" for name in self.settings.glue]
        response.authority.append(dns.rrset.from_text(ORIGIN, 3600, "IN", "NS", *names))
        response.additional += [
            dns.rrset.from_text(f"{name}.{ORIGIN}", 3600, "IN", "A", address)
            for name, address in self.settings.glue.items()
            if address
        ]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Answers recursively from what the authoritative servers have, and believes only what validates."""

    zone: dns.zone.Zone
    ds: dns.rdtypes.ANY.DS.DS
    stale: bool = False
    delegated: bool = True

    def __call__(self, query: dns.message.Message) -> dns.message.Message:
        """An answer with RA; SERVFAIL for what is bogus, unless the client checks for itself (CD)."""
        response = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        checking_disabled = bool(query.flags & dns.flags.CD)
        if not question.name.is_subdomain(PARENT):
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif not question.name.is_subdomain(ORIGIN) or not self.delegated or _is_ds(question):
            response.set_rcode(
                _of_parent(response, question.name, question.rdtype, self.ds if self.delegated else None)
            )
        elif self.stale and question.rdtype == dns.rdatatype.A and question.name.labels[0] == b"api":
            response.answer.append(dns.rrset.from_text(question.name, 300, "IN", "A", STALE_ADDRESS))
        elif not checking_disabled and not self._validates(question.name, question.rdtype):
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            signed = _wants_dnssec(query)
            response.set_rcode(fill(response, self.zone, question.name, question.rdtype, wants_signatures=signed))
            if signed and not checking_disabled:
                response.flags |= dns.flags.AD
        return response

    def _validates(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> bool:
        """The chain of trust: DS → DNSKEY → signature of every record set in the answer."""
        keys = self.zone.find_rrset(ORIGIN, dns.rdatatype.DNSKEY)
        if all(dns.dnssec.make_ds(ORIGIN, key, "SHA256") != self.ds for key in keys):
            return False
        scratch = dns.message.make_response(dns.message.make_query(name, rdtype))
        fill(scratch, self.zone, name, rdtype, wants_signatures=True)
        signatures = {
            (rrset.name, rrset.covers): rrset for rrset in scratch.answer if rrset.rdtype == dns.rdatatype.RRSIG
        }
        for rrset in scratch.answer:
            if rrset.rdtype == dns.rdatatype.RRSIG:
                continue
            try:
                dns.dnssec.validate(rrset, signatures[rrset.name, rrset.rdtype], {ORIGIN: keys})
            except (dns.exception.ValidationFailure, KeyError):
                return False
        return True


def _is_ds(question: dns.rrset.RRset) -> bool:
    return question.name == ORIGIN and question.rdtype == dns.rdatatype.DS


def _of_parent(
    response: dns.message.Message,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    ds: dns.rdtypes.ANY.DS.DS | None,
) -> dns.rcode.Rcode:
    """Return what is in the zone above: its server, that server's address, and the DS of what it delegates."""
    if name == ORIGIN and rdtype == dns.rdatatype.DS and ds is not None:
        response.answer.append(dns.rrset.from_rdata(ORIGIN, 3600, ds))
    elif (name, rdtype) == (PARENT, dns.rdatatype.NS):
        response.answer.append(dns.rrset.from_text(PARENT, 3600, "IN", "NS", _PARENT_SERVER))
    elif (name, rdtype) == (dns.name.from_text(_PARENT_SERVER), dns.rdatatype.A):
        response.answer.append(dns.rrset.from_text(name, 3600, "IN", "A", PARENT_ADDRESS))
    else:
        response.authority.append(dns.rrset.from_text(PARENT, 300, "IN", "SOA", _PARENT_SOA))
        exists = name in {PARENT, dns.name.from_text(_PARENT_SERVER)}
        return dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN
    return dns.rcode.NOERROR


def _transfer(response: dns.message.Message, zone: dns.zone.Zone) -> None:
    """The whole zone, between its SOA and its SOA (RFC 5936)."""
    soa = _rrset(ORIGIN, zone.find_node(ORIGIN).find_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA))
    rest = [
        _rrset(name, rdataset) for name, rdataset in zone.iterate_rdatasets() if rdataset.rdtype != dns.rdatatype.SOA
    ]
    response.answer += [soa, *rest]


def fill(
    response: dns.message.Message,
    zone: dns.zone.Zone,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    *,
    wants_signatures: bool,
) -> dns.rcode.Rcode:
    """Put the records for a question into a response, following CNAMEs inside the zone; gives the response code."""
    for _ in range(_LONGEST_CHAIN):
        node = _node(zone, name)
        if node is None:
            _negative(response, zone, wants_signatures=wants_signatures)
            return dns.rcode.NXDOMAIN
        if _add(response, node, name, rdtype, wants_signatures=wants_signatures):
            return dns.rcode.NOERROR
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None:
            _negative(response, zone, wants_signatures=wants_signatures)
            return dns.rcode.NOERROR
        _add(response, node, name, dns.rdatatype.CNAME, wants_signatures=wants_signatures)
        name = alias[0].target
        if not name.is_subdomain(ORIGIN):
            return dns.rcode.NOERROR
    return dns.rcode.SERVFAIL


def _node(zone: dns.zone.Zone, name: dns.name.Name) -> dns.node.Node | None:
    """The records of a name, or of the wildcard that covers it (RFC 4592); empty non-terminals exist."""
    node = zone.get_node(name)
    if node is not None:
        return node
    if any(owner.is_subdomain(name) for owner in zone.nodes):
        return dns.node.Node()  # type: ignore[no-untyped-call]  # dnspython annotates it not yet
    return zone.get_node(dns.name.Name([b"*", *name.parent().labels]))


def _add(
    response: dns.message.Message,
    node: dns.node.Node,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    *,
    wants_signatures: bool,
) -> bool:
    rdataset = node.get_rdataset(dns.rdataclass.IN, rdtype)
    if rdataset is None:
        return False
    response.answer.append(_rrset(name, rdataset))
    signatures = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, rdtype)
    if wants_signatures and signatures is not None:
        response.answer.append(_rrset(name, signatures))
    return True


def _rrset(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(name, rdataset.rdclass, rdataset.rdtype, rdataset.covers)
    rrset.update(rdataset)  # type: ignore[no-untyped-call]  # dnspython annotates it not yet
    return rrset


def _negative(response: dns.message.Message, zone: dns.zone.Zone, *, wants_signatures: bool) -> None:
    apex = zone.find_node(ORIGIN)
    response.authority.append(_rrset(ORIGIN, apex.find_rdataset(dns.rdataclass.IN, dns.rdatatype.SOA)))
    signatures = apex.get_rdataset(dns.rdataclass.IN, dns.rdatatype.RRSIG, dns.rdatatype.SOA)
    if wants_signatures and signatures is not None:
        response.authority.append(_rrset(ORIGIN, signatures))


def _wants_dnssec(query: dns.message.Message) -> bool:
    return bool(query.ednsflags & dns.flags.DO)
