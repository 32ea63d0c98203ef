"""Offers of clients of the last five years, where it differs from what OpenSSL offers by default.

Chromium since 2021: net/socket/ssl_client_socket_impl.cc and BoringSSL's defaults. Go since 1.22: crypto/tls, defaults.go.
Firefox and Safari offer more than Chromium, and nothing that a server of theirs could need besides.
"""

from dataclasses import replace

from gonogo.evidence.tls import Certificate
from gonogo.families.tls.answer import TlsAnswer
from gonogo.families.tls.hello import P256, P384, P521, X25519, Hello, Version, title_of
from gonogo.families.tls.suites import suite_name

_VERSIONS = (Version.TLS13, Version.TLS12)
_MODERN = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8)
BROWSERS = "Chromium"
CLIENTS: dict[str, Hello] = {
    BROWSERS: Hello(
        versions=_VERSIONS,
        suites=(*_MODERN, 0xC013, 0xC014, 0x009C, 0x009D, 0x002F, 0x0035),
        schemes=(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
        groups=(X25519, P256, P384),
    ),
    "Go": Hello(
        versions=_VERSIONS,
        suites=(*_MODERN, 0xC009, 0xC013, 0xC00A, 0xC014),
        schemes=(0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0503, 0x0603),
        groups=(X25519, P256, P384, P521),
    ),
}
_KEYS_OF_SCHEMES = {0x0804: "RSA", 0x0403: "EC 256", 0x0503: "EC 384", 0x0603: "EC 521", 0x0807: "Ed25519"}
_MIND_KEY_USAGE = {BROWSERS}
"""BoringSSL: ssl_cert_check_key_usage. NSS and GnuTLS do the same; OpenSSL and Go look at the purpose only."""


def client_hello(name: str, server_name: str | None) -> Hello:
    """The hello of one of them."""
    return replace(CLIENTS[name], server_name=server_name)


def refusal(name: str, answer: TlsAnswer, leaf: Certificate | None) -> str:
    """Why the client of this name would not go on with this answer, which shows this leaf; empty if it would."""
    client = CLIENTS[name]
    if answer.version not in client.versions:
        return f"it does not speak {answer.version.title if answer.version else 'that version'}"
    if answer.suite not in client.suites:
        return f"it does not offer the cipher suite {suite_name(answer.suite)}"
    if answer.group and answer.group not in client.groups:
        return f"it does not offer the group {title_of(answer.group)}"
    key = leaf.key if leaf else ""
    key_types = {_KEYS_OF_SCHEMES[scheme] for scheme in client.schemes if scheme in _KEYS_OF_SCHEMES}
    if key not in key_types and key.partition(" ")[0] not in key_types:
        return f"it knows no key of the kind {key}"
    signs = not suite_name(answer.suite).startswith("RSA_")
    if leaf is not None and signs and not leaf.may_sign and name in _MIND_KEY_USAGE:
        return "the certificate's key usage does not allow digital signatures"
    return ""
