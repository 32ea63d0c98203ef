"""Reads what a server encrypts during a handshake of TLS 1.3: RFC 8446, sections 5.2, 5.3 and 7.1."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

_KEY_BYTES = {0x1301: 16, 0x1302: 32, 0x1303: 32, 0x1304: 16}
_NONCE_BYTES = 12


class HandshakeCipher:
    """Decrypts the records that follow the ServerHello."""

    def __init__(self, suite: int, shared: bytes, transcript: bytes) -> None:
        """``transcript`` holds all handshake messages up to the ServerHello. KeyError for a suite of another version."""
        digest = hash_of(suite)
        nothing = b"\0" * hashlib.new(digest).digest_size
        early = hmac.digest(nothing, nothing, digest)
        derived = _expand(early, "derived", hashlib.new(digest).digest(), digest)
        handshake = hmac.digest(derived, shared, digest)
        secret = _expand(handshake, "s hs traffic", hashlib.new(digest, transcript).digest(), digest)
        key = _expand(secret, "key", b"", digest, _KEY_BYTES[suite])
        self._iv = int.from_bytes(_expand(secret, "iv", b"", digest, _NONCE_BYTES), "big")
        self._cipher = _cipher(suite, key)
        self._count = 0

    def open(self, record: bytes) -> tuple[int, bytes]:
        """The kind and the content of one record. cryptography's InvalidTag if it is not what the server sent."""
        nonce = (self._iv ^ self._count).to_bytes(_NONCE_BYTES, "big")
        header = b"\x17\x03\x03" + len(record).to_bytes(2, "big")
        content = self._cipher.decrypt(nonce, record, header).rstrip(b"\0")
        self._count += 1
        return (content[-1], content[:-1]) if content else (0, b"")


def hash_of(suite: int) -> str:
    """The hash that a suite of TLS 1.3 is built on."""
    return "sha384" if suite == 0x1302 else "sha256"  # noqa: PLR2004 - AES_256_GCM_SHA384


def _cipher(suite: int, key: bytes) -> AESGCM | AESCCM | ChaCha20Poly1305:
    match suite:
        case 0x1303:
            return ChaCha20Poly1305(key)
        case 0x1304:
            return AESCCM(key)
        case _:
            return AESGCM(key)


def _expand(secret: bytes, label: str, context: bytes, digest: str, length: int | None = None) -> bytes:
    """HKDF-Expand-Label for at most one block of the hash."""
    size = hashlib.new(digest).digest_size if length is None else length
    name = b"tls13 " + label.encode()
    information = size.to_bytes(2, "big") + bytes([len(name)]) + name + bytes([len(context)]) + context
    return hmac.digest(secret, information + b"\x01", digest)[:size]
