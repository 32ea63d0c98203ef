"""TLS, judged for every address of every name, and for every certificate that it can serve."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import (
    Certificate,
    ClientCertificate,
    Handshake,
    Offer,
    Presented,
    TlsEvidence,
    without_roots,
)
from gonogo.policy.catalogue import Policy

_OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
_NEW = ("TLSv1.2", "TLSv1.3")
_BROKEN_SUITES = ("no certificate", "no encryption", "EXPORT", "RC4", "DES")
_CERTIFICATES = ("RSA certificate", "EC certificate", "Ed25519 certificate")
_BROKEN_HASHES = {"md5", "sha1"}
_SMALLEST_KEY = {"RSA": 2048, "EC": 256, "Ed25519": 256, "Ed448": 448}
_SMALLEST_GROUP = 2048
_BROWSERS = ("Chromium",)
_CLOCKS_AGREE = timedelta(minutes=1)
_PUBLIC_LIFETIMES = (
    (datetime.fromisoformat("2029-03-15T00:00:00+00:00"), timedelta(days=47)),
    (datetime.fromisoformat("2027-03-15T00:00:00+00:00"), timedelta(days=100)),
    (datetime.fromisoformat("2026-03-15T00:00:00+00:00"), timedelta(days=200)),
    (datetime.fromisoformat("2020-09-01T00:00:00+00:00"), timedelta(days=398)),
)
"""By the day of issue: CA/Browser Forum, ballots SC-081v3 and 193, and the root programs of browsers."""
_LONGEST_LIFE = timedelta(days=825)
"""Whoever issued it: Apple's clients refuse more, from private roots as well."""
_FEWEST_TIMESTAMPS = 2


@pytest.mark.check("tls-handshake")
def test_every_address_speaks_tls(tls: TlsEvidence) -> None:
    """An address in DNS that does not answer loses its share of all users, at random.

    Fix: see that the web server listens there and its certificate loads (journalctl -u nginx), or take the address
    out of DNS.
    """
    assert tls.handshake is Handshake.DONE, f"{_where(tls)}: {tls.handshake}, {tls.detail}"


@pytest.mark.check("tls-chain")
def test_chain_builds_to_the_declared_trust(tls: TlsEvidence) -> None:
    """Browsers may repair a chain that phones, SDKs and webhook senders refuse.

    Fix: serve the full chain (fullchain.pem, not cert.pem), issued by an authority that clients trust.
    """
    for presented in _presented(tls):
        assert not presented.verification, (
            f"{_where(tls, presented)}: {presented.verification} "
            f"({_counted(len(presented.chain), 'certificate')} sent, trust: {tls.trust})"
        )
    for name in _CERTIFICATES:
        _known(tls, name, tls.offer(name) or Offer(name=name, handshake=Handshake.REFUSED))


@pytest.mark.check("tls-chain-strict")
def test_chain_is_valid_by_the_letter(tls: TlsEvidence) -> None:
    """Clients on Python 3.13 and newer check RFC 5280 by its letter, and refuse what others let pass.

    Fix: have the authority reissue with critical basicConstraints, key usage, and key identifiers; a server's own
    certificate is no authority (CA:FALSE).
    """
    for presented in _presented(tls):
        assert not presented.strict_verification, (
            f"{_where(tls, presented)}: strict clients say: {presented.strict_verification}"
        )
        assert not _leaf(tls, presented).is_authority, (
            f"{_where(tls, presented)}: the leaf is itself an authority (basicConstraints CA:TRUE)"
        )


@pytest.mark.check("tls-hostname")
def test_certificate_is_for_this_name(tls: TlsEvidence) -> None:
    """A certificate for another name stops every client at the door.

    Fix: issue for this name too (certbot --expand -d NAME), or serve the right certificate for its SNI.
    """
    for presented in _presented(tls):
        names = ", ".join(_leaf(tls, presented).names) or "no name at all"
        assert presented.name_matches, f"{_where(tls, presented)}: the certificate is for {names}"


@pytest.mark.check("tls-expiry")
def test_certificate_outlives_the_launch(tls: TlsEvidence, policy: Policy) -> None:
    """A renewal that silently failed shows up here, before users see it.

    Fix: run the ACME client by hand, read its log, reload the web server.
    """
    _by_both_clocks(tls, lambda at: _ending(tls, at, policy))


