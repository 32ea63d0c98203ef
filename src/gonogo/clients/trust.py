"""TLS contexts: whom a connection of ours trusts."""

import ssl

import certifi

from gonogo.base.errors import UsageError

WITH_CERTIFICATE = "ALL:COMPLEMENTOFALL:!aNULL:@SECLEVEL=0"
"""Every cipher suite that this OpenSSL has and in which the server shows a certificate."""


def trust_context(trust: str) -> ssl.SSLContext:
    """A verifying client context for the declared trust, with its flags set by us and not by the Python version."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    try:
        context.load_verify_locations(certifi.where() if trust == "public" else trust)
    except OSError as error:  # ssl.SSLError is one
        raise UsageError(f'tls.trust: {trust} holds no certificates ({error}); give "public" or a PEM file') from None
    return context


def unverified_context() -> ssl.SSLContext:
    """A client context that takes whatever is presented: to collect facts, never to send anything private."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # A server that prefers to be anonymous would show no certificate, and there would be no facts.
    context.set_ciphers(WITH_CERTIFICATE)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context
