"""Tries the paths at which services usually show health, metrics and their own description: some twenty GETs."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from urllib.parse import urlsplit

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import Body
from gonogo.clients.http import AddressClient
from gonogo.evidence.http import Exchange, HealthReading, Meaning
from gonogo.families.api.derivation import Derived, derive
from gonogo.families.http.answers import described as marked
from gonogo.families.http.bodies import quoting
from gonogo.families.http.health import read_health
from gonogo.families.http.metrics import Samples, samples, sums
from gonogo.families.http.openapi import Description, NoDescription, read_description
from gonogo.families.http.release import PATHS as RELEASE_PAGES
from gonogo.families.http.release import metric_words, plain_word, usual_words
from gonogo.starting.asking import Asking, made_up_path
from gonogo.starting.described_pages import readable_paths
from gonogo.starting.findings import Health, Hints, Metrics, Spoken

_HEALTH = (
    *("/health", "/healthz", "/api/health", "/livez", "/-/healthy", "/status", "/health/live", "/up", "/health/"),
    *("/actuator/health", "/api/v1/health", "/api/healthz", "/api/v1/utils/health-check/", "/healthcheck", "/ht/"),
    *("/health-check", "/_health", "/parse/health", "/q/health", "/ping", "/api/status", "/api/ping", "/heartbeat"),
    *("/healthz/live", "/__heartbeat__", "/v1/__heartbeat__", "/v1/health", "/server/health", "/_stcore/health"),
    *("/rest/noauth/health", "/-/health", "/-/liveness", "/watchman/"),
)
_DEEP = (
    *("/readyz", "/health/ready", "/api/health/deep", "/ready", "/q/health/ready", "/actuator/health/readiness"),
    *("/healthz/ready", "/__heartbeat__", "/v1/__heartbeat__", "/-/readiness"),
)
_METRICS = ("/metrics", "/api/metrics", "/actuator/prometheus", "/q/metrics")
_OPENAPI = (
    *("/openapi.json", "/api/openapi.json", "/swagger.json", "/spec.json", "/v3/api-docs", "/api/v1/openapi.json"),
    *("/openapi.yaml", "/api/openapi.yaml", "/swagger/v1/swagger.json", "/v2/api-docs", "/api/schema/", "/q/openapi"),
    *("/docs/openapi.json", "/apispec_1.json", "/api-docs", "/api-json", "/schema/openapi.json", "/swagger/doc.json"),
)
_HEALTH_WORDS = re.compile(r"health|alive|livez|readyz|\bping\b|\bstatus\b", re.IGNORECASE)
_MOST_DESCRIBED = 5
_MOST_READABLE = 5
_MOST_DOWN = 3
_MOST_SILENT = 3
_UNAVAILABLE = 503
_CLOSED = {401, 403}
_REDIRECTS = {301, 302, 303, 307, 308}
_NO_HINTS = Hints()
_SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,150}")
_WORTH = re.compile(r"request|process_resident_memory_bytes|process_cpu_seconds_total|process_open_fds")
_COUNTS = re.compile(r"request\w*(?:(?<!seconds)(?<!bytes)_total|_count)$")
_MOST_SERIES = 12
_quote = quoting(Redactor({}))
_WELL = {Meaning.PASS, Meaning.WARN}


async def listen(client: AddressClient, prefix: str, hints: Hints = _NO_HINTS) -> Spoken:
    """Ask one address. Whoever does not answer the first request is not asked again."""
    asking, made_up = Asking(client), made_up_path()
    control = marked(await asking.get(made_up), made_up).exchange
    if control.status is None:
        return Spoken(unknown_page=None, problem=control.problem)
    path, description, remarks = await _openapi(asking, prefix, hints.openapi)
    health = await _health(asking, prefix, control, description, hints.health)
    unread = await _named_health(asking, prefix, hints.health) if health is None else []
    page, missing = await _named_page(asking, hints.page)
    metrics, closed = await _metrics(asking, prefix, health.path if health else "/", control)
    return Spoken(
        unknown_page=control.status,
        elsewhere=_elsewhere(control),
        health=health,
        deep_health=await _deep_health(asking, prefix, health),
        metrics=metrics,
        release=(health.release if health else None)
        or await _release(asking, control)
        or (metrics.release if metrics else None),
        openapi=path,
        api=_api(description),
        known=page,
        front_is_served=await _front_is_served(asking, prefix),
        readable=await _readable(asking, prefix, control, description),
        remarks=[*_broken(control, health), *unread, *missing, *remarks, *closed, *_unanswered(asking.silent)],
    )


def _api(description: Description | None) -> Derived | None:
    """What ``[api]`` can take from the description; None where nobody logs in by it."""
    if description is None or not (description.version or "").startswith("3."):
        return None
    derived = derive(description.document, {})
    return derived if "login" in derived.keys else None


def _broken(control: Exchange, health: Health | None) -> Sequence[str]:
    """Problems of the service itself, which would be the cause of everything that is not found."""
    if not control.failed:
        return []
    others = "every page" if health is None else f"every page but {health.path}"
    return [f"{others} answers {control.status}: the service itself does not answer"]


def _unanswered(silent: Collection[str]) -> Sequence[str]:
    """What is not known: a path that gave no answer may be there."""
    if not silent:
        return []
    named = sorted(silent)
    more = f" and {len(named) - _MOST_SILENT} more" if len(named) > _MOST_SILENT else ""
    return [f"no answer from {', '.join(named[:_MOST_SILENT])}{more}, asked twice: it is not known what is there"]


async def _front_is_served(asking: Asking, prefix: str) -> bool:
    exchange = (await asking.get(prefix or "/")).exchange
    return exchange.served or exchange.status in _REDIRECTS


async def _named_page(asking: Asking, path: str) -> tuple[str, Sequence[str]]:
    """The page that somebody named, if it is served; else why not."""
    if not path:
        return "", []
    exchange = (await asking.get(path)).exchange
    return (path, []) if exchange.ok else ("", [f"--page: {exchange.summary}"])


async def _named_health(asking: Asking, prefix: str, paths: Sequence[str]) -> Sequence[str]:
    """Why each page that somebody named is not taken for the service's health."""
    replies = await asking.ask(prefix, paths)
    unread = 'which gonogo cannot read as healthy or unhealthy; it expects words as in {"status": "ok"} or ok'
    return [
        f"--health: {body.exchange.summary}" + (f", {unread}" if body.exchange.ok else "") for body in replies.values()
    ]


