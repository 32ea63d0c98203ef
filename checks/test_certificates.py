"""Certificates, judged for every one that a name can serve, at every address."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from gonogo.base.comparing import at_least, at_most, one_of, shown, so, unnoted
from gonogo.base.durations import format_duration
from gonogo.base.errors import Failed, Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import (
    Certificate,
    Handshake,
    Offer,
    TlsEvidence,
    without_roots,
)
from gonogo.policy.catalogue import Policy

_CERTIFICATES = ("RSA certificate", "EC certificate", "Ed25519 certificate")
_BROKEN_HASHES = {"md5", "sha1"}
_SMALLEST_KEY = {"RSA": 2048, "EC": 256, "Ed25519": 256, "Ed448": 448}
_BROWSERS = ("Chromium",)
_STAPLE_LEEWAY = timedelta(minutes=5)
"""As OpenSSL allows, for clocks that differ."""
_CLOCKS_AGREE = timedelta(minutes=1)
_PUBLIC_LIFETIMES = (
    (datetime.fromisoformat("2029-03-15T00:00:00+00:00"), timedelta(days=47)),
    (datetime.fromisoformat("2027-03-15T00:00:00+00:00"), timedelta(days=100)),
    (datetime.fromisoformat("2026-03-15T00:00:00+00:00"), timedelta(days=200)),
    (datetime.fromisoformat("2020-09-01T00:00:00+00:00"), timedelta(days=398)),
)
"""Longest validity by the day of issue: CA/Browser Forum, ballots SC-081v3 and 193, and the root programs of browsers."""
_LONGEST_LIFE = timedelta(days=825)
"""Whoever issued it: Apple's clients refuse more, from private roots as well."""
_FEWEST_TIMESTAMPS = 2


@pytest.mark.check("tls-chain")
def test_chain_builds_to_the_declared_trust(tls: TlsEvidence) -> None:
    """Browsers may repair a chain that phones, SDKs and webhook senders refuse.

    Fix: serve the full chain (fullchain.pem, not cert.pem), issued by an authority that clients trust.
    """
    for presented, _ in tls.certificates:
        assert shown(
            not presented.verification, f"chain (trust: {tls.trust})", presented.verification or "builds", "builds"
        ), (
            f"{tls.where(presented)}: {presented.verification} "
            f"({_counted(len(presented.chain), 'certificate')} sent, trust: {tls.trust})"
        )
    for name in _CERTIFICATES:
        tls.answer(tls.offer(name) or Offer(name=name, handshake=Handshake.REFUSED))


@pytest.mark.check("tls-chain-strict")
def test_chain_is_valid_by_the_letter(tls: TlsEvidence) -> None:
    """Clients on Python 3.13 and newer apply RFC 5280 strictly, and refuse certificates that others accept.

    Fix: ask the authority to reissue it with critical basicConstraints, key usage, and key identifiers; a server's own
    certificate is no authority (CA:FALSE).
    """
    for presented, leaf in tls.certificates:
        assert so(
            not presented.strict_verification, "chain, by strict clients", "builds", presented.strict_verification
        ), f"{tls.where(presented)}: strict clients say: {presented.strict_verification}"
        assert so(not leaf.is_authority, "leaf is an authority", "no", "yes"), (
            f"{tls.where(presented)}: the leaf is itself an authority (basicConstraints CA:TRUE)"
        )


@pytest.mark.check("tls-hostname")
def test_certificate_is_for_this_name(tls: TlsEvidence) -> None:
    """Every client refuses a certificate for another name.

    Fix: issue for this name too (certbot --expand -d NAME), or serve the right certificate for its SNI.
    """
    for presented, leaf in tls.certificates:
        names = ", ".join(leaf.names) or "no name at all"
        assert shown(presented.name_matches, "names in the certificate", names, tls.host), (
            f"{tls.where(presented)}: the certificate is for {names}"
        )


@pytest.mark.check("tls-expiry")
def test_certificate_outlives_the_launch(tls: TlsEvidence, policy: Policy) -> None:
    """A renewal that silently failed shows up here, before users see it.

    Fix: run the ACME client by hand, read its log, reload the web server.
    """
    # While clients still take it, whatever is behind it can be judged.
    _by_both_clocks(tls, lambda at: _ending(tls, at, policy), blocks=_refused(tls, tls.taken_at))


