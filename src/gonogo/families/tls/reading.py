"""Reads one certificate, however old-fashioned it is."""

import warnings

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning


def load_certificate(der: bytes) -> x509.Certificate:
    """The certificate. Raises ValueError for what is none.

    Public trust stores hold roots from before RFC 5280; that they will be unreadable one day is no news for a user.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return x509.load_der_x509_certificate(der)
