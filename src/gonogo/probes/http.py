"""Asks the service itself: health, metrics, its own description, and what should not be there."""

import json
import re
import secrets as entropy
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from gonogo.environment.model import Environment, Http
from gonogo.evidence.base import Scope
from gonogo.evidence.http import (
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.probes.http_client import AddressClient, Body, address_client
from gonogo.probes.tls import trust_context
from gonogo.redaction import Redactor
from gonogo.secrets import Secrets

_HEALTH_REQUESTS = 3
_MOST_SERIES = 2000
_MOST_PATHS = 500
# Every repetition is bounded: a megabyte of x must not cost a minute of backtracking.
_SUSPICIOUS = {
    "a URL with a password": re.compile(
        r"\b[a-z][a-z0-9+]{1,20}://[^\s/:@\"']{0,100}:[^\s/@\"']{1,200}@", re.IGNORECASE
    ),
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)|\bat [\w$.]{1,200}\([\w.]{1,200}:\d{1,9}(?::\d{1,9})?\)"
    ),
    "a private key": re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpQuestion:
    """One address of the service."""

    host: str
    address: str
    port: int
    trust: str
    expected: Http
    secrets: Secrets = field(repr=False)

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHttpQuestion:
    """One address that might answer without TLS."""

    host: str
    address: str
    port: int

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


def http_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """Every address of the host that the base URL names."""
    name = urlsplit(environment.service.base_url).hostname or ""
    host = environment.hosts.get(name)
    if host is None or environment.http is None:
        return []
    trust = environment.tls.trust if environment.tls else "public"
    return [
        HttpQuestion(
            host=name, address=address, port=host.https_port, trust=trust, expected=environment.http, secrets=secrets
        )
        for address in host.addresses
    ]


def plain_http_questions(environment: Environment, secrets: Secrets) -> Sequence[PlainHttpQuestion]:
    """Every declared address of every declared name."""
    del secrets
    return [
        PlainHttpQuestion(host=name, address=address, port=host.http_port)
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]


async def probe_plain_http(question: PlainHttpQuestion) -> PlainHttpEvidence:
    """Ask without TLS, as an old link or a careless client does."""
    taken_at = datetime.now(UTC)
    async with address_client(None, host=question.host, address=question.address, port=question.port) as client:
        exchange = (await client.get("/api/health")).exchange
    refused = exchange.problem.startswith("refused")
    return PlainHttpEvidence(scope=question.scope, taken_at=taken_at, exchange=exchange, refused=refused)


async def probe_health(question: HttpQuestion) -> HealthEvidence:
    """Shallow health three times, one after another; then deep health. A service that gives no reply is asked once."""
    taken_at = datetime.now(UTC)
    async with _client(question) as client:
        shallow = [await client.get(question.expected.health)]
        answered_at = datetime.now(UTC)
        deep = shallow[0]
        if deep.exchange.status is not None:  # whoever does not answer once is not asked three times more
            shallow += [await client.get(question.expected.health) for _ in range(_HEALTH_REQUESTS - 1)]
            answered_at = datetime.now(UTC)
            deep = await client.get(question.expected.deep_health)
    said, deep_said = _object(shallow[-1]), _object(deep)
    bodies = shallow[-1].text + deep.text
    return HealthEvidence(
        scope=question.scope,
        taken_at=taken_at,
        shallow=tuple(body.exchange if said else body.unexpected() for body in shallow),
        deep=deep.exchange if deep_said else deep.unexpected(),
        status=_text(said.get("status")),
        deep_status=_text(deep_said.get("status")),
        dependencies=_dependencies(deep_said),
        release=_text(said.get("release") or said.get("version") or said.get("commit")),
        clock_offset=_clock_offset(shallow[-1].exchange.headers.get("date"), answered_at),
        leaked=tuple(sorted(Redactor(question.secrets).names_in(bodies))),
        suspicious=tuple(name for name, pattern in _SUSPICIOUS.items() if pattern.search(bodies)),
    )


async def probe_pages(question: HttpQuestion) -> PagesEvidence:
    """Ask for what should be closed, and for what cannot exist."""
    taken_at = datetime.now(UTC)
    async with _client(question) as client:
        control = (await client.get(f"/gonogo-{entropy.token_hex(8)}")).exchange
        pages = {path: (await client.get(path)).exchange for path in question.expected.closed_paths}
    return PagesEvidence(scope=question.scope, taken_at=taken_at, control=control, pages=pages)