@pytest.mark.check("tls-renewal")
def test_renewal_is_not_overdue(tls: TlsEvidence, policy: Policy) -> None:
    """ACME clients begin to renew with a third of the life left; a leaf that is much older was not renewed.

    Fix: see that the renewal timer is enabled (systemctl list-timers), read its last log, and see that it reloads the
    web server.
    """
    _by_both_clocks(tls, lambda at: _overdue(tls, at, policy))


@pytest.mark.check("tls-renewed-everywhere")
def test_renewal_reached_every_address(tls_all: tuple[TlsEvidence, ...], policy: Policy) -> None:
    """A hook that misses one server leaves the old certificate on it, until that expires.

    Fix: deploy the renewed certificate to the address that is named, reload its web server, and correct the hook.
    """
    leaves = [(tls, leaf) for tls in tls_all for leaf in tls.leaves]
    for tls, leaf in leaves:
        left, due = leaf.remaining(tls.taken_at), _renewal_due(leaf, policy)
        if left >= due:
            at_least(left, due, "left of the life")  # one that is due counts only where another was renewed
            continue
        for other, renewed in leaves:
            later = renewed.not_before - leaf.not_before
            if other.address == tls.address or renewed.key_type != leaf.key_type:
                continue
            assert at_most(later, timedelta(0), "renewed later elsewhere, by"), (
                f"{tls.host}: the certificate at {other.address} was renewed {format_duration(later)} after the one at "
                f"{tls.address}"
            )


@pytest.mark.check("tls-keys")
def test_keys_and_signatures_are_strong(tls: TlsEvidence) -> None:
    """A weak key or hash lets others impersonate the service, and current clients refuse it.

    Fix: issue it again with an EC P-256 or RSA 2048 key, from an authority that signs with SHA-256 and has such keys itself.
    """
    for presented, leaf in tls.certificates:
        for certificate in (leaf, *presented.whole_path[1:]):
            _judge_key(f"{tls.where(presented)}: {certificate.subject}", certificate)
        assert so(
            not presented.level_verification, "chain, by OpenSSL's defaults", "builds", presented.level_verification
        ), f"{tls.where(presented)}: clients with the defaults of OpenSSL say: {presented.level_verification}"


@pytest.mark.check("tls-browsers")
def test_browsers_accept_it(tls: TlsEvidence) -> None:
    """Browsers refuse what other clients accept: rare kinds of keys, long lives, authorities without a public log.

    Fix: issue it again with an EC P-256 or RSA key, for at most 100 days, from an authority that logs what it issues.
    """
    for client in tls.clients:
        if client.name in _BROWSERS:
            _gets_in(tls, client)
    for presented, leaf in tls.certificates:
        where = tls.where(presented)
        longest = _longest_life(leaf, public=tls.trust == "public")
        assert at_most(leaf.lifetime, longest + timedelta(seconds=1), "life of the leaf"), (
            f"{where}: the leaf is valid for {format_duration(leaf.lifetime)}; issued on {leaf.not_before:%Y-%m-%d}, it "
            f"may be valid for at most {format_duration(longest)}"
        )
        timestamps = max(leaf.timestamps, presented.timestamps)
        assert tls.trust != "public" or at_least(timestamps, _FEWEST_TIMESTAMPS, "certificate timestamps", "SCT"), (
            f"{where}: the leaf comes with {_counted(timestamps, 'signed certificate timestamp')} (SCT); browsers demand "
            f"at least {_FEWEST_TIMESTAMPS}"
        )


@pytest.mark.check("tls-revoked")
def test_certificate_is_not_revoked(tls: TlsEvidence) -> None:
    """Clients that check revocation refuse a revoked certificate at once, whatever its dates say.

    Fix: issue a new certificate with a new key, deploy it everywhere, and find out who revoked the old one and why.
    """
    for presented, _ in tls.certificates:
        staple = presented.staple
        revoked = staple is not None and staple.status == "revoked" and not staple.problem
        assert so(not revoked, "revoked, by the staple of the server", "no", "yes"), (
            f"{tls.where(presented)}: the server's own OCSP staple says that it was revoked"
            f"{_at(staple.revoked_at if staple else None)}"
        )
        for listed in presented.revocation:
            assert so(listed.revoked_at is None, "revoked, by the list of the authority", "no", "yes"), (
                f"{tls.where(presented)}: {listed.subject} was revoked{_at(listed.revoked_at)}, says {listed.url}"
            )


