"""A service of somebody else's, over plain HTTP on a port, and a project that walks the security journey to it."""

import asyncio
import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.session import results_of
from reference.certificates import Bundle, CertificateSettings, issue_public
from reference.relay import Backend, Listen, Relay, TlsOffer
from tests.support.ports import closed_port

Walked = dict[str, tuple[Outcome, str]]
"""Check to its outcome, and what it said."""

Answer = Callable[[str, str, Mapping[str, Any], str], tuple[int, Any]]
"""Method, path, JSON body and token to status and JSON."""

_ENVIRONMENT = """
[service]
name = "{name}"
base_url = "https://api.example.test:{port}"
without = ["dns", "http", "ports", "mongodb", "redis", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "load", "variables"]

[permits]
effects = ["read", "write", "intrusive"]

[hosts."api.example.test"]
addresses = ["127.0.0.1"]
https_port = {port}

[tls]
issuer = "Test CA"
trust = "{root}"

[smoke]
mail_domain = "smoke.example.com"
"""


def walked(  # noqa: PLR0917 - where, who, and how
    folder: Path,
    behind: int,
    name: str,
    api: str,
    secrets: Mapping[str, str] | None = None,
    only: Collection[str] = (),
) -> Walked:
    """Every step of the security journey, of the document and of the clean-up, against what listens on ``behind``."""
    with declared(folder, behind, name, api):
        run = prepare(Request(environment="staging", project=folder, only=only), dict(secrets or {}))
        results = results_of(run)
    return {
        check.id: (seen.outcome, seen.message)
        for check in results.checks
        for seen in check.observations
        if check.id.startswith(("security-", "document-", "cleanup-"))
    }


@contextmanager
def declared(folder: Path, behind: int, name: str, api: str) -> Iterator[None]:
    """A project with an environment ``staging``, in front of what listens on ``behind``."""
    (folder / "tls").mkdir(parents=True, exist_ok=True)
    root, bundle, _ = issue_public(folder / "tls", CertificateSettings(names=("api.example.test",), issuer="Test CA"))
    (folder / "environments").mkdir(exist_ok=True)
    with over_tls(behind, bundle) as port:
        text = _ENVIRONMENT.format(name=name, port=port, root=root)
        (folder / "environments" / "staging.toml").write_text(text + api)
        yield


@contextmanager
def over_tls(behind: int, bundle: Bundle) -> Iterator[int]:
    """The port of a TLS front, in a thread of its own."""
    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    listen = Listen(address="127.0.0.1", port=closed_port(), tls=TlsOffer(protocols=("http/1.1",)).context(bundle))

    async def serve() -> None:
        relay = Relay([listen], Backend(port=behind))
        await relay.start()
        started.set()
        await ended.wait()
        await relay.stop()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    try:
        yield listen.port
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


@contextmanager
def serving(answer: Answer) -> Iterator[int]:
    """The port of a service that answers so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                body = json.loads(content)
            except ValueError:
                body = {}
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            token = token or self.headers.get("Cookie", "").removeprefix("sid=")
            status, document = answer(self.command, self.path, body if isinstance(body, dict) else {}, token)
            bodiless = self.command == "HEAD" or status == HTTPStatus.NO_CONTENT
            reply = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(reply)))
            if status == HTTPStatus.METHOD_NOT_ALLOWED:
                self.send_header("Allow", "GET, POST")
            if isinstance(document, dict) and "sid" in document:
                self.send_header("Set-Cookie", "theme=dark; Path=/")
                self.send_header(
                    "Set-Cookie", f"sid={document['sid']}; Path=/; HttpOnly; Expires=Wed, 21 Oct 2099 07:28:00 GMT"
                )
            self.end_headers()
            self.wfile.write(b"" if bodiless else reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_TRACE = do_QUERY = _serve  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
