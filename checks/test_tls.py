"""TLS, judged for every address of every name."""

from datetime import timedelta

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import Certificate, Handshake, TlsEvidence, without_roots
from gonogo.policy.catalogue import Policy

_OLD = ("TLSv1", "TLSv1.1")
_NEW = ("TLSv1.2", "TLSv1.3")
_BROKEN_HASHES = {"md5", "sha1"}
_SMALLEST_KEY = {"RSA": 2048, "EC": 256}


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
    assert not tls.verification, (
        f"{_where(tls)}: {tls.verification} ({len(tls.chain)} certificates sent, trust: {tls.trust})"
    )


@pytest.mark.check("tls-chain-strict")
def test_chain_is_valid_by_the_letter(tls: TlsEvidence) -> None:
    """Clients on Python 3.13 and newer check RFC 5280 by its letter, and refuse what others let pass.

    Fix: have the authority reissue with critical basicConstraints, key usage, and key identifiers.
    """
    assert not tls.strict_verification, f"{_where(tls)}: strict clients say: {tls.strict_verification}"


@pytest.mark.check("tls-hostname")
def test_certificate_is_for_this_name(tls: TlsEvidence) -> None:
    """A certificate for another name stops every client at the door.

    Fix: issue for this name too (certbot --expand -d NAME), or serve the right certificate for its SNI.
    """
    names = ", ".join(_leaf(tls).names) or "no name at all"
    assert tls.name_matches, f"{_where(tls)}: the certificate is for {names}"


@pytest.mark.check("tls-expiry")
def test_certificate_outlives_the_launch(tls: TlsEvidence, policy: Policy) -> None:
    """A renewal that silently failed shows up here, before users see it.

    Fix: run the ACME client by hand, read its log, reload the web server.
    """
    leaf = _leaf(tls)
    # Whatever ends first ends the leaf's use: its life is the measure for the intermediates as well.
    least = max(policy.duration("floor"), leaf.lifetime * policy.number("min_remaining_fraction"))
    for certificate in without_roots(tls.used):
        assert certificate.not_before <= tls.taken_at, (
            f"{_where(tls)}: {certificate.subject} is not valid before {certificate.not_before:%Y-%m-%d %H:%M} UTC"
        )
        left = certificate.remaining(tls.taken_at)
        assert left >= least, f"{_where(tls)}: {_validity(certificate, left)}"


@pytest.mark.check("tls-expiry-soon")
def test_renewal_is_not_overdue(tls: TlsEvidence, policy: Policy) -> None:
    """Certificates are renewed with a third of their life left; one that is older than that was not.

    Fix: look at the renewal timer (systemctl list-timers) and its last log.
    """
    leaf = _leaf(tls)
    left = leaf.remaining(tls.taken_at)
    assert leaf.remaining_fraction(tls.taken_at) >= policy.number("min_remaining_fraction"), (
        f"{_where(tls)}: {_validity(leaf, left)}"
    )


@pytest.mark.check("tls-renewal")
def test_leaf_was_renewed_lately(tls: TlsEvidence, policy: Policy) -> None:
    """The age of the leaf is the only sign from outside that renewal runs by itself.

    Fix: see that the renewal timer is enabled, and that it reloads the web server.
    """
    leaf = _leaf(tls)
    age = tls.taken_at - leaf.not_before
    assert age <= leaf.lifetime * policy.number("max_age_fraction"), (
        f"{_where(tls)}: the leaf is {format_duration(age)} old, of a life of {format_duration(leaf.lifetime)}"
    )


@pytest.mark.check("tls-versions")
def test_only_current_versions_are_spoken(tls: TlsEvidence) -> None:
    """TLS 1.0 and 1.1 are broken, forbidden by PCI DSS, and RFC 8996 retired them.

    Fix: ssl_protocols TLSv1.2 TLSv1.3; and reload.
    """
    for name in _OLD:
        assert _answer(tls, name) is not Handshake.DONE, f"{_where(tls)} still accepts {name}"
    spoken = [name for name in _NEW if _answer(tls, name) is Handshake.DONE]
    assert spoken, f"{_where(tls)} accepts neither TLS 1.2 nor 1.3"