def _ending(tls: TlsEvidence, at: datetime, policy: Policy) -> str:
    """What ends too soon, or has not begun."""
    for presented in _presented(tls):
        leaf = _leaf(tls, presented)
        # Whatever ends first ends the leaf's use: its life is the measure for the intermediates as well.
        wanted = leaf.lifetime * policy.number("min_remaining_fraction")
        least = max(policy.duration("floor"), min(wanted, policy.duration("ceiling")))
        for certificate in without_roots((leaf, *presented.whole_path[1:])):
            left = certificate.remaining(at)
            if certificate.not_before > at:
                begin = f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"
                return f"{_where(tls, presented)}: {certificate.subject} is not valid before {begin}"
            if left < least:
                needed = "" if left <= timedelta(0) else f"; at least {format_duration(least)} are wanted"
                return f"{_where(tls, presented)}: {_validity(certificate, left)}{needed}"
        for root in presented.whole_path[1:]:
            if presented.path and root.self_signed and root.remaining(at) <= timedelta(0):
                return f"{_where(tls, presented)}: the root {_validity(root, root.remaining(at))}"
    return ""


@pytest.mark.check("tls-renewal")
def test_renewal_is_not_overdue(tls: TlsEvidence, policy: Policy) -> None:
    """ACME clients begin to renew with a third of the life left; a leaf that is much older was not renewed.

    Fix: see that the renewal timer is enabled (systemctl list-timers), read its last log, and see that it reloads the
    web server.
    """
    _by_both_clocks(tls, lambda at: _overdue(tls, at, policy))


def _overdue(tls: TlsEvidence, at: datetime, policy: Policy) -> str:
    for presented in _presented(tls):
        leaf = _leaf(tls, presented)
        if _is_overdue(leaf, at, policy):
            age = format_duration(at - leaf.not_before)
            return (
                f"{_where(tls, presented)}: renewal is overdue, {_validity(leaf, leaf.remaining(at))}; it is {age} old"
            )
    return ""


@pytest.mark.check("tls-renewed-everywhere")
def test_renewal_reached_every_address(tls_all: tuple[TlsEvidence, ...], policy: Policy) -> None:
    """A hook that deploys to all servers but one leaves that one with the old certificate, until it expires.

    Fix: deploy the renewed certificate to the address that is named, reload its web server, and correct the hook.
    """
    leaves = [(tls, leaf) for tls in tls_all for leaf in tls.leaves]
    for tls, leaf in leaves:
        if not _is_overdue(leaf, tls.taken_at, policy):
            continue
        for other, renewed in leaves:
            later = renewed.not_before - leaf.not_before
            assert other.address == tls.address or renewed.key_type != leaf.key_type or later <= timedelta(0), (
                f"{tls.host}: the certificate at {other.address} was renewed {format_duration(later)} after that at "
                f"{tls.address}"
            )


def _is_overdue(leaf: Certificate, at: datetime, policy: Policy) -> bool:
    due = min(leaf.lifetime * policy.number("min_remaining_fraction"), policy.duration("ceiling"))
    return leaf.remaining(at) < due


@pytest.mark.check("tls-versions")
def test_only_current_versions_are_spoken(tls: TlsEvidence) -> None:
    """TLS 1.0 and 1.1 are broken, forbidden by PCI DSS, and RFC 8996 retired them; SSL is worse.

    Fix: ssl_protocols TLSv1.2 TLSv1.3; and reload.
    """
    spoken = [name for name in (*_OLD, *_NEW) if _accepts(tls, name)]
    old = [name for name in spoken if name in _OLD]
    if set(spoken) & set(_NEW):
        assert not old, f"{_where(tls)} still accepts {', '.join(old)}"
    for name in (*_OLD, *(() if set(spoken) & set(_NEW) else _NEW)):
        _answer(tls, name)
    only = f", but {', '.join(old)} only" if old else ""
    assert set(spoken) & set(_NEW), f"{_where(tls)} accepts neither TLS 1.2 nor 1.3{only}"


@pytest.mark.check("tls-keys")
def test_keys_and_signatures_are_strong(tls: TlsEvidence) -> None:
    """A weak key or hash lets others impersonate the service, and clients of today refuse it.

    Fix: issue anew with an EC P-256 or RSA 2048 key, from an authority that has such keys and signs with SHA-256.
    """
    for presented in _presented(tls):
        for certificate in (_leaf(tls, presented), *presented.whole_path[1:]):
            _judge_key(f"{_where(tls, presented)}: {certificate.subject}", certificate)
        assert not presented.level_verification, (
            f"{_where(tls, presented)}: clients with the defaults of OpenSSL say: {presented.level_verification}"
        )


