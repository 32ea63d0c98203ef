"""Problems of a zone's signatures, server by server, computed from the evidence: each with its fix."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from gonogo.base.comparing import at_least
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.dns import Answer, Signature
from gonogo.evidence.dns_zone import DnsZoneEvidence, ServerAnswers

_PERCENT = 100
_LEEWAY = timedelta(minutes=5)
"""Signers that sign every answer anew date it by their own clock."""
_SKEW = timedelta(hours=25)


def published(zone: DnsZoneEvidence) -> frozenset[str]:
    """The DS records at the parent, as resolvers give them."""
    return frozenset(record for validation in zone.validations for record in validation.ds.records)


def signing_faults(zone: DnsZoneEvidence, *, least_percent: float) -> list[str]:
    """Everything for which a validating resolver refuses the zone, or soon will.

    Raises Unobserved where our own clock is the only one that says so.
    """
    _require_agreeing_clock(zone)
    ds = published(zone)
    serving = [server for server in zone.servers if server.dnskey is not None and server.dnskey.with_authority]
    signed = frozenset(
        (answer.name, answer.rdtype) for server in serving for answer in server.hosts if answer.signatures
    )
    problems: dict[str, list[str]] = {}
    for server in zone.servers:
        key = server.dnskey
        if key is not None and key.heard and not key.with_authority and _serves(server):
            fault = f"queries for DNSKEY get {key.told}, while the parent has a DS: load the signed zone there"
            problems.setdefault(fault, []).append(f"{server.name} ({server.address})")
    for server in serving:
        for fault in _faults(server, ds, signed, zone, least_percent):
            problems.setdefault(fault, []).append(f"{server.name} ({server.address})")
    return [f"at {', '.join(where)} {fault}" for fault, where in problems.items()]


def _require_agreeing_clock(zone: DnsZoneEvidence) -> None:
    """Raise Unobserved if resolvers validate what by our clock was over, or had not begun, for more than a day.

    Their own tolerance is a day at the most (Unbound, ``val-sig-skew-max``), and what is over they give to nobody.
    """
    now = zone.taken_at
    signatures = [
        signature
        for server in zone.servers
        for answer in (server.dnskey, server.udp, server.tcp)
        if answer is not None
        for signature in answer.signatures
        if signature.signer == zone.zone
    ]
    trusting = [resolver.resolver for resolver in zone.validations if resolver.checked.authenticated]
    if not signatures or not trusting or any(resolver.bogus for resolver in zone.validations):
        return
    over = all(now - signature.expiration > _SKEW for signature in signatures)
    early = all(signature.inception - now > _SKEW for signature in signatures)
    if not (over or early):
        return
    last, first = (
        max(signature.expiration for signature in signatures),
        min(signature.inception for signature in signatures),
    )
    dates = f"over since {_utc(last)}" if over else f"not valid before {_utc(first)}"
    raise Unobserved(
        f"{zone.zone}: by our clock all signatures are {dates}, and {', '.join(trusting)} validate them now: dates cannot be judged",
        hint="set the clock of the machine that runs gonogo (timedatectl set-ntp true)",
    )


def _serves(server: ServerAnswers) -> bool:
    return server.udp.with_authority or server.tcp.with_authority


def _faults(
    server: ServerAnswers,
    ds: frozenset[str],
    signed: frozenset[tuple[str, str]],
    zone: DnsZoneEvidence,
    least_percent: float,
) -> Iterator[str]:
    """Everything wrong with the signatures at one server, in the order in which a validating resolver meets it."""
    if not server.keys:
        yield "there is no DNSKEY and no signature, while the parent has a DS: load the signed zone there"
        return
    # By the digest of the whole key: two keys may have the same tag (RFC 4034, appendix B).
    vouched = frozenset(key.key_tag for key in server.keys if ds.intersection(key.ds))
    if not vouched:
        yield (
            f"no DNSKEY (there are keys {_tags(key.key_tag for key in server.keys)}) is the one that the parent's "
            f"DS of key {_tags(int(record.split()[0]) for record in ds)} vouches for: "
            "publish the DS of the current key at the registrar"
        )
    answers = [server.dnskey, server.udp if server.udp.records else server.tcp, *server.hosts]
    checked = [answer for answer in answers if answer is not None and (answer.records or answer.signatures)]
    for reason, names in _by_reason(checked, vouched, signed, zone, least_percent).items():
        yield f"the signatures over {', '.join(names)} {reason}"


def _by_reason(
    answers: Iterable[Answer],
    vouched: frozenset[int],
    signed: frozenset[tuple[str, str]],
    zone: DnsZoneEvidence,
    least_percent: float,
) -> dict[str, list[str]]:
    """Names whose signatures do not hold, grouped by the reason, so that one cause is told once."""
    reasons: dict[str, list[str]] = {}
    for answer in answers:
        for covers, signatures in _sets(answer, zone.zone, expected=(answer.name, answer.rdtype) in signed):
            # The keys themselves count by the signature of one that the parent vouches for.
            able = [
                signature
                for signature in signatures
                if covers != "DNSKEY" or not vouched or signature.key_tag in vouched
            ]
            reason = _reason(able, zone.taken_at, least_percent)
            if reason:
                label = covers if answer.name == zone.zone and covers != "A" else f"{answer.name} {covers}"
                names = reasons.setdefault(reason, [])
                names += [label] if label not in names else []
    return reasons


def _sets(answer: Answer, zone: str, *, expected: bool) -> Iterator[tuple[str, Sequence[Signature]]]:
    """Signatures by what they cover. Those of another zone, where an alias leads there, are not ours to judge."""
    ours = [signature for signature in answer.signatures if signature.signer == zone]
    for covers in dict.fromkeys(signature.covers for signature in ours):
        yield covers, [signature for signature in ours if signature.covers == covers]
    if not answer.signatures and (expected or answer.rdtype in {"DNSKEY", "SOA"}):
        yield answer.rdtype, ()


def _reason(signatures: Sequence[Signature], now: datetime, least_percent: float) -> str:
    """The first reason why these signatures do not hold, or not for long enough; empty if they do."""
    genuine = [signature for signature in signatures if signature.genuine is not False]
    current = [
        signature for signature in genuine if signature.inception <= now + _LEEWAY and now < signature.expiration
    ]
    if not signatures:
        return "are missing: sign the zone again"
    if not genuine:
        return (
            f"(key {_tags(signature.key_tag for signature in signatures)}) were not made by a key of the zone over the records "
            "that are served: sign the zone again; waiting does not help"
        )
    if not current:
        last = max(genuine, key=lambda signature: signature.expiration)
        if last.expiration <= now:
            return f"are over since {_utc(last.expiration)}: let the signer run, and load what it signs on every server"
        return f"are not valid before {_utc(last.inception)}: set the signer's clock right"
    # One signature that holds is enough for a resolver: the one that lives longest decides.
    best = max(current, key=lambda signature: (signature.expiration - now) / signature.lifetime)
    left = best.expiration - now
    percent = _PERCENT * (left / best.lifetime)
    if not at_least(percent, least_percent, "left of the life of signatures", "%"):
        return (
            f"end in {format_duration(left)}, {percent:.0f} % of their {format_duration(best.lifetime)} are left, "
            f"at least {least_percent:g} % are expected: let the signer run"
        )
    return ""


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _tags(tags: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(set(tags))))
