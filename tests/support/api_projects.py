"""A service of somebody else's, over plain HTTP on a port, and a project that walks the security journey to it."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.session import results_of
from reference.certificates import Bundle, CertificateSettings, issue_public
from reference.relay import Backend, Listen, Relay, TlsOffer
from tests.support.doubles import closed_port

Walked = dict[str, tuple[Outcome, str]]
"""Check to its outcome, and what it said."""

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


def walked(folder: Path, behind: int, name: str, api: str, secrets: Mapping[str, str] | None = None) -> Walked:
    """Every step of the security journey, and of its clean-up, against what listens on the port ``behind``."""
    (folder / "tls").mkdir(parents=True, exist_ok=True)
    root, bundle, _ = issue_public(folder / "tls", CertificateSettings(names=("api.example.test",), issuer="Test CA"))
    (folder / "environments").mkdir(exist_ok=True)
    with _over_tls(behind, bundle) as port:
        text = _ENVIRONMENT.format(name=name, port=port, root=root)
        (folder / "environments" / "staging.toml").write_text(text + api)
        run = prepare(Request(environment="staging", project=folder), dict(secrets or {}))
        results = results_of(run)
    return {
        check.id: (seen.outcome, seen.message)
        for check in results.checks
        for seen in check.observations
        if check.id.startswith(("security-", "cleanup-"))
    }


@contextmanager
def _over_tls(behind: int, bundle: Bundle) -> Iterator[int]:
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