def _judge_key(who: str, certificate: Certificate) -> None:
    if not certificate.key_bits:
        raise Unobserved(f"{who} has a key of a kind that gonogo cannot judge")
    smallest = _SMALLEST_KEY.get(certificate.key_type, 2048)
    assert certificate.key_bits >= smallest, f"{who} has a key of {certificate.key}"
    assert certificate.self_signed or certificate.signature_hash not in _BROKEN_HASHES, (
        f"{who} is signed with {certificate.signature_hash}"
    )


@pytest.mark.check("tls-ciphers")
def test_no_handshake_without_authentication(tls: TlsEvidence) -> None:
    """Without a certificate, or with a cipher that is broken, anybody on the way can be the server or read along.

    Fix: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; and reload.
    """
    accepted = [f"{_cipher(tls, name)} ({name})" for name in _BROKEN_SUITES if _accepts(tls, name)]
    assert not accepted, f"{_where(tls)} accepts {', '.join(accepted)}: that protects nothing (RFC 9325, 4.1)"
    for name in _BROKEN_SUITES:
        _answer(tls, name)


@pytest.mark.check("tls-ciphers-modern")
def test_keys_are_exchanged_with_forward_secrecy(tls: TlsEvidence) -> None:
    """Without forward secrecy, whoever gets the key later reads all that was recorded before.

    Fix: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; and reload.
    """
    assert not _accepts(tls, "static RSA"), (
        f"{_where(tls)} accepts {_cipher(tls, 'static RSA')}, a key exchange without forward secrecy"
    )
    assert not _accepts(tls, "3DES"), f"{_where(tls)} accepts {_cipher(tls, '3DES')}, whose blocks are too short"
    group = tls.offer("finite-field DH")
    if group is not None and group.handshake is Handshake.DONE:
        assert group.group_bits >= _SMALLEST_GROUP, (
            f"{_where(tls)} exchanges keys over a Diffie-Hellman group of {group.group_bits} bits, less than 2048 bits"
        )
        assert group.group != "own, unsafe", (
            f"{_where(tls)} exchanges keys over a Diffie-Hellman group that is none of RFC 7919 or RFC 3526, and whose "
            "prime is not safe"
        )
    for name in ("static RSA", "3DES", "finite-field DH"):
        _answer(tls, name)


@pytest.mark.check("tls-clients")
def test_clients_of_today_get_in(tls: TlsEvidence) -> None:
    """A server may keep every rule and still agree on nothing with the clients that people have.

    Fix: offer ECDHE with AES-GCM over TLS 1.2 or 1.3, groups X25519 and P-256, and an EC P-256 or RSA 2048 key.
    """
    for client in tls.clients:
        if client.name not in _BROWSERS or tls.trust == "public":
            _gets_in(tls, client)


@pytest.mark.check("tls-browsers")
def test_browsers_accept_it(tls: TlsEvidence) -> None:
    """Browsers refuse what other clients let pass: keys of a rare kind, long lives, authorities without a public log.

    Fix: issue anew with an EC P-256 or RSA key, for at most 100 days, from an authority that logs what it issues.
    """
    for client in tls.clients:
        if client.name in _BROWSERS:
            _gets_in(tls, client)
    for presented in _presented(tls):
        leaf, where = _leaf(tls, presented), _where(tls, presented)
        longest = _longest_life(leaf, public=tls.trust == "public")
        assert leaf.lifetime <= longest + timedelta(seconds=1), (
            f"{where}: the leaf lives for {format_duration(leaf.lifetime)}; issued on {leaf.not_before:%Y-%m-%d}, it "
            f"may live for {format_duration(longest)}"
        )
        timestamps = max(leaf.timestamps, presented.timestamps)
        assert tls.trust != "public" or timestamps >= _FEWEST_TIMESTAMPS, (
            f"{where}: the leaf comes with {_counted(timestamps, 'signed certificate timestamp')} (SCT); browsers ask "
            f"for {_FEWEST_TIMESTAMPS} at least"
        )


def _longest_life(leaf: Certificate, *, public: bool) -> timedelta:
    rules = [limit for begins, limit in _PUBLIC_LIFETIMES if leaf.not_before >= begins] if public else []
    return rules[0] if rules else _LONGEST_LIFE


def _gets_in(tls: TlsEvidence, client: Offer) -> None:
    assert client.handshake is not Handshake.REFUSED, f"{_where(tls)}: {client.name} cannot connect: {client.detail}"
    _known(tls, client.name, client)


