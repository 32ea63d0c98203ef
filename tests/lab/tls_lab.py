"""Servers of TLS with certificates of the laboratory, and what the checks say of them."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gonogo.families.tls.probe import TlsQuestion
from tests.lab.authority import (
    Issued,
    issue,
    lineage,
)
from tests.lab.fronts import Decide, front
from tests.lab.servers import NGINX_TLS, gnutls, haproxy, nginx, openssl, stunnel
from tests.lab.tls_verdicts import HOST, asked, environment, judged
from tests.support.ports import free_port

LINEAGE = lineage()
SECOND = lineage("Second CA")
LEAF = issue(HOST, LINEAGE.intermediate, names=[HOST], key="ec")
RSA_LEAF = issue(HOST, LINEAGE.intermediate, names=[HOST])
CHAIN = (LINEAGE.intermediate,)


class Lab:
    """Starts servers for one test, and says what the checks make of them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._count = 0

    def place(self) -> Path:
        """A folder for one server."""
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir(mode=0o755)
        return folder

    def nginx(self, *pairs: tuple[Issued, tuple[Issued, ...]], settings: str = NGINX_TLS) -> int:
        """Nginx that can serve these leaves, each with its chain; its port."""
        folder, port = self.place(), free_port()
        text = settings
        for number, (leaf, chain) in enumerate(pairs):
            certificate, key = leaf.write(folder, f"leaf{number}", *chain)
            text += f" ssl_certificate {certificate}; ssl_certificate_key {key};"
        self._stack.enter_context(nginx(folder, text.replace("FOLDER", str(folder)), port=port))
        return port

    def nginx_with(self, certificate: Path, key: Path) -> int:
        """Nginx that serves the certificate of this file; its port."""
        port = free_port()
        text = f"{NGINX_TLS} ssl_certificate {certificate}; ssl_certificate_key {key};"
        self._stack.enter_context(nginx(self.place(), text, port=port))
        return port

    def haproxy(self, leaf: Issued, *chain: Issued, limit: str = "", options: str = "") -> int:
        """Haproxy with this certificate; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
        self._stack.enter_context(haproxy(folder, str(certificate), limit, port=port, ciphers=options))
        return port

    def openssl(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """``openssl s_server``; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        arguments = ["-cert", str(certificate), "-cert_chain", str(certificate), "-key", str(key), *options.split()]
        self._stack.enter_context(openssl(folder, *arguments, port=port))
        return port

    def gnutls(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """gnutls-serv; its port."""
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        arguments = ["--x509certfile", str(certificate), "--x509keyfile", str(key), *options.split()]
        self._stack.enter_context(gnutls(folder, *arguments, port=port))
        return port

    def stunnel(self, leaf: Issued, *chain: Issued, options: str = "") -> int:
        """Stunnel before nginx; its port."""
        behind = self.nginx((leaf, chain))
        folder, port = self.place(), free_port()
        certificate, key = leaf.write(folder, "leaf", *chain)
        text = f"cert = {certificate}\nkey = {key}\n{options}"
        self._stack.enter_context(stunnel(folder, text, port=port, behind=behind))
        return port

    def front(self, behind: int, decide: Decide, *, other: int = 0) -> int:
        """A proxy that treats some hellos otherwise; its port."""
        return self._stack.enter_context(front(behind, decide, other=other))

    def trust(self, *roots: Issued) -> str:
        """A trust file."""
        path = self.place() / "root.pem"
        path.write_bytes(b"".join(root.pem for root in roots or (LINEAGE.root,)))
        return str(path)

    def said(self, *ports: int, host: str = HOST, trust: str = "", issuer: Any = "Example CA", **tls: Any) -> Any:  # noqa: ANN401
        """What does not pass, by check."""
        questions = [
            TlsQuestion(host=host, address="127.0.0.1", port=port, trust=trust or self.trust(), lists=True)
            for port in ports
        ]
        return judged(asked(*questions), environment(issuer, host, **tls))


def red(said: dict[str, str]) -> set[str]:
    """The checks that do not pass."""
    return set(said)
