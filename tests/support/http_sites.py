"""Whole services by hand behind real TLS, and what every HTTP check says of one of them."""

import asyncio
import inspect
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pydantic import TypeAdapter

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.families.http import FAMILY
from gonogo.families.http.probe import PROBES
from gonogo.families.registry import environment_from
from gonogo.planning.declarations import read_declarations
from gonogo.policy.catalogue import read_catalogue
from gonogo.policy.severity import Severity
from reference.certificates import CertificateSettings, issue_public
from reference.listener import Handler, Listener
from reference.relay import TlsOffer
from tests.checks.conftest import FOLDERS, function_of

HOST = "svc.workme.test"
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
TEXT = {"Content-Type": "text/plain"}
_EVIDENCE = {kind.name: kind.evidence for kind in FAMILY.kinds}
SECURE = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
CLOSED = ["/.env", "/.git/HEAD", "/debug", "/actuator/env", "/server-status", "/phpinfo.php"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, its headers, the number of its connection, its own number, its method and its body."""

    path: str
    headers: Mapping[str, str]
    connection: int
    number: int
    method: str = "GET"
    body: bytes = b""


Site = Callable[[Asked], Reply]
GOOD = Reply(200, b'{"status":"ok","release":"abc1234"}', JSON)
MISSING = Reply(404, b"{}", JSON)


def pages(found: Mapping[str, Reply], otherwise: Reply = MISSING) -> Site:
    """A service of these pages; health is good unless it is among them."""
    known = {"/health": GOOD, **found}
    return lambda asked: known.get(asked.path, otherwise)


def health(body: bytes | str, headers: Mapping[str, str] = JSON, status: int = 200) -> Site:
    """A service whose health page is this one."""
    return pages({"/health": Reply(status, body if isinstance(body, bytes) else body.encode(), headers)})


def handler(site: Site) -> Handler:
    """HTTP/1.1 by hand."""
    connections, requests = itertools.count(), itertools.count()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(connections)
        while True:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            lines = head.split("\r\n")
            sent = {key.lower(): value for key, _, value in (line.partition(": ") for line in lines[1:])}
            method, path, _ = lines[0].split()
            body = await reader.readexactly(int(sent.get("content-length", "0")))
            reply = site(Asked(path, sent, connection, next(requests), method, body))
            await asyncio.sleep(reply.delay_seconds)
            date = format_datetime(datetime.now(UTC), usegmt=True)
            headers = {**SECURE, "Date": date, "Content-Length": str(len(reply.body)), **reply.headers}
            told = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
            writer.write(f"HTTP/1.1 {reply.status} X\r\n{told}\r\n".encode() + reply.body)
            await writer.drain()
            if headers.get("Connection") == "close":
                return

    return handle


@cache
def certificates() -> tuple[Path, Any]:
    """An authority of our own, and what it issued for the two names."""
    root, bundle, _ = issue_public(Path(mkdtemp()), CertificateSettings(names=(HOST, "two.workme.test")))
    return root, bundle


@cache
def _checks() -> Mapping[str, tuple[Callable[..., None], Any, str]]:
    lines = read_catalogue(FOLDERS[0] / "catalogue.toml")
    kinds = {"service", "plain_http", "health", "pages", "metrics", "openapi"}
    return {
        found.id: (function_of(found), lines[found.id], found.arguments[0])
        for found in read_declarations(FOLDERS[0])
        if found.arguments[0].removesuffix("_all") in kinds
    }


def told(
    site: Site,
    other: Site | None = None,
    plain: Site | None = None,
    kinds: Sequence[str] = (),
    **http: Any,  # noqa: ANN401 - keys of [http]
) -> dict[str, str]:
    """Check to what it says of this service where it is not content: ``FAIL …``, ``WARN …``, ``ERROR …``."""
    root, bundle = certificates()
    service = {key: http.pop(key) for key in ("base_path", "release") if key in http}
    hosts = http.pop("hosts", {})
    if "release_place" in http:
        http["release"] = http.pop("release_place")

    async def main() -> dict[str, str]:
        tls = TlsOffer().context(bundle)
        listener = Listener(handler(site), "127.0.0.1", 0, tls)
        second = Listener(handler(other), "127.0.0.2", 0, tls) if other else None
        clear = Listener(handler(plain), "127.0.0.1", 0) if plain else None
        for started in filter(None, (listener, second, clear)):
            await started.start()
        declared: dict[str, Any] = {HOST: {"addresses": ["127.0.0.1"], "https_port": listener.port, "http_port": 1}}
        if clear:
            declared[HOST]["http_port"] = clear.port
        if second:
            declared["two.workme.test"] = {"addresses": ["127.0.0.2"], "https_port": second.port, "http_port": 1}
        for name, more in hosts.items():
            declared[name] |= more
        base = f"https://{HOST}:{listener.port}{service.get('base_path', '')}"
        environment = declared_environment(base, declared, root, service.get("release", "abc1234"), http)
        try:
            return await judged(environment, kinds or tuple(PROBES))
        finally:
            for started in filter(None, (listener, second, clear)):
                await started.stop()

    return asyncio.run(main())


def declared_environment(
    base_url: str, hosts: Mapping[str, Any], root: Path, release: str | None, http: Mapping[str, Any]
) -> Any:  # noqa: ANN401 - composed at run time
    """An environment file with these hosts and this section for HTTP."""
    return environment_from(
        {
            "service": {"name": "S", "base_url": base_url, "release": release},
            "hosts": hosts,
            "tls": {"trust": str(root), "issuer": "x"},
            "http": {"health": "/health", "closed_paths": CLOSED, "connections": 2, **http},
        }
    )


async def judged(environment: Any, kinds: Sequence[str]) -> dict[str, str]:  # noqa: ANN401 - composed at run time
    """Ask, and say what every check of these kinds says where it is not content."""
    secrets = Secrets({"METRICS_TOKEN": "t0ken-value-1", "HEALTH_TOKEN": "t0ken-value-2"})
    asked = {kind: PROBES[kind].questions(environment, secrets) for kind in kinds}
    flat = [(kind, question) for kind, questions in asked.items() for question in questions]
    answers = await asyncio.gather(*(PROBES[kind].ask(question) for kind, question in flat))
    said: dict[str, str] = {}
    for (kind, _), evidence in zip(flat, answers, strict=True):
        adapter: TypeAdapter[Any] = TypeAdapter(_EVIDENCE[kind])
        assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
        for identifier, (function, line, subject) in _checks().items():
            if subject.removesuffix("_all") == kind and _declared(identifier, environment):
                subjects = {subject: (evidence,) if subject.endswith("_all") else evidence}
                more = {"environment": environment, "policy": line.policy}
                wanted = inspect.signature(function).parameters
                outcome = _outcome(function, line.severity, subjects | {k: v for k, v in more.items() if k in wanted})
                if outcome:
                    said[identifier] = " | ".join(filter(None, (said.get(identifier), outcome)))
    return said


def _declared(identifier: str, environment: Any) -> bool:  # noqa: ANN401 - as above
    needed = {"health-deep": "deep_health", "metrics-series": "series", "metrics-moving": "moving"}
    return identifier not in needed or environment.declares(needed[identifier])


def _outcome(function: Callable[..., None], severity: Severity, arguments: Mapping[str, Any]) -> str:
    try:
        function(**arguments)
    except AssertionError as failed:
        return f"{'FAIL' if severity is Severity.BLOCKER else 'WARN'} {failed}"
    except Unobserved as unobserved:
        return f"ERROR {unobserved.reason}"
    return ""