@pytest.mark.check("tls-revocation-known")
def test_revocation_can_be_known(tls: TlsEvidence) -> None:
    """If the revocation of a certificate cannot be checked, some clients refuse it, and others are not protected.

    Fix: set ssl_stapling on; with a resolver, and reload; or find out why this machine cannot read the authority's list.
    """
    for presented, leaf in tls.certificates:
        staple, where = presented.staple, tls.where(presented)
        assert so(staple is not None or not leaf.must_staple, "staple", "there, or not demanded", "missing"), (
            f"{where}: the leaf demands an OCSP staple (RFC 7633); the server sent none"
        )
        if staple is not None:
            assert so(not staple.problem, "what the staple is worth", "valid", "void"), (
                f"{where}: the staple is invalid: {staple.problem}"
            )
            ahead = timedelta() if staple.this_update is None else staple.this_update - tls.taken_at
            assert at_most(ahead, _STAPLE_LEEWAY, "staple dated ahead of our clock"), (
                f"{where}: the staple is dated in the future{_at(staple.this_update)} (thisUpdate)"
            )
            left = timedelta() if staple.next_update is None else staple.next_update - tls.taken_at
            assert at_least(left, timedelta(), "staple good for"), (
                f"{where}: the staple is out of date{_at(staple.next_update)} (nextUpdate)"
            )
            assert one_of(staple.status, ("good", "revoked"), "status in the staple"), (
                f"{where}: the staple says {staple.status}"
            )
        for listed in presented.revocation:
            assert so(not listed.problem, "list of the authority", "read", listed.problem), (
                f"{where}: it is not known whether {listed.subject} is revoked: {listed.url} {listed.problem}"
            )
        known = presented.revocation or staple or not leaf.revocation_lists or presented.verification
        assert so(known, "revocation", "can be known", "not known"), (
            f"{where}: it is not known whether it is revoked: {leaf.revocation_lists[0]} was not fetched (tls.revocation_lists)"
        )


@pytest.mark.check("tls-same-everywhere")
def test_all_addresses_serve_the_same(tls_all: tuple[TlsEvidence, ...], environment: Environment) -> None:
    """One forgotten server with an old certificate is an outage for some users.

    Fix: deploy the certificate to every server behind the name, and reload them all; or declare every authority that
    issues for it, as in tls.issuer = ["Let's Encrypt", "Google Trust Services"].
    """
    first, *others = tls_all
    declared = set(environment.issuers_of(first.host))
    for other in others:
        first_names, two = first.authorities, other.authorities
        assert so(
            first_names == two or first_names | two <= declared,
            "authorities at all addresses",
            "the same, or declared",
            "others",
        ), (
            f"{first.host}: {first.address} serves a certificate of {', '.join(sorted(first_names))}, "
            f"{other.address} one of {', '.join(sorted(two))}"
        )


@pytest.mark.check("tls-issuer")
def test_declared_authority_issued(tls: TlsEvidence, environment: Environment) -> None:
    """If another authority issued the certificate, our own renewal did not install it.

    Fix: find out who issued it; then correct tls.issuer in the environment file, or replace the certificate.
    """
    declared = environment.issuers_of(tls.host)
    if not declared:
        raise Unobserved("the environment declares no [tls]", hint="declare tls.issuer, as in 'Let's Encrypt'")
    for presented, leaf in tls.certificates:
        issued_by = leaf.authority
        assert one_of(issued_by, declared, "issued by"), (
            f"{tls.where(presented)}: issued by {issued_by}; {' or '.join(declared)} is declared"
        )


