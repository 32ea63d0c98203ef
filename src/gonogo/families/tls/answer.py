"""Understands what a server answers to a ClientHello, up to its certificates; judges nothing."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import InvalidTag

from gonogo.families.tls.hello import FINITE_FIELD_GROUPS, SentHello, Version, agreed
from gonogo.families.tls.key_schedule import HandshakeCipher, hash_of
from gonogo.families.tls.suites import TLS13, suite_name

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _REQUEST, _HELLO_DONE, _STATUS = 2, 11, 12, 13, 14, 22
_STAPLE, _TIMESTAMPS, _VERSIONS, _COOKIE, _SHARE = 5, 18, 43, 44, 51
_RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
"""The random of a ServerHello that asks for another hello."""
_NAMED_CURVE, _OCSP, _WARNING = 3, 1, 1
_MOST_CERTIFICATES = 10
"""Longer than any chain in use; what follows is not read, however much a server sends."""
_ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    40: "handshake_failure",
    42: "bad_certificate",
    46: "certificate_unknown",
    47: "illegal_parameter",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    112: "unrecognized_name",
    116: "certificate_required",
    120: "no_application_protocol",
}


class HelloEnding(StrEnum):
    """How a server took a hello."""

    ACCEPTED = "accepted"
    """The server chose from what was offered."""
    ALERT = "alert"
    """The server refused by an alert (RFC 8446, section 6)."""
    CLOSED = "closed"
    """The connection ended without a word of TLS: a no, a limit, or a fault on the way."""
    SILENT = "silent"
    """The connection stayed open, and nothing came."""
    CLOSED_PORT = "closed port"
    """Nobody listens."""
    NOT_ASKED = "not asked"
    NOT_TLS = "not TLS"
    """Something came that is no TLS."""


class NotTls(ValueError):
    """Bytes that no server of TLS sends."""


@dataclass(slots=True, kw_only=True)
class TlsAnswer:
    """All that a server showed in answer to one hello."""

    ending: HelloEnding = HelloEnding.SILENT
    detail: str = ""
    version: Version | None = None
    suite: int = 0
    group: int = 0
    """Named group of the key exchange, by its number in IANA's registry (TLS Supported Groups)."""
    prime: int = 0
    """Prime of a key exchange over a finite field; 0: another kind of exchange."""
    generator: int = 0
    chain: tuple[bytes, ...] = ()
    staple: bytes = b""
    timestamps: bytes = b""
    """The list of signed certificate timestamps, as TLS carries it beside the certificate."""
    asks_for_certificate: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the server would go on."""
        return self.ending is HelloEnding.ACCEPTED


class Flight:
    """The server's records in answer to one hello, understood one by one."""

    def __init__(self, sent: SentHello) -> None:
        self.answer = TlsAnswer()
        self.complete = False
        self.retry: tuple[int, bytes] | None = None
        """The group that the server wants, and its cookie."""
        self._sent = sent
        self._transcript = sent.message
        self._pending = b""
        self._cipher: HandshakeCipher | None = None

    def retried(self, sent: SentHello) -> None:
        """The second hello was sent."""
        self._sent, self.retry = sent, None
        self._transcript += sent.message

    def record(self, kind: int, content: bytes) -> None:
        """Take one record. NotTls if it cannot be one."""
        # From the ServerHello of TLS 1.3 on, everything travels as application data; its true kind is inside.
        if kind == _APPLICATION_DATA and self._cipher is not None:
            try:
                kind, content = self._cipher.open(content)
            except InvalidTag:
                raise NotTls("a record of TLS 1.3 cannot be decrypted") from None
        match kind:
            case 20:  # change_cipher_spec: sent for middleboxes in TLS 1.3, and ignored (RFC 8446, section 5)
                return
            case 21:
                self._alert(content)
            case 22:
                # A message may be spread over records, and a record may hold several (RFC 8446, section 5.1).
                self._pending += content
                while len(self._pending) >= 4 and len(self._pending) >= (end := 4 + _number(self._pending[1:4])):  # noqa: PLR2004
                    message, self._pending = self._pending[:end], self._pending[end:]
                    self._message(message)
            case _:
                raise NotTls(f"a record of kind {kind}")

    def _alert(self, content: bytes) -> None:
        if len(content) < 2:  # noqa: PLR2004 - level and description
            raise NotTls("an alert without a description")
        level, number = content[:2]
        # unrecognized_name as a warning says only that the default certificate follows.
        if level == _WARNING and number not in {0, 90}:
            return
        self.complete = True
        self.answer.ending = HelloEnding.ALERT
        self.answer.detail = f"alert {_ALERTS.get(number, number)}"

    def _message(self, message: bytes) -> None:
        kind, body = message[0], Cut(message[4:])
        match kind:
            case 2:
                self._server_hello(message, body)
            case 11:
                self._certificate(body)
            case 12:
                self._key_exchange(body)
            case 13:
                self.answer.asks_for_certificate = True
            case 14:
                self.complete = True
            case 22:
                self.answer.staple = body.sized(3) if body.number(1) == _OCSP else b""

    def _server_hello(self, message: bytes, body: "Cut") -> None:
        version, random = body.number(2), body.take(32)
        body.sized(1)
        suite = body.number(2)
        body.take(1)
        extensions = body.extensions() if body.left else {}
        if _VERSIONS in extensions:
            version = Cut(extensions[_VERSIONS]).number(2)
        if random == _RETRY:
            self._ask_again(message, suite, extensions)
            return
        answer = self.answer
        answer.ending, answer.suite, answer.version = HelloEnding.ACCEPTED, suite, _version(version)
        answer.timestamps = extensions.get(_TIMESTAMPS, b"")
        self._transcript += message
        if version == Version.TLS13:
            self._encrypted(suite, Cut(extensions.get(_SHARE, b"")))

    def _ask_again(self, message: bytes, suite: int, extensions: dict[int, bytes]) -> None:
        if self._transcript != self._sent.message:
            raise NotTls("it asks for a third hello")
        group = Cut(extensions.get(_SHARE, b"")).number(2)
        if group not in self._sent.hello.groups:
            raise NotTls("it asks for a group that was not offered")
        if group in FINITE_FIELD_GROUPS:
            answer = self.answer
            answer.ending, answer.version, answer.suite, answer.group = (
                HelloEnding.ACCEPTED,
                Version.TLS13,
                suite,
                group,
            )
            self.complete = True
            return
        # The first hello is replaced by its hash in the transcript, as a message of kind 254 (RFC 8446, section 4.4.1).
        first = hashlib.new(hash_of(suite), self._transcript).digest()
        self._transcript = b"\xfe\x00\x00" + bytes([len(first)]) + first + message
        cookie = Cut(extensions[_COOKIE]).sized(2) if _COOKIE in extensions else b""
        self.retry = group, cookie

    def _encrypted(self, suite: int, share: "Cut") -> None:
        self.answer.group = share.number(2)
        key = self._sent.keys.get(self.answer.group)
        if key is None or suite not in self._sent.hello.suites or suite not in TLS13:
            raise NotTls("it chose what was not offered")
        self._cipher = HandshakeCipher(suite, agreed(key, share.sized(2)), self._transcript)

    def _certificate(self, body: "Cut") -> None:
        modern = self.answer.version is Version.TLS13
        if modern:
            body.sized(1)
        entries = Cut(body.sized(3))
        chain: list[bytes] = []
        while entries.left and len(chain) < _MOST_CERTIFICATES:
            chain.append(entries.sized(3))
            extensions = entries.extensions() if modern else {}
            if len(chain) == 1 and modern:
                self._beside_leaf(extensions)
        self.answer.chain = tuple(chain)
        # In TLS 1.3 nothing that is judged follows; before, the key exchange with its group does.
        self.complete = modern

    def _beside_leaf(self, extensions: dict[int, bytes]) -> None:
        self.answer.timestamps = extensions.get(_TIMESTAMPS, b"")
        if _STAPLE in extensions:
            status = Cut(extensions[_STAPLE])
            self.answer.staple = status.sized(3) if status.number(1) == _OCSP else b""

    def _key_exchange(self, body: "Cut") -> None:
        name = suite_name(self.answer.suite)
        if name.startswith("ECDH") and body.number(1) == _NAMED_CURVE:
            self.answer.group = body.number(2)
        elif name.startswith("DH"):
            self.answer.prime, self.answer.generator = _number(body.sized(2)), _number(body.sized(2))


class Cut:
    """Bytes that are taken from the front. NotTls when there are too few."""

    def __init__(self, content: bytes) -> None:
        self.left = content

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes. Raises NotTls where fewer are left."""
        if len(self.left) < count:
            raise NotTls("a message is cut short")
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self, width: int) -> int:
        """An unsigned number of so many bytes."""
        return _number(self.take(width))

    def sized(self, width: int) -> bytes:
        """Bytes after their length, which is so many bytes wide."""
        return self.take(self.number(width))

    def extensions(self) -> dict[int, bytes]:
        """A list of extensions, by their number."""
        listed, extensions = Cut(self.sized(2)), {}
        while listed.left:
            kind = listed.number(2)
            extensions[kind] = listed.sized(2)
        return extensions


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _version(number: int) -> Version:
    try:
        return Version(number)
    except ValueError:
        raise NotTls(f"it answers in version 0x{number:04X}") from None