async def _readable(asking: Asking, prefix: str, control: Exchange, description: Description | None) -> Sequence[str]:
    """Those of the described pages that answer everybody, and not as a page that nobody made."""
    replies = await asking.ask(prefix, readable_paths(description)) if description else {}
    answering = [
        path for path, body in replies.items() if body.exchange.ok and not _answers_everything(path, body, control)
    ]
    return answering[:_MOST_READABLE]


async def _health(
    asking: Asking, prefix: str, control: Exchange, description: Description | None, hinted: Sequence[str]
) -> Health | None:
    """The first that says that it is well: with a release, else in a word, else by an empty body; else one that is ill."""
    named = [f"{path}" for path in description.paths if _is_health(path, description)] if description else []
    replies = await asking.ask(prefix, [*hinted, *named[:_MOST_DESCRIBED], *_HEALTH])
    pages: list[Health] = []
    for path, body in replies.items():
        reading = read_health(body, _quote)
        ill = "" if control.failed else _illness(body.exchange, reading)
        if (ill or (body.exchange.ok and reading.meaning in _WELL)) and not _answers_everything(path, body, control):
            words = usual_words(body, path, _quote)
            release = words[0].value if words else None
            pages.append(Health(path=path, status=reading.word or None, release=release, ill=ill))
    empty = [path for path, body in replies.items() if not body.content]
    return min(
        pages,
        key=lambda page: (bool(page.ill), not page.release, page.path in empty and page.path not in hinted),
        default=None,
    )


def _illness(exchange: Exchange, reading: HealthReading) -> str:
    """Why the page calls the service ill, if it surely is one of health: by its status, or by the parts that it names."""
    down = [f"{name} is {part.word}" for name, part in reading.parts.items() if part.meaning is Meaning.FAIL]
    unavailable = exchange.status == _UNAVAILABLE and reading.meaning is Meaning.FAIL
    if not (exchange.served or exchange.failed) or not (down or unavailable):
        return ""
    return f"answers {exchange.status}" + (f", {', '.join(down[:_MOST_DOWN])}" if down else "")


