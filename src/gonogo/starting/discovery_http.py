"""Tries the paths at which services usually show health, metrics and their own description: some twenty GETs."""

import asyncio
import re
import secrets as entropy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.redaction import Redactor
from gonogo.clients.http import AddressClient, Body
from gonogo.evidence.http import Exchange
from gonogo.families.http.bodies import Samples, dependencies, json_object, quoting, samples, sums
from gonogo.starting.findings import Health, Metrics, Spoken

_HEALTH = ("/health", "/healthz", "/api/health", "/livez", "/-/healthy", "/status", "/health/live", "/up")
_DEEP = ("/readyz", "/health/ready", "/api/health/deep", "/ready")
_METRICS = ("/metrics", "/api/metrics", "/actuator/prometheus")
_OPENAPI = ("/openapi.json", "/api/openapi.json", "/swagger.json", "/spec.json", "/v3/api-docs")
_LONGEST_PLAIN = 200
"""Of a health page that is no JSON: a word, and no website."""
_CLOSED = {401, 403}
_SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,150}")
_WORTH = re.compile(r"request|process_resident_memory_bytes|process_cpu_seconds_total|process_open_fds")
_COUNTS = re.compile(r"request\w*_(?:total|count)$")
_MOST_SERIES = 12
_quote = quoting(Redactor({}))


async def listen(client: AddressClient, prefix: str) -> Spoken:
    """Ask one address. Whoever does not answer the first request is not asked again."""
    control = (await client.get(f"/gonogo-{entropy.token_hex(8)}")).exchange
    if control.status is None:
        return Spoken(unknown_page=None, problem=control.problem)
    health = await _health(client, prefix, catches_all=control.served)
    described, remarks = await _openapi(client, prefix)
    metrics, closed = await _metrics(client, prefix, health.path if health else "/", control)
    return Spoken(
        unknown_page=control.status,
        elsewhere=_elsewhere(control),
        health=health,
        deep_health=await _deep_health(client, prefix, health),
        metrics=metrics,
        openapi=described,
        remarks=[*remarks, *closed],
    )


async def _health(client: AddressClient, prefix: str, *, catches_all: bool) -> Health | None:
    """The first that says its status in JSON, else the first that answers shortly, if not everything does."""
    replies = await _ask(client, prefix, _HEALTH)
    for path, body in replies.items():
        document = json_object(body)
        if body.exchange.ok and isinstance(document.get("status"), str):
            release = document.get("release") or document.get("version") or document.get("commit")
            return Health(path=path, status=_quote(document["status"]), release=_quote(release))
    for path, body in replies.items():
        if body.exchange.ok and not catches_all and _is_short(body):
            return Health(path=path, status=None)
    return None


def _is_short(body: Body) -> bool:
    return len(body.content) <= _LONGEST_PLAIN and "html" not in body.exchange.headers.get("content-type", "")


async def _deep_health(client: AddressClient, prefix: str, health: Health | None) -> str | None:
    """The first that names a dependency: one that names none only claims to be deep."""
    own = [health.path, f"{health.path}/deep"] if health else []
    replies = {**await _ask(client, "", own), **await _ask(client, prefix, _DEEP)}
    for path, body in replies.items():
        if body.exchange.status is not None and dependencies(json_object(body), _quote):
            return path
    return None


async def _openapi(client: AddressClient, prefix: str) -> tuple[str | None, Sequence[str]]:
    """The first document of version 3, and what else was there."""
    remarks = []
    for path, body in (await _ask(client, prefix, _OPENAPI)).items():
        document = json_object(body)
        version = _quote(document.get("openapi")) or ""
        if body.exchange.ok and version.startswith("3.") and isinstance(document.get("paths"), dict):
            return path, []
        older = _quote(document.get("swagger"))
        if body.exchange.ok and older:
            remarks.append(f"{path} is Swagger {older}; gonogo verifies OpenAPI 3")
    return None, remarks


async def _metrics(
    client: AddressClient, prefix: str, between: str, control: Exchange
) -> tuple[Metrics | None, Sequence[str]]:
    """Scrape, make a request, scrape again: what moved is what a dashboard will move by."""
    replies = await _ask(client, prefix, _METRICS)
    for path, body in replies.items():
        before, problem = samples(body)
        if before and not problem:
            await client.get(between)
            after, _ = samples(await client.get(path))
            return _worth(path, before, after), []
    closed = [path for path, body in replies.items() if body.exchange.status in _CLOSED]
    if closed and control.status not in _CLOSED:
        status = replies[closed[0]].exchange.status
        return None, [f"{closed[0]} answers {status}: declare http.metrics, and http.metrics_token to read it with"]
    return None, []


def _worth(path: str, before: Samples, after: Samples) -> Metrics:
    names = sorted({name for name, _ in before if _SERIES.fullmatch(name)})
    chosen = [name for name in names if _WORTH.search(name) and not name.endswith(("_created", "_bucket"))]
    counts = [name for name in names if _COUNTS.search(name)]
    first, second = sums(before, counts), sums(after, counts)
    moved = [name for name in counts if name in first and name in second and first[name] != second[name]]
    return Metrics(path=path, samples=len(before), series=(chosen or names)[:_MOST_SERIES], moving=moved[:1])


async def _ask(client: AddressClient, prefix: str, paths: Iterable[str]) -> Mapping[str, Body]:
    """All of them at once, below the path of the base URL as well if it has one."""
    wanted = list(dict.fromkeys(f"{start}{path}" for start in dict.fromkeys((prefix, "")) for path in paths))
    replies: Any = await asyncio.gather(*(client.get(path) for path in wanted))
    return dict(zip(wanted, replies, strict=True))


def _elsewhere(control: Exchange) -> str:
    """The other host to which even a path that nobody made is sent."""
    target = urlsplit(control.headers.get("location", ""))
    return target.netloc if target.netloc and target.netloc != urlsplit(control.url).netloc else ""
