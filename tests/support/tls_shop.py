"""A small service behind a certificate of its own, for those who look at a service that nobody has described yet."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler, Listener
from reference.relay import TlsOffer
from tests.support.threads import listening

HOST = "shop.test"


@contextmanager
def serving(handler: Handler, project: Path, *, trusted: bool = True, issuer: str = "Shop CA") -> Iterator[str]:
    """Its base URL; the root to trust lies in the project as ``root.pem`` if it is ``trusted``."""
    chosen = CertificateSettings(names=(HOST,), issuer=issuer)
    state = project.parent / "state"
    state.mkdir(exist_ok=True)
    root, bundle, _ = issue_public(state, chosen)
    if trusted:
        (project / "root.pem").write_bytes(root.read_bytes())
    with listening(Listener(handler, "127.0.0.1", 0, TlsOffer().context(bundle))) as port:
        yield f"https://{HOST}:{port}"


class Shop:
    """A small service as it should be."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Count, and answer."""
        del headers
        self.requests += 1
        health = b'{"status":"ok","release":"3f2c1a9","dependencies":{"database":"ok"}}'
        described = (
            b'{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/x":{"get":{"responses":{"200":{}}}}}}'
        )
        metrics = f"# TYPE http_requests_total counter\nhttp_requests_total {self.requests}\nup 1\n".encode()
        pages = {"/healthz": health, "/api/openapi.json": described, "/metrics": metrics}
        return (200, pages[path]) if path in pages else (404, b"{}")


def bare(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """A service that shows nothing of itself."""
    del path, headers
    return 404, b"nothing"


def dated() -> str:
    """A Date header, without which clocks cannot be compared."""
    return f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime())}\r\n"
