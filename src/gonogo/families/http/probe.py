"""Asks the service itself: health, metrics, its own description, and what should not be there."""

import re
import secrets as entropy
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.clients.http import KNOCK_PATIENCE, REFUSED, AddressClient, address_client
from gonogo.clients.knock import knock
from gonogo.clients.network import Swallowed
from gonogo.clients.trust import trust_context
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.http import (
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.families.http.bodies import (
    Samples,
    clock_offset,
    dependencies,
    json_object,
    quoting,
    samples,
    series,
    sums,
    undocumented,
)
from gonogo.families.http.section import Http
from gonogo.families.kind import Probe

_HEALTH_REQUESTS = 3
_MOST_PATHS = 500
_LONGEST_NAME = 200
_PROCESS_START = "process_start_time_seconds"
_LATEST_TIME = 1e11
"""Seconds since 1970: what is larger is no time."""
_ROOT = "/"
"""What every service has."""
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
    https_port: int
    path: str = _ROOT

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


def http_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """Every address of the host that the base URL names."""
    name = urlsplit(environment.service.base_url).hostname or ""
    host, section = environment.hosts.get(name), environment.section(Http)
    if host is None or section is None:
        return []
    trust = environment.trust_of(name)
    return [
        HttpQuestion(
            host=name,
            address=address,
            port=host.https_port,
            trust=trust,
            expected=section,
            secrets=secrets,
        )
        for address in host.addresses
    ]


def health_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """The same, if the service has health."""
    return http_questions(environment, secrets) if environment.declares("health") else []


def metrics_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """The same, if it has metrics."""
    return http_questions(environment, secrets) if environment.declares("metrics") else []


def openapi_questions(environment: Environment, secrets: Secrets) -> Sequence[HttpQuestion]:
    """The same, if it describes itself."""
    return http_questions(environment, secrets) if environment.declares("openapi") else []


def plain_http_questions(environment: Environment, secrets: Secrets) -> Sequence[PlainHttpQuestion]:
    """Every declared address of every declared name."""
    del secrets
    section = environment.section(Http)
    path = (section.health if section else None) or _ROOT
    return [
        PlainHttpQuestion(host=name, address=address, port=host.http_port, https_port=host.https_port, path=path)
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]


async def probe_plain_http(question: PlainHttpQuestion) -> PlainHttpEvidence:
    """Ask without TLS, as an old link or a careless client does."""
    taken_at = datetime.now(UTC)
    async with address_client(None, host=question.host, address=question.address, port=question.port) as client:
        filtered = False
        try:
            exchange = (await client.get(question.path)).exchange
        except Swallowed as swallowed:
            if await knock(question.address, question.https_port, KNOCK_PATIENCE):
                raise
            # Swallowed here, and answered there: a firewall closed this port.
            filtered, exchange = True, client.unanswered(question.path, swallowed.reason)
    refused = exchange.problem.startswith(REFUSED)
    return PlainHttpEvidence(
        scope=question.scope, taken_at=taken_at, exchange=exchange, refused=refused, filtered=filtered
    )


async def probe_health(question: HttpQuestion) -> HealthEvidence:
    """Shallow health three times, one after another; then deep health, if there is any.

    A service that gives no reply is asked once.
    """
    taken_at = datetime.now(UTC)
    async with _client(question) as client:
        health, deep_health = question.expected.health or _ROOT, question.expected.deep_health
        shallow = [await client.get(health)]
        answered_at = datetime.now(UTC)
        deep = shallow[0]
        if deep.exchange.status is not None:  # whoever does not answer once is not asked three times more
            shallow += [await client.get(health) for _ in range(_HEALTH_REQUESTS - 1)]
            answered_at = datetime.now(UTC)
            deep = await client.get(deep_health) if deep_health else shallow[-1]
    said, deep_said = json_object(shallow[-1]), json_object(deep)
    bodies = "\n".join(body.text for body in (*shallow, deep))
    redactor = Redactor(question.secrets)
    quote = quoting(redactor)
    return HealthEvidence(
        scope=question.scope,
        taken_at=taken_at,
        shallow=tuple(body.exchange if said else body.unexpected() for body in shallow),
        deep=deep.exchange if deep_said else deep.unexpected(),
        status=quote(said.get("status")),
        deep_status=quote(deep_said.get("status")),
        dependencies=dependencies(deep_said, quote),
        release=quote(said.get("release") or said.get("version") or said.get("commit")),
        clock_offset=clock_offset(shallow[-1].exchange.headers.get("date"), answered_at),
        leaked=tuple(sorted(redactor.names_in(bodies))),
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
    path, name = expected.metrics or _ROOT, expected.metrics_token
    headers = {"Authorization": f"Bearer {question.secrets[name]}"} if name else {}
    async with _client(question) as client:
        without = (await client.get(path)).exchange if name else None
        first = await client.get(path, headers)
        await client.get(expected.health or _ROOT)
        second = await client.get(path, headers)
    before, _ = samples(first)
    after, parse_error = samples(second)
    quote = quoting(Redactor(question.secrets), _LONGEST_NAME)
    return MetricsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        without_token=without,
        exchange=second.unexpected() if parse_error and second.exchange.ok else second.exchange,
        parse_error=quote(parse_error) or "",
        samples=len(after),
        series=series(after, {*expected.series, *expected.moving}, quote),
        before=sums(before, expected.moving),
        after=sums(after, expected.moving),
        started_at=_started_at(after),
    )


def _started_at(found: Samples) -> datetime | None:
    """When the oldest process of the service started, by its own metrics."""
    starts = [value for name, value in found if name == _PROCESS_START and 0 < value < _LATEST_TIME]
    return datetime.fromtimestamp(min(starts), UTC) if starts else None


async def probe_openapi(question: HttpQuestion) -> OpenApiEvidence:
    """Fetch the document, and read what it promises."""
    taken_at = datetime.now(UTC)
    async with _client(question) as client:
        body = await client.get(question.expected.openapi or _ROOT)
    document = json_object(body)
    quote = quoting(Redactor(question.secrets), _LONGEST_NAME)
    paths = document.get("paths")
    paths = paths if isinstance(paths, dict) else {}
    information = document.get("info")
    return OpenApiEvidence(
        scope=question.scope,
        taken_at=taken_at,
        exchange=body.exchange if document else body.unexpected(),
        parse_error="" if document else "the body is not a JSON object",
        version=quote(document.get("openapi")),
        title=quote(information.get("title")) if isinstance(information, dict) else None,
        paths=tuple(quote(path) or "" for path in sorted(paths)[:_MOST_PATHS]),
        undocumented=tuple(quote(operation) or "" for operation in undocumented(paths)[:_MOST_PATHS]),
    )


def _client(question: HttpQuestion) -> AbstractAsyncContextManager[AddressClient]:
    return address_client(
        trust_context(question.trust),
        host=question.host,
        address=question.address,
        port=question.port,
        redactor=Redactor(question.secrets),
    )


PROBES: Mapping[str, Probe] = {
    "plain_http": Probe(questions=plain_http_questions, ask=probe_plain_http),
    "health": Probe(questions=health_questions, ask=probe_health),
    "pages": Probe(questions=http_questions, ask=probe_pages),
    "metrics": Probe(questions=metrics_questions, ask=probe_metrics),
    "openapi": Probe(questions=openapi_questions, ask=probe_openapi),
}
