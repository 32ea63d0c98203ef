"""ClientHello messages of our own bytes, so that anything can be offered (RFC 5246 7.4.1.2, RFC 8446 4.1.2)."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gonogo.families.tls.suites import EVERYTHING, TLS13

ShareKey = x25519.X25519PrivateKey | x448.X448PrivateKey | ec.EllipticCurvePrivateKey


class Version(IntEnum):
    """Protocol versions as they stand on the wire."""

    SSL2 = 0x0002
    SSL3 = 0x0300
    TLS10 = 0x0301
    TLS11 = 0x0302
    TLS12 = 0x0303
    TLS13 = 0x0304

    @property
    def title(self) -> str:
        """The name as Python's ssl module gives it: ``TLSv1.2``, ``SSLv3``."""
        return _TITLES[self]


_TITLES = {
    Version.SSL2: "SSLv2",
    Version.SSL3: "SSLv3",
    Version.TLS10: "TLSv1",
    Version.TLS11: "TLSv1.1",
    Version.TLS12: "TLSv1.2",
    Version.TLS13: "TLSv1.3",
}
X25519, P256, P384, P521, X448 = 0x001D, 0x0017, 0x0018, 0x0019, 0x001E
GROUPS = (X25519, P256, P384, P521, X448)
FINITE_FIELD_GROUPS = (0x0100, 0x0101, 0x0102, 0x0103, 0x0104)
"""RFC 7919. A hello of ours carries no share of them: which one the server wants is all there is to know."""
_GROUP_TITLES = {X25519: "X25519", P256: "P-256", P384: "P-384", P521: "P-521", X448: "X448"} | dict(
    zip(FINITE_FIELD_GROUPS, ("ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"), strict=True)
)
_CURVES: dict[int, ec.EllipticCurve] = {P256: ec.SECP256R1(), P384: ec.SECP384R1(), P521: ec.SECP521R1()}
RSA_SCHEMES = (0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601, 0x0201)
ECDSA_SCHEMES = (0x0403, 0x0503, 0x0603, 0x0203)
EDDSA_SCHEMES = (0x0807, 0x0808)
SCHEMES = (*ECDSA_SCHEMES, *RSA_SCHEMES, *EDDSA_SCHEMES, 0x0402, 0x0202)
"""Every signature that a certificate may be proved with; DSA at the end."""
PROTOCOLS = ("h2", "http/1.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The offer of a client. The defaults offer everything that comes with a certificate, from TLS 1.0 on."""

    versions: tuple[Version, ...] = (Version.TLS13, Version.TLS12, Version.TLS11, Version.TLS10)
    """Best first."""
    suites: tuple[int, ...] = (*TLS13, *(number for number in EVERYTHING if number not in TLS13))
    schemes: tuple[int, ...] = SCHEMES
    groups: tuple[int, ...] = GROUPS
    server_name: str | None = None
    """SNI. None for an address: RFC 6066, section 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentHello:
    """A hello with what is needed to understand the answer to it."""

    hello: Hello
    message: bytes
    """The handshake message, without its record's header."""
    session_id: bytes
    keys: dict[int, ShareKey] = field(repr=False)

    @property
    def record(self) -> bytes:
        """The bytes to send. The record calls itself TLS 1.0, as everybody's does (RFC 8446, section 5.1)."""
        version = min(max(self.hello.versions), Version.TLS10)
        return b"\x16" + version.to_bytes(2, "big") + _sized(self.message, 2)


def new_hello(hello: Hello) -> SentHello:
    """A hello with fresh keys for the groups that most servers take."""
    shared = [group for group in hello.groups if group in GROUPS][:2] if Version.TLS13 in hello.versions else []
    keys = {group: new_key(group) for group in shared}
    return _sent(hello, keys, os.urandom(32), os.urandom(32), b"")


def retried_hello(sent: SentHello, group: int, cookie: bytes) -> SentHello:
    """The second hello, after the server asked for another group (RFC 8446, section 4.1.2)."""
    extra = _extension(44, _sized(cookie, 2)) if cookie else b""
    return _sent(sent.hello, {group: new_key(group)}, sent.message[6:38], sent.session_id, extra)


def ssl2_hello() -> bytes:
    """A CLIENT-HELLO of SSL 2.0 with all of its seven kinds of ciphers."""
    kinds = bytes.fromhex("010080 020080 030080 040080 050080 060040 0700c0")
    body = b"\x01\x00\x02" + len(kinds).to_bytes(2, "big") + b"\x00\x00\x00\x10" + kinds + os.urandom(16)
    return (0x8000 | len(body)).to_bytes(2, "big") + body


def _sent(hello: Hello, keys: dict[int, ShareKey], random: bytes, session_id: bytes, extra: bytes) -> SentHello:
    top = max(hello.versions)
    # The field says TLS 1.2 at the most: TLS 1.3 is offered in supported_versions only, since middleboxes drop hellos
    # with a number that they do not know (RFC 8446, section 4.1.2).
    body = min(top, Version.TLS12).to_bytes(2, "big") + random + _sized(session_id, 1)
    body += _sized(_numbers(hello.suites), 2) + b"\x01\x00"
    if top > Version.SSL3:  # SSL 3.0 knows no extensions (RFC 6101)
        body += _sized(_extensions(hello, keys) + extra, 2)
    return SentHello(hello=hello, message=b"\x01" + _sized(body, 3), session_id=session_id, keys=keys)


def _extensions(hello: Hello, keys: dict[int, ShareKey]) -> bytes:
    extensions = b""
    if hello.server_name:
        extensions += _extension(0, _sized(b"\x00" + _sized(hello.server_name.encode("ascii"), 2), 2))
    extensions += _extension(5, b"\x01\x00\x00\x00\x00")  # a staple, please
    extensions += _extension(10, _sized(_numbers(hello.groups), 2))
    extensions += _extension(11, b"\x01\x00")  # uncompressed points (RFC 8422, section 5.1.2)
    extensions += _extension(16, _sized(b"".join(_sized(name.encode(), 1) for name in PROTOCOLS), 2))
    extensions += _extension(18, b"")  # signed certificate timestamps
    extensions += _extension(23, b"") + _extension(0xFF01, b"\x00")  # extended master secret, secure renegotiation
    if max(hello.versions) >= Version.TLS12:
        extensions += _extension(13, _sized(_numbers(hello.schemes), 2))
        # What the authorities sign with is no limit of ours: only the leaf's own key is asked for.
        extensions += _extension(50, _sized(_numbers(SCHEMES), 2))
    if Version.TLS13 in hello.versions:
        # psk_key_exchange_modes (45, RFC 8446, section 4.2.9) is there because every client sends it.
        extensions += _extension(43, _sized(_numbers(hello.versions), 1)) + _extension(45, b"\x01\x01")
        shares = b"".join(group.to_bytes(2, "big") + _sized(_public(key), 2) for group, key in keys.items())
        extensions += _extension(51, _sized(shares, 2))
    return extensions


def title_of(group: int) -> str:
    """The name of a group for the exchange of keys."""
    return _GROUP_TITLES.get(group, f"0x{group:04X}")


def new_key(group: int) -> ShareKey:
    """A private key for a key exchange over this group."""
    if group == X25519:
        return x25519.X25519PrivateKey.generate()
    if group == X448:
        return x448.X448PrivateKey.generate()
    return ec.generate_private_key(_CURVES[group])


def _public(key: ShareKey) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return key.public_key().public_bytes_raw()


def agreed(key: ShareKey, share: bytes) -> bytes:
    """The shared secret of a key exchange. ValueError for a share that is none."""
    match key:
        case x25519.X25519PrivateKey():
            return key.exchange(x25519.X25519PublicKey.from_public_bytes(share))
        case x448.X448PrivateKey():
            return key.exchange(x448.X448PublicKey.from_public_bytes(share))
        case ec.EllipticCurvePrivateKey():
            return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, share))


def _numbers(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def _extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + _sized(content, 2)


def _sized(content: bytes, width: int) -> bytes:
    return len(content).to_bytes(width, "big") + content