async def _release(asking: Asking, control: Exchange) -> str | None:
    """The first word on one of the pages that tell a release, if not everything is such a page."""
    replies = await asking.ask("", RELEASE_PAGES)
    words = [
        word.value
        for path, body in replies.items()
        if body.exchange.ok and not _answers_everything(path, body, control)
        for word in usual_words(body, path, _quote) or plain_word(body, path, _quote)
    ]
    return words[0] if words else None


def _is_health(path: str, description: Description) -> bool:
    """Whether the description names a page of health that takes no parameters."""
    operations = description.paths[path]
    return isinstance(operations, dict) and "get" in operations and "{" not in path and bool(_HEALTH_WORDS.search(path))


def _answers_everything(path: str, body: Body, control: Exchange) -> bool:
    """Whether a path that nobody made is answered alike."""
    return control.served and marked(body, path).exchange.digest == control.digest


async def _deep_health(asking: Asking, prefix: str, health: Health | None) -> str | None:
    """The first that names a dependency: one that names none only claims to be deep."""
    own = [health.path, f"{health.path}/deep"] if health else []
    replies = {**await asking.ask("", own), **await asking.ask(prefix, _DEEP)}
    for path, body in replies.items():
        if body.exchange.status is not None and _names_parts(read_health(body, _quote)):
            return path
    return None


def _names_parts(reading: HealthReading) -> bool:
    return reading.meaning is not Meaning.UNKNOWN and bool(reading.parts)


async def _openapi(
    asking: Asking, prefix: str, hinted: Sequence[str]
) -> tuple[str | None, Description | None, Sequence[str]]:
    """The first document of OpenAPI, and what else was there."""
    remarks = []
    for path, body in (await asking.ask(prefix, [*hinted, *_OPENAPI])).items():
        if not body.exchange.served:
            continue
        if body.exchange.truncated:
            remarks.append(f"{path} is large: if it is the description of the API, declare it as http.openapi")
            continue
        try:
            description = read_description(body)
        except NoDescription:
            continue
        if (description.version or "").startswith(("3.", "2.0")) and description.paths:
            return path, description, []
    return None, None, remarks


async def _metrics(
    asking: Asking, prefix: str, between: str, control: Exchange
) -> tuple[Metrics | None, Sequence[str]]:
    """Scrape, make a request, scrape again, twice: what moved both times is what a dashboard will move by."""
    replies = await asking.ask(prefix, _METRICS)
    for path, body in replies.items():
        before, problem = samples(body)
        if before and not problem:
            scrapes = [before]
            for _ in range(2):
                await asking.get(between)
                scrapes.append(samples(await asking.get(path))[0])
            release = next((word.value for word in metric_words(body, path, _quote) if word.certain), None)
            return replace(_worth(path, scrapes), release=release), []
    closed = [path for path, body in replies.items() if body.exchange.status in _CLOSED]
    if closed and control.status not in _CLOSED:
        status = replies[closed[0]].exchange.status
        return None, [f"{closed[0]} answers {status}: declare http.metrics, and http.metrics_token to read it with"]
    return None, []


def _worth(path: str, scrapes: Sequence[Samples]) -> Metrics:
    """Of the series that moved, one of HTTP goes first: disks and queues count requests of their own."""
    before = scrapes[0]
    names = sorted({name for name, _ in before if _SERIES.fullmatch(name)})
    chosen = [name for name in names if _WORTH.search(name) and not name.endswith(("_created", "_bucket"))]
    counts = [name for name in names if _COUNTS.search(name)]
    totals = [sums(scrape, counts) for scrape in scrapes]
    moved = [name for name in counts if all(_grew(name, *pair) for pair in pairwise(totals))]
    moved.sort(key=lambda name: "http" not in name)
    return Metrics(path=path, samples=len(before), series=(chosen or names)[:_MOST_SERIES], moving=moved[:1])


def _grew(name: str, earlier: Mapping[str, float], later: Mapping[str, float]) -> bool:
    """Whether it counted something, which is a whole number."""
    growth = later.get(name, 0) - earlier.get(name, math.inf)
    return growth > 0 and growth.is_integer()


def _elsewhere(control: Exchange) -> str:
    """The other host to which even a path that nobody made is sent."""
    target = urlsplit(control.headers.get("location", ""))
    return target.netloc if target.netloc and target.netloc != urlsplit(control.url).netloc else ""