def _ending(tls: TlsEvidence, at: datetime, policy: Policy) -> str:
    """What ends too soon, or has not begun."""
    for presented, leaf in tls.certificates:
        # Whatever ends first ends the leaf's use: its life is the measure for the intermediates as well.
        wanted = leaf.lifetime * policy.number("min_remaining_fraction")
        least = max(policy.duration("floor"), min(wanted, policy.duration("ceiling")))
        for certificate in without_roots((leaf, *presented.whole_path[1:])):
            left = certificate.remaining(at)
            if certificate.not_before > at:
                begin = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
                return f"{tls.where(presented)}: {certificate.subject} is not valid before {begin}"
            if not at_least(left, least, "left of the life"):
                needed = "" if left <= timedelta(0) else f"; at least {format_duration(least)} is expected"
                return f"{tls.where(presented)}: {_validity(certificate, left)}{needed}"
        for root in presented.whole_path[1:]:
            if presented.path and root.self_signed and root.remaining(at) <= timedelta(0):
                return f"{tls.where(presented)}: the root {_validity(root, root.remaining(at))}"
    return ""


def _refused(tls: TlsEvidence, at: datetime) -> bool:
    """Whether clients refuse a certificate today for its dates."""
    return any(
        not certificate.not_before <= at < certificate.not_after
        for presented, leaf in tls.certificates
        for certificate in (leaf, *presented.whole_path[1:])
    )


def _overdue(tls: TlsEvidence, at: datetime, policy: Policy) -> str:
    for presented, leaf in tls.certificates:
        if _is_overdue(leaf, at, policy):
            age = format_duration(at - leaf.not_before)
            return f"{tls.where(presented)}: the certificate's renewal is overdue, {_validity(leaf, leaf.remaining(at))}; it is {age} old"
    return ""


def _is_overdue(leaf: Certificate, at: datetime, policy: Policy) -> bool:
    return not at_least(leaf.remaining(at), _renewal_due(leaf, policy), "left of the life")


def _renewal_due(leaf: Certificate, policy: Policy) -> timedelta:
    """With how much left an ACME client has renewed."""
    return min(leaf.lifetime * policy.number("min_remaining_fraction"), policy.duration("ceiling"))


def _judge_key(owner: str, certificate: Certificate) -> None:
    if not certificate.key_bits:
        raise Unobserved(f"{owner} has a key of a kind that gonogo cannot judge")
    smallest = _SMALLEST_KEY.get(certificate.key_type, 2048)
    assert at_least(certificate.key_bits, smallest, f"key ({certificate.key_type})", "bit"), (
        f"{owner} has a key of {certificate.key}"
    )
    sound = certificate.self_signed or certificate.signature_hash not in _BROKEN_HASHES
    assert so(sound, "hash of the signature", "sound", str(certificate.signature_hash)), (
        f"{owner} is signed with {certificate.signature_hash}"
    )


def _longest_life(leaf: Certificate, *, public: bool) -> timedelta:
    rules = [limit for begins, limit in _PUBLIC_LIFETIMES if leaf.not_before >= begins] if public else []
    return rules[0] if rules else _LONGEST_LIFE


def _gets_in(tls: TlsEvidence, client: Offer) -> None:
    gets_in = tls.answer(client) is not Handshake.REFUSED
    assert so(gets_in, client.name, "gets in", "refused"), (
        f"{tls.where()}: {client.name} cannot connect: {client.detail}"
    )


def _by_both_clocks(tls: TlsEvidence, problem_at: Callable[[datetime], str], *, blocks: bool = True) -> None:
    """Dates are judged by our clock. Where the server's own clock would judge otherwise, nobody can tell which is right."""
    problem, offset = problem_at(tls.taken_at), tls.clock_offset or timedelta()
    if abs(offset) > _CLOCKS_AGREE and bool(problem) != _is_problem(problem_at, tls.taken_at + offset):
        raise Unobserved(
            f"{tls.where()}: dates cannot be judged while our clock and the server's are {format_duration(abs(offset))} "
            "apart",
            hint="set the clock of the machine that runs gonogo, or that of the server (timedatectl set-ntp true)",
        )
    if problem and not blocks:
        raise Failed(problem, blocks=False)
    assert shown(not problem, "dates of the certificate", problem or "right", "right"), problem


def _is_problem(problem_at: Callable[[datetime], str], at: datetime) -> bool:
    """Whether the other clock would find one."""
    with unnoted():
        return bool(problem_at(at))


def _validity(certificate: Certificate, left: timedelta) -> str:
    life, end = format_duration(certificate.lifetime), f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        return f"{certificate.subject} expired {format_duration(-left)} ago, on {end}"
    return f"{certificate.subject} has {format_duration(left)} left of {life}, until {end}"


def _at(moment: datetime | None) -> str:
    return f" on {moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
