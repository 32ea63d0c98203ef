"""CAA: which authorities may issue certificates for a host."""

import pytest

from gonogo.base.comparing import decided, shown
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.dns import Answer, DnsHostEvidence
from gonogo.evidence.tls import TlsEvidence

_CRITICAL = 128
_UNDERSTOOD_TAGS = {"issue", "issuewild", "issuemail", "issuevmc", "iodef", "contactemail", "contactphone"}


@pytest.mark.check("dns-caa")
def test_caa_permits_our_authority(
    dns_host: DnsHostEvidence, tls_all: tuple[TlsEvidence, ...], environment: Environment
) -> None:
    """If CAA does not permit the authority, today's certificate still works, and the next renewal fails.

    Fix: add 'CAA 0 issue "AUTHORITY"' for the authority that renews, or correct tls.caa.
    """
    caa = _caa(dns_host)
    if caa is None:
        decided("CAA", "none: everybody may issue", "none, or one that permits our authority")
        return
    authority = environment.tls.caa if environment.tls else None
    if authority is None:
        raise Unobserved(
            f"{caa.name} has CAA, but the environment does not say which authority renews",
            hint='declare tls.caa, as in "letsencrypt.org"',
        )
    for wildcard in sorted({_is_wildcard(tls) for tls in tls_all}):
        kind = "wildcard certificates " if wildcard else ""
        permitted = _permits(caa, authority, wildcard=wildcard)
        assert shown(permitted, "CAA for a wildcard" if wildcard else "CAA", caa.records, authority), (
            f"{dns_host.host}: CAA at {caa.name} does not let {authority} issue {kind}(found: {caa.told})"
        )


@pytest.mark.check("dns-caa-present")
def test_caa_exists(dns_host: DnsHostEvidence) -> None:
    """Without CAA every authority in the world may issue for this name.

    Fix: add 'CAA 0 issue "AUTHORITY"' at the zone's apex.
    """
    climbed = ", ".join(answer.name for answer in dns_host.caa)
    caa = _caa(dns_host)
    assert shown(caa, "CAA", caa.records if caa else "none", "there"), (
        f"{dns_host.host}: no CAA record at any of {climbed}"
    )


def _caa(host: DnsHostEvidence) -> Answer | None:
    """The records that decide. An authority that gets no answer must not issue (RFC 8659, section 3)."""
    for answer in host.caa:
        if not answer.conclusive:
            raise Unobserved(f"{host.host}: CAA of {answer.name} could not be read: {answer.told}")
        assert shown(answer.rcode != "SERVFAIL", f"CAA of {answer.name}", answer.rcode, "an answer"), (
            f"{host.host}: resolvers answer SERVFAIL for CAA of {answer.name}: no authority may issue"
        )
        if answer.records:
            return answer
    return None


def _permits(caa: Answer, authority: str, *, wildcard: bool) -> bool:
    """RFC 8659, section 4: ``issuewild`` goes first for wildcards; no property at all restricts nothing."""
    properties: dict[str, set[str]] = {}
    for record in caa.records:
        flags, tag, value = record.split(" ", 2)
        if int(flags) & _CRITICAL and tag.lower() not in _UNDERSTOOD_TAGS:
            return False
        domain = value.strip('"').partition(";")[0].strip().lower()
        properties.setdefault(tag.lower(), set()).add(domain)
    issue = properties.get("issue")
    deciding = properties.get("issuewild", issue) if wildcard else issue
    return deciding is None or authority in deciding


def _is_wildcard(tls: TlsEvidence) -> bool:
    """Whether it is by a wildcard that the live certificate covers the host."""
    names = tls.leaf.names if tls.leaf else ()
    return tls.host not in names and f"*.{tls.host.partition('.')[2]}" in names
