"""One read-only look at a service that nobody has described yet: a few names, two handshakes, some twenty GETs."""

import ipaddress
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from gonogo.base.errors import Unobserved, UsageError
from gonogo.clients.http import address_client
from gonogo.clients.trust import trust_context, unverified_context
from gonogo.environment.types import join_socket_address
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.families.http.probe import probe_plain_http
from gonogo.families.http.questions import PlainHttpQuestion
from gonogo.families.tls.probe import TlsQuestion, probe_tls
from gonogo.starting.discovery_http import listen
from gonogo.starting.discovery_names import look_up
from gonogo.starting.findings import Findings, Hints, Names, ShownCertificate, Spoken

_HTTPS, _HTTP = 443, 80


async def look(
    base_url: str, *, trust: str, addresses: Sequence[str], resolvers: Sequence[str], hints: Hints
) -> Findings:
    """Ask nothing that changes anything, and send nothing private. Raises UsageError if there is nobody to ask."""
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    verified = trust_context(trust)
    names = await look_up(host, addresses=addresses, resolvers=resolvers)
    handshake = await _presented(host, names, port, trust)
    presented = _facts(handshake)
    # A certificate that nobody should accept is a finding; the service behind it is looked at all the same.
    context = verified if presented.sound else unverified_context()
    return Findings(
        base_url=base_url,
        host=host,
        port=port,
        trust=trust,
        names=names,
        presented=presented,
        plain=await _plain(host, handshake.address, port),
        spoken=await _spoken(handshake.address, context, base_url, hints),
        public=all(ipaddress.ip_address(address).is_global for address in names.addresses),
    )


async def _presented(host: str, names: Names, port: int, trust: str) -> TlsEvidence:
    """The handshake of the first address that answers. Raises UsageError with the reply of each address otherwise."""
    failures = []
    for address in names.addresses:
        where = join_socket_address(address, port)
        question = TlsQuestion(host=host, address=address, port=port, trust=trust)
        try:
            handshake = await probe_tls(question, thorough=False)
        except Unobserved as unobserved:
            failures.append(unobserved.reason)
            continue
        if handshake.handshake is Handshake.DONE and handshake.leaf:
            return handshake
        failures.append(f"{where}: {handshake.detail or handshake.handshake}")
    raise UsageError(
        f"--base-url: {host} does not speak TLS ({'; '.join(failures)}); start the service, or correct its address and "
        "port, then run gonogo init again"
    )


def _facts(tls: TlsEvidence) -> ShownCertificate:
    leaf = tls.leaf
    if leaf is None:
        raise UsageError(f"{tls.address}: sent no certificate that can be read")
    remaining = leaf.remaining(datetime.now(UTC))
    return ShownCertificate(
        address=tls.address,
        issuer=leaf.issuer_organisation or leaf.issuer or "(nameless)",
        days_left=remaining.days,
        name_matches=tls.presented[0].name_matches,
        problem=tls.presented[0].verification,
    )


async def _plain(host: str, address: str, https_port: int) -> str:
    """The reply of the plain http port, in words."""
    question = PlainHttpQuestion(host=host, address=address, port=_HTTP, https_port=https_port)
    try:
        reply = await probe_plain_http(question)
    except Unobserved as unobserved:
        return f"not known: {unobserved.reason}"
    if reply.refused or reply.filtered:
        return "closed, as it should be"
    if reply.exchange.status is None:
        return f"accepts connections, and gives no reply: {reply.exchange.problem}"
    location = reply.exchange.headers.get("location", "")
    return f"answers {reply.exchange.status}" + (f", and redirects to {location}" if location else "")


async def _spoken(address: str, context: ssl.SSLContext, base_url: str, hints: Hints) -> Spoken:
    parts = urlsplit(base_url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    try:
        async with address_client(context, host=host, address=address, port=port) as client:
            return await listen(client, parts.path.rstrip("/"), hints)
    except Unobserved as unobserved:
        return Spoken(unknown_page=None, problem=unobserved.reason)
