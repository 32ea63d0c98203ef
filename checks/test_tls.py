"""TLS, judged for every address of every name; what it presents is judged in test_certificates.py."""

import pytest

from gonogo.base.comparing import at_least, equal, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.tls import (
    ClientCertificate,
    Handshake,
    Offer,
    TlsEvidence,
)

_OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")
_NEW = ("TLSv1.2", "TLSv1.3")
_BROKEN_SUITES = ("no certificate", "no encryption", "EXPORT", "RC4", "DES")
_SMALLEST_GROUP = 2048
_BROWSERS = ("Chromium",)


@pytest.mark.check("tls-handshake")
def test_every_address_speaks_tls(tls: TlsEvidence) -> None:
    """If an address in DNS does not answer, its share of all users cannot connect.

    Fix: check that the web server listens there and loads its certificate (journalctl -u nginx), or remove the address
    from DNS.
    """
    assert equal(tls.handshake, Handshake.DONE, "handshake"), f"{tls.where()}: {tls.handshake}, {tls.detail}"


@pytest.mark.check("tls-versions")
def test_only_current_versions_are_spoken(tls: TlsEvidence) -> None:
    """TLS 1.0 and 1.1 are broken, PCI DSS forbids them, and RFC 8996 retired them; SSL is worse.

    Fix: ssl_protocols TLSv1.2 TLSv1.3; and reload.
    """
    old = [name for name in _OLD if tls.accepts(name)]
    new = [name for name in _NEW if tls.accepts(name)]
    only = f", but {', '.join(old)} only" if old else ""
    refused = [offer for offer in map(tls.offer, _NEW) if offer and offer.handshake is Handshake.REFUSED]
    assert shown(len(refused) < len(_NEW), "TLS 1.2 or 1.3 accepted", new, " or ".join(_NEW)), (
        f"{tls.where()} accepts neither TLS 1.2 nor 1.3{only}"
    )
    assert nothing(old, "versions before TLS 1.2 accepted", of=len(_OLD)), (
        f"{tls.where()} still accepts {', '.join(old)}"
    )
    for name in (*_OLD, *(new or _NEW)):
        tls.answer(name)


@pytest.mark.check("tls-ciphers")
def test_no_handshake_without_authentication(tls: TlsEvidence) -> None:
    """Without a certificate, or with a broken cipher, anybody in between can pose as the server, or read everything.

    Fix: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; and reload.
    """
    accepted = [f"{_cipher(tls, name)} ({name})" for name in _BROKEN_SUITES if tls.accepts(name)]
    assert nothing(accepted, "broken ciphers accepted", of=len(_BROKEN_SUITES)), (
        f"{tls.where()} accepts {', '.join(accepted)}: that protects nothing (RFC 9325, 4.1)"
    )
    for name in _BROKEN_SUITES:
        tls.answer(name)


@pytest.mark.check("tls-ciphers-modern")
def test_keys_are_exchanged_with_forward_secrecy(tls: TlsEvidence) -> None:
    """Without forward secrecy, whoever gets the key later can read all recorded traffic.

    Fix: ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20; and reload.
    """
    assert so(not tls.accepts("static RSA"), "key exchange without forward secrecy accepted", "no", "yes"), (
        f"{tls.where()} accepts {_cipher(tls, 'static RSA')}, a key exchange without forward secrecy"
    )
    assert so(not tls.accepts("3DES"), "cipher of short blocks (3DES) accepted", "no", "yes"), (
        f"{tls.where()} accepts {_cipher(tls, '3DES')}, whose blocks are too short"
    )
    group = tls.offer("finite-field DH")
    if group is not None and group.handshake is Handshake.DONE:
        assert at_least(group.group_bits, _SMALLEST_GROUP, "Diffie-Hellman group", "bit"), (
            f"{tls.where()} exchanges keys over a Diffie-Hellman group of {group.group_bits} bits, less than 2048 bits"
        )
        assert so(group.group != "own, unsafe", "prime of the Diffie-Hellman group", "safe", "not safe"), (
            f"{tls.where()} exchanges keys over a Diffie-Hellman group that is not in RFC 7919 or RFC 3526, and whose "
            "prime is not safe"
        )
    for name in ("static RSA", "3DES", "finite-field DH"):
        tls.answer(name)


@pytest.mark.check("tls-clients")
def test_clients_of_today_get_in(tls: TlsEvidence) -> None:
    """A server can follow every rule and still have no version or cipher in common with users' devices.

    Fix: offer ECDHE with AES-GCM over TLS 1.2 or 1.3, groups X25519 and P-256, and an EC P-256 or RSA 2048 key.
    """
    for client in tls.clients:
        if client.name not in _BROWSERS or tls.trust == "public":
            _gets_in(tls, client)


@pytest.mark.check("tls-client-certificate")
def test_clients_need_no_certificate(tls: TlsEvidence, environment: Environment) -> None:
    """A server that requires client certificates refuses every user, even if its handshake succeeds.

    Fix: ssl_verify_client off; and reload. If it is meant to be so, declare client_certificate = "required" under
    [hosts."NAME".tls].
    """
    declared = environment.hosts.get(tls.host)
    required = declared is not None and declared.tls.client_certificate == "required"
    demanded = tls.client_certificate is ClientCertificate.DEMANDED
    if required and demanded:
        raise Unobserved(
            f"{tls.where()} demands a client certificate, as declared, and gonogo has none",
            hint="attest the lines about what is behind it",
        )
    assert so(not required, "client certificate", "as declared", "not asked for"), (
        f"{tls.where()} lets clients in without a certificate, although the environment declares that it requires one"
    )
    assert so(not demanded, "client certificate demanded", "no", "yes"), (
        f"{tls.where()} demands a client certificate; a client without one is turned away"
    )


@pytest.mark.check("tls-alike")
def test_all_addresses_are_set_up_alike(tls_all: tuple[TlsEvidence, ...]) -> None:
    """If addresses differ in versions or names, one of them was probably forgotten in an update.

    Fix: give the web server that is named the same configuration as the others, and reload it.
    """
    first, *others = tls_all
    for other in others:
        if first.authorities != other.authorities:
            continue  # two networks, each with a way of its own
        first_versions, two = _versions(first), _versions(other)
        assert equal(", ".join(two), ", ".join(first_versions), "versions at all addresses"), (
            f"{first.host}: {first.address} accepts {', '.join(first_versions)}; {other.address} accepts {', '.join(two) or 'none of them'}"
        )
        mine, theirs = _names(first), _names(other)
        assert equal(theirs, mine, "names in the certificates at all addresses"), (
            f"{first.host}: the certificate at {first.address} is for {', '.join(sorted(mine))}, the one at "
            f"{other.address} for {', '.join(sorted(theirs))}"
        )


def _gets_in(tls: TlsEvidence, client: Offer) -> None:
    gets_in = tls.answer(client) is not Handshake.REFUSED
    assert so(gets_in, client.name, "gets in", "refused"), (
        f"{tls.where()}: {client.name} cannot connect: {client.detail}"
    )


def _names(tls: TlsEvidence) -> set[str]:
    return {name for leaf in tls.leaves for name in leaf.names}


def _versions(tls: TlsEvidence) -> list[str]:
    return [name for name in _NEW if tls.accepts(name)]


def _cipher(tls: TlsEvidence, name: str) -> str:
    offer = tls.offer(name)
    return (offer.cipher if offer else None) or name
