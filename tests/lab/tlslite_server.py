"""A server of tlslite-ng, which still speaks what OpenSSL 3 has forgotten: SSL 3.0, RC4 and 3DES."""

import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports asyncore, for what is not used here
    from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.errors import TLSError

SSL3, TLS12 = (3, 0), (3, 3)
_GREETING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def tlslite(
    certificate: Path, key: Path, *, ciphers: list[str], versions: tuple[tuple[int, int], tuple[int, int]]
) -> Iterator[int]:
    """One connection after another, of versions between these two; the port."""
    chain = X509CertChain()
    chain.parsePemList(certificate.read_text())
    private = parsePEMKey(key.read_text(), private=True)
    settings = HandshakeSettings()
    settings.minVersion, settings.maxVersion = versions
    settings.versions = [versions[1]]
    settings.cipherNames, settings.macNames = ciphers, [*settings.macNames, "md5"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, chain, private, settings))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, chain: Any, key: Any, settings: Any) -> None:  # noqa: ANN401 - they carry no types
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain, suppress(TLSError, OSError, ValueError):
            plain.settimeout(5)
            connection = TLSConnection(plain)
            connection.handshakeServer(certChain=chain, privateKey=key, settings=settings)
            connection.recv(4096)
            connection.sendall(_GREETING)
            connection.close()