@pytest.mark.check("tls-keys")
def test_keys_and_signatures_are_strong(tls: TlsEvidence) -> None:
    """A weak key or hash lets others impersonate the service.

    Fix: issue anew with an EC P-256 or RSA 2048 key, from an authority that signs with SHA-256.
    """
    for certificate in (_leaf(tls), *tls.used[1:]):
        if not certificate.key_bits:
            raise Unobserved(f"{_where(tls)}: {certificate.subject} has a key of a kind that gonogo cannot judge")
        smallest = _SMALLEST_KEY.get(certificate.key_type, 2048)
        assert certificate.key_bits >= smallest, f"{_where(tls)}: {certificate.subject} has a key of {certificate.key}"
        assert certificate.self_signed or certificate.signature_hash not in _BROKEN_HASHES, (
            f"{_where(tls)}: {certificate.subject} is signed with {certificate.signature_hash}"
        )


@pytest.mark.check("tls-ciphers")
def test_no_handshake_without_authentication(tls: TlsEvidence) -> None:
    """Without a certificate in the handshake anybody on the way can be the server.

    Fix: ssl_ciphers HIGH:!aNULL:!eNULL; and reload.
    """
    assert _answer(tls, "no certificate") is not Handshake.DONE, (
        f"{_where(tls)} accepts {_cipher(tls, 'no certificate')}, which authenticates or encrypts nothing"
    )


@pytest.mark.check("tls-ciphers-modern")
def test_keys_are_exchanged_with_forward_secrecy(tls: TlsEvidence) -> None:
    """Without forward secrecy, whoever gets the key later reads all that was recorded before.

    Fix: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; and reload.
    """
    assert _answer(tls, "static RSA") is not Handshake.DONE, (
        f"{_where(tls)} accepts {_cipher(tls, 'static RSA')}, a key exchange without forward secrecy"
    )
    _answer(tls, "finite-field DH")
    assert all(offer.detail != "DH_KEY_TOO_SMALL" for offer in tls.offers), (
        f"{_where(tls)} exchanges keys over a Diffie-Hellman group of less than 2048 bits"
    )


@pytest.mark.check("tls-same-everywhere")
def test_all_addresses_serve_the_same(tls_all: tuple[TlsEvidence, ...]) -> None:
    """One forgotten server with an old certificate is an outage for some users, some of the time.

    Fix: deploy the certificate to every server behind the name, and reload them all.
    """
    first, *others = tls_all
    for other in others:
        one, two = _leaf(first), _leaf(other)
        assert one.sha256 == two.sha256 or (_authority(one), set(one.names)) == (_authority(two), set(two.names)), (
            f"{first.host}: {first.address} serves a certificate of {one.issuer} for {', '.join(one.names)}, "
            f"{other.address} one of {two.issuer} for {', '.join(two.names)}"
        )


@pytest.mark.check("tls-issuer")
def test_declared_authority_issued(tls: TlsEvidence, environment: Environment) -> None:
    """A certificate from elsewhere means that something else than our renewal put it there.

    Fix: find out who issued it; then correct tls.issuer in the environment file, or replace the certificate.
    """
    if environment.tls is None:
        raise Unobserved("the environment declares no [tls]", hint="declare tls.issuer, as in 'Let's Encrypt'")
    issued_by = _authority(_leaf(tls))
    assert issued_by == environment.tls.issuer, (
        f"{_where(tls)}: issued by {issued_by}, declared is {environment.tls.issuer}"
    )


def _where(tls: TlsEvidence) -> str:
    return f"{tls.host} at {tls.address}:{tls.port}"


def _leaf(tls: TlsEvidence) -> Certificate:
    if tls.leaf is None:
        raise Unobserved(f"{_where(tls)} sent no certificate")
    return tls.leaf


def _authority(certificate: Certificate) -> str:
    """Authorities issue from several intermediates, at random: two servers rarely get the same one."""
    return certificate.issuer_organisation or certificate.issuer


def _validity(certificate: Certificate, left: timedelta) -> str:
    life = format_duration(certificate.lifetime)
    if left < timedelta(0):
        return (
            f"{certificate.subject} expired {format_duration(-left)} ago, on {certificate.not_after:%Y-%m-%d %H:%M} UTC"
        )
    return f"{certificate.subject} has {format_duration(left)} left of {life}, until {certificate.not_after:%Y-%m-%d %H:%M} UTC"


def _answer(tls: TlsEvidence, name: str) -> Handshake:
    """What the server did with an offer; ERROR when we could not make it, for that would be green by inability."""
    offer = tls.offer(name)
    if offer is None or offer.handshake not in {Handshake.DONE, Handshake.REFUSED}:
        how = f"{offer.handshake}, {offer.detail}" if offer else "never offered"
        raise Unobserved(f"{_where(tls)} could not be offered {name}: {how}", hint="run gonogo with OpenSSL 3")
    return offer.handshake


def _cipher(tls: TlsEvidence, name: str) -> str:
    offer = tls.offer(name)
    return (offer.cipher if offer else None) or name