@pytest.mark.check("tls-client-certificate")
def test_clients_need_no_certificate(tls: TlsEvidence, environment: Environment) -> None:
    """A server that wants to know its clients by certificate lets nobody else in, whatever its handshake says.

    Fix: ssl_verify_client off; and reload. If it is meant to be so, declare client_certificate = "required" under
    [hosts."NAME".tls].
    """
    declared = environment.hosts.get(tls.host)
    required = declared is not None and declared.tls.client_certificate == "required"
    demanded = tls.client_certificate is ClientCertificate.DEMANDED
    if required and demanded:
        raise Unobserved(
            f"{_where(tls)} demands a client certificate, as declared, and gonogo has none to show",
            hint="verify what lies behind it by an attestation",
        )
    assert not required, f"{_where(tls)} lets clients in without a certificate; declared is that it requires one"
    assert not demanded, f"{_where(tls)} demands a client certificate; a client without one is turned away"


@pytest.mark.check("tls-revoked")
def test_certificate_is_not_revoked(tls: TlsEvidence) -> None:
    """Clients that look refuse a revoked certificate at once, whatever its dates say.

    Fix: issue a new certificate with a new key, deploy it everywhere, and find out who revoked the old one and why.
    """
    for presented in _presented(tls):
        staple = presented.staple
        assert staple is None or staple.status != "revoked" or staple.problem, (
            f"{_where(tls, presented)}: the server itself staples that it was revoked"
            f"{_at(staple.revoked_at if staple else None)}"
        )
        for listed in presented.revocation:
            assert listed.revoked_at is None, (
                f"{_where(tls, presented)}: {listed.subject} was revoked{_at(listed.revoked_at)}, says {listed.url}"
            )


@pytest.mark.check("tls-revocation-known")
def test_revocation_can_be_known(tls: TlsEvidence) -> None:
    """Where nobody can tell whether a certificate was revoked, some clients refuse it, and no client protects its user.

    Fix: ssl_stapling on; with a resolver, and reload; or see why the authority's list cannot be read from here.
    """
    for presented in _presented(tls):
        leaf, staple, where = _leaf(tls, presented), presented.staple, _where(tls, presented)
        assert staple is not None or not leaf.must_staple, f"{where}: the leaf demands a staple (RFC 7633); none came"
        if staple is not None:
            assert not staple.problem, f"{where}: the staple is void: {staple.problem}"
            assert staple.next_update is None or staple.next_update >= tls.taken_at, (
                f"{where}: the staple is out of date{_at(staple.next_update)} (nextUpdate)"
            )
            assert staple.status in {"good", "revoked"}, f"{where}: the staple says {staple.status}"
        for listed in presented.revocation:
            assert not listed.problem, (
                f"{where}: revocation of {listed.subject} is not known: {listed.url} {listed.problem}"
            )
        assert presented.revocation or staple or not leaf.revocation_lists or presented.verification, (
            f"{where}: revocation is not known: {leaf.revocation_lists[0]} was not asked (tls.revocation_lists)"
        )


@pytest.mark.check("tls-same-everywhere")
def test_all_addresses_serve_the_same(tls_all: tuple[TlsEvidence, ...], environment: Environment) -> None:
    """One forgotten server with an old certificate is an outage for some users, some of the time.

    Fix: deploy the certificate to every server behind the name, and reload them all; or declare every authority that
    issues for it, as in tls.issuer = ["Let's Encrypt", "Google Trust Services"].
    """
    first, *others = tls_all
    declared = set(environment.issuers_of(first.host))
    for other in others:
        one, two = _authorities(first), _authorities(other)
        assert one == two or one | two <= declared, (
            f"{first.host}: {first.address} serves a certificate of {', '.join(sorted(one))}, "
            f"{other.address} one of {', '.join(sorted(two))}"
        )


@pytest.mark.check("tls-alike")
def test_all_addresses_are_set_up_alike(tls_all: tuple[TlsEvidence, ...]) -> None:
    """Addresses that differ in versions or names were set up at different times: one of them was forgotten.

    Fix: bring the configuration of the web server that is named to the state of the others, and reload it.
    """
    first, *others = tls_all
    for other in others:
        if _authorities(first) != _authorities(other):
            continue  # two networks, each with a way of its own
        one, two = _versions(first), _versions(other)
        assert one == two, (
            f"{first.host}: {first.address} speaks {', '.join(one)}, {other.address} {', '.join(two) or 'none of them'}"
        )
        mine, theirs = _names(first), _names(other)
        assert mine == theirs, (
            f"{first.host}: the certificate at {first.address} is for {', '.join(sorted(mine))}, that at "
            f"{other.address} for {', '.join(sorted(theirs))}"
        )