async def probe_metrics(question: HttpQuestion) -> MetricsEvidence:
    """Scrape, make a request, scrape again; and try without the token."""
    taken_at = datetime.now(UTC)
    expected = question.expected
    name = expected.metrics_token
    headers = {"Authorization": f"Bearer {question.secrets[name]}"} if name else {}
    async with _client(question) as client:
        without = (await client.get(expected.metrics)).exchange if name else None
        first = await client.get(expected.metrics, headers)
        await client.get(expected.health)
        second = await client.get(expected.metrics, headers)
    before, _ = _samples(first)
    after, parse_error = _samples(second)
    return MetricsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        without_token=without,
        exchange=second.unexpected() if parse_error and second.exchange.ok else second.exchange,
        parse_error=parse_error,
        samples=len(after),
        series=tuple(sorted({series for series, _ in after})[:_MOST_SERIES]),
        before=_sums(before, expected.moving),
        after=_sums(after, expected.moving),
    )


async def probe_openapi(question: HttpQuestion) -> OpenApiEvidence:
    """Fetch the document, and read what it promises."""
    taken_at = datetime.now(UTC)
    async with _client(question) as client:
        body = await client.get(question.expected.openapi)
    document = _object(body)
    paths = document.get("paths")
    paths = paths if isinstance(paths, dict) else {}
    information = document.get("info")
    return OpenApiEvidence(
        scope=question.scope,
        taken_at=taken_at,
        exchange=body.exchange if document else body.unexpected(),
        parse_error="" if document else "the body is not a JSON object",
        version=_text(document.get("openapi")),
        title=_text(information.get("title")) if isinstance(information, dict) else None,
        paths=tuple(sorted(map(str, paths))[:_MOST_PATHS]),
        undocumented=tuple(_undocumented(paths))[:_MOST_PATHS],
    )


def _client(question: HttpQuestion) -> AbstractAsyncContextManager[AddressClient]:
    return address_client(
        trust_context(question.trust), host=question.host, address=question.address, port=question.port
    )


def _object(body: Body) -> dict[str, Any]:
    """The JSON object of a complete body; empty for anything else."""
    if body.exchange.truncated or body.exchange.status is None:
        return {}
    try:
        document = json.loads(body.content)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(value: object) -> str | None:
    return value[:100] if isinstance(value, str) else None


def _dependencies(document: Mapping[str, Any]) -> dict[str, str]:
    """As ``{"mongodb": {"status": "ok"}}`` or ``{"mongodb": "ok"}``."""
    found = document.get("dependencies") or document.get("checks") or {}
    if not isinstance(found, dict):
        return {}
    pairs = ((name, item.get("status") if isinstance(item, dict) else item) for name, item in found.items())
    return {str(name)[:100]: str(status)[:100] for name, status in list(pairs)[:50]}


def _clock_offset(date: str | None, now: datetime) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - now if date else None
    except (ValueError, TypeError):
        return None


def _samples(body: Body) -> tuple[list[tuple[str, float]], str]:
    exchange = body.exchange
    if not exchange.ok:
        return [], exchange.problem or f"status {exchange.status}"
    openmetrics = "openmetrics" in exchange.headers.get("content-type", "")
    try:
        families = list((parse_openmetrics if openmetrics else parse_text)(body.text))
    except (ValueError, KeyError, IndexError) as error:
        return [], f"not in the exposition format: {str(error)[:200]}"
    return [(sample.name, float(sample.value)) for family in families for sample in family.samples], ""


def _sums(samples: Sequence[tuple[str, float]], names: Sequence[str]) -> dict[str, float]:
    present = {name for name, _ in samples}
    return {name: sum(value for found, value in samples if found == name) for name in names if name in present}


def _undocumented(paths: Mapping[str, Any]) -> list[str]:
    methods = ("get", "put", "post", "delete", "patch")
    return [
        f"{method.upper()} {path}"
        for path, item in paths.items()
        if isinstance(item, dict)
        for method in methods
        if isinstance(operation := item.get(method), dict) and not operation.get("responses")
    ]
