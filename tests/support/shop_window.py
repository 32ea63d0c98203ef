"""A shop that users see in a browser, over TLS with a private authority, and a project that walks to it."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from reference.certificates import CertificateSettings, issue_public

HOST, NOT_ITS_NAME = "shop.test", "shop-of-others.test"
TYPED, SHOWN = "typed-password-of-nobody-77", "c4nary-of-the-page-81"
"""A password that a step types, and a secret that a page of this shop shows."""
PAGES = {
    "/": '<title>Lantern</title><h1>Lantern, books</h1><a href="/pay?token=in-a-query">Pay</a>',
    "/pay": """<title>Pay</title><h1>Pay</h1>
        <form><input name="email" aria-label="E-mail"><input type="password" aria-label="Password">
        <input name="card_number" aria-label="Card"><button>Pay now</button></form><p id="said"></p>
        <img src="/missing.png?token=in-a-query" alt="">
        <script>document.querySelector("form").onsubmit = event => {
            event.preventDefault();
            fetch("/api/pay" + location.search, {method: "POST"}).then(reply => {
                document.getElementById("said").textContent = reply.ok ? "Thank you" : "Something went wrong";
                if (!reply.ok) console.error("payment refused", {status: reply.status});
            });
        }</script>""",
    "/secret": f"<title>Debug</title><h1>Settings</h1><pre>{SHOWN}</pre>",
    "/who": "<title>Who</title><script>document.write(navigator.userAgent)</script>",
}
ENVIRONMENT = """
[service]
name = "Lantern"
base_url = "https://shop.test:{port}"
without = ["dns", "http", "ports", "mongodb", "redis", "servers", "digitalocean", "atlas", "stripe", "sentry", "mail",
    "load", "variables"]

[permits]
effects = ["read", "write"]

[hosts."shop.test"]
addresses = ["127.0.0.1"]
https_port = {port}

[hosts."shop-of-others.test"]
addresses = ["127.0.0.1"]
https_port = {port}
http = false

[tls]
trust = "{root}"
issuer = "Shop CA"

[smoke]
mail_domain = "smoke.shop.test"

[browser]
"""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        content = PAGES.get(path, "").encode()
        known = {"/api/pay": 200, "/api/pay?token=in-a-query": 500}  # who came by the link cannot pay
        self.send_response(200 if content else known.get(self.path, 404))
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _serve  # noqa: N815 - names of the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        pass


@contextmanager
def open_shop(folder: Path) -> Iterator[str]:
    """The environment file of a shop that is open; the keys of its authority lie below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    root, bundle, _ = issue_public(folder, CertificateSettings(names=(HOST,), issuer="Shop CA"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(bundle.chain, bundle.key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield ENVIRONMENT.format(port=server.server_port, root=root)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