@pytest.mark.check("tls-issuer")
def test_declared_authority_issued(tls: TlsEvidence, environment: Environment) -> None:
    """A certificate from elsewhere means that something else than our renewal put it there.

    Fix: find out who issued it; then correct tls.issuer in the environment file, or replace the certificate.
    """
    declared = environment.issuers_of(tls.host)
    if not declared:
        raise Unobserved("the environment declares no [tls]", hint="declare tls.issuer, as in 'Let's Encrypt'")
    for presented in _presented(tls):
        issued_by = _authority(_leaf(tls, presented))
        assert issued_by in declared, (
            f"{_where(tls, presented)}: issued by {issued_by}, declared is {' or '.join(declared)}"
        )


def _where(tls: TlsEvidence, presented: Presented | None = None) -> str:
    where = f"{tls.host} at {tls.address}:{tls.port}"
    if presented is None or presented.leaf is None or len(tls.presented) == 1:
        return where
    return f"{where}, {presented.leaf.key_type} certificate"


def _presented(tls: TlsEvidence) -> tuple[Presented, ...]:
    """Every certificate that was seen. ERROR without any: there is nothing that could be wrong with it."""
    if not tls.presented:
        raise Unobserved(f"{_where(tls)} sent no certificate")
    return tls.presented


def _leaf(tls: TlsEvidence, presented: Presented) -> Certificate:
    if presented.leaf is None:
        raise Unobserved(f"{_where(tls)} sent no certificate")
    return presented.leaf


def _by_both_clocks(tls: TlsEvidence, problem_at: Callable[[datetime], str]) -> None:
    """Dates are judged by our clock. Where the server's own clock would judge otherwise, nobody can tell which is right."""
    problem, offset = problem_at(tls.taken_at), tls.clock_offset or timedelta()
    if abs(offset) > _CLOCKS_AGREE and bool(problem) != bool(problem_at(tls.taken_at + offset)):
        raise Unobserved(
            f"{_where(tls)}: dates cannot be judged while our clock and the server's are {format_duration(abs(offset))} "
            "apart",
            hint="set the clock of the machine that runs gonogo, or that of the server (timedatectl set-ntp true)",
        )
    assert not problem, problem


def _authority(certificate: Certificate) -> str:
    """Authorities issue from several intermediates, at random: two servers rarely get the same one."""
    return certificate.issuer_organisation or certificate.issuer


def _authorities(tls: TlsEvidence) -> set[str]:
    return {_authority(_leaf(tls, presented)) for presented in _presented(tls)}


def _names(tls: TlsEvidence) -> set[str]:
    return {name for leaf in tls.leaves for name in leaf.names}


def _versions(tls: TlsEvidence) -> list[str]:
    return [name for name in _NEW if _accepts(tls, name)]


def _validity(certificate: Certificate, left: timedelta) -> str:
    life, end = format_duration(certificate.lifetime), f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"
    if left <= timedelta(0):
        return f"{certificate.subject} expired {format_duration(-left)} ago, on {end}"
    return f"{certificate.subject} has {format_duration(left)} left of {life}, until {end}"


def _accepts(tls: TlsEvidence, name: str) -> bool:
    offer = tls.offer(name)
    return offer is not None and offer.handshake is Handshake.DONE


def _answer(tls: TlsEvidence, name: str) -> Handshake:
    """What the server did with an offer; ERROR when nobody knows, for that would be green by inability."""
    offer = tls.offer(name)
    if offer is None:
        raise Unobserved(f"{_where(tls)} was never offered {name}", hint="record a new run")
    return _known(tls, name, offer)


def _known(tls: TlsEvidence, name: str, offer: Offer) -> Handshake:
    if offer.handshake in {Handshake.DONE, Handshake.REFUSED}:
        return offer.handshake
    raise Unobserved(
        f"{_where(tls)}: how it takes {name} is not known: {offer.handshake}, {offer.detail}",
        hint="it may limit how often one client connects: let this machine through, or raise limits.probe",
    )


def _cipher(tls: TlsEvidence, name: str) -> str:
    offer = tls.offer(name)
    return (offer.cipher if offer else None) or name


def _at(moment: datetime | None) -> str:
    return f" on {moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
