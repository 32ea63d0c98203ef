"""Asks the service itself: health, metrics, its own description, and what should not be there."""

import secrets as entropy
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import anyio.to_thread

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import Body
from gonogo.clients.http import KNOCK_PATIENCE, REFUSED, address_client
from gonogo.clients.knock import knock
from gonogo.clients.network import Swallowed
from gonogo.clients.trust import trust_context
from gonogo.environment.pages import Page
from gonogo.evidence.http import (
    Exchange,
    HealthEvidence,
    HealthReading,
    Meaning,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.families.http.answers import SUSPICIOUS, described
from gonogo.families.http.asking import Asker, asker, deadline_of
from gonogo.families.http.bodies import Quote, clock_offset, quoting
from gonogo.families.http.declared import authorization, departures
from gonogo.families.http.exposition import Scrape
from gonogo.families.http.health import read_health
from gonogo.families.http.metrics import pairs, read_scrape, series, started_at, sums
from gonogo.families.http.openapi import Description, NoDescription, read_description
from gonogo.families.http.questions import (
    ROOT,
    HttpQuestion,
    PlainHttpQuestion,
    health_questions,
    metrics_questions,
    openapi_questions,
    pages_questions,
    plain_http_questions,
    service_questions,
)
from gonogo.families.http.service import probe_service
from gonogo.families.kind import Probe

_HEALTH_REQUESTS = 3
"""An odd number: the median forgives one hiccup."""
_SCRAPES = 3
"""Two scrapes tell what moves; a third one decides about a counter that falls."""
_MOST_PATHS = 500
_LONGEST_NAME = 200
"""Paths of a description, and characters of a name, that are kept: what a target sends has no end of its own."""
_SIBLINGS: Mapping[str, Sequence[str]] = {
    "/.env": ("/.env.production", "/.env.local", "/.env.bak", "/backup.sql"),
    "/.git/HEAD": ("/.git/config",),
}
"""What lies beside a file that should not be there, when somebody has cleaned up in a hurry."""


async def probe_plain_http(question: PlainHttpQuestion) -> PlainHttpEvidence:
    """Ask without TLS, as an old link or a careless client does: the front page, health, and what does not exist."""
    taken_at = datetime.now(UTC)
    paths = dict.fromkeys((ROOT, question.path, _made_up()))
    exchanges: list[Exchange] = []
    filtered = False
    async with address_client(None, host=question.host, address=question.address, port=question.port) as client:
        for path in paths:
            try:
                exchanges.append(described(await client.get(path), path).exchange)
            except Swallowed as swallowed:
                if await knock(question.address, question.https_port, KNOCK_PATIENCE):
                    raise
                # Swallowed here, and answered there: a firewall closed this port.
                filtered = True
                exchanges.append(client.unanswered(path, swallowed.reason))
            if exchanges[-1].status is None and not exchanges[-1].closed:
                break
    return PlainHttpEvidence(
        scope=question.scope,
        taken_at=taken_at,
        exchanges=tuple(exchanges),
        refused=exchanges[0].problem.startswith(REFUSED),
        filtered=filtered,
    )


async def probe_health(question: HttpQuestion) -> HealthEvidence:
    """Shallow health three times, one after another; then deep health, if there is any, and a page that is none.

    A service that gives no reply is asked once.
    """
    taken_at = datetime.now(UTC)
    health, deep_page = question.expected.health or Page(path=ROOT), question.expected.deep_health
    async with asker(question, deadline_of(question)) as asking:
        shallow = [await _page(asking, question, health)]
        answered_at = datetime.now(UTC)
        deep, control = shallow[0], shallow[0].exchange
        if deep.exchange.status is not None:  # whoever does not answer once is not asked again
            shallow += [await _page(asking, question, health) for _ in range(_HEALTH_REQUESTS - 1)]
            answered_at = datetime.now(UTC)
            deep = await _page(asking, question, deep_page) if deep_page else shallow[-1]
            control = (await asking.get(_made_up())).exchange
    redactor = Redactor(question.secrets)
    quote = quoting(redactor)
    last = shallow[-1]
    reading, deep_reading = read_health(last, quote), read_health(deep, quote)
    bodies = "\n".join(body.text for body in (*shallow, deep))
    return HealthEvidence(
        scope=question.scope,
        taken_at=taken_at,
        shallow=tuple(_shown(body, reading) for body in shallow),
        deep=_shown(deep, deep_reading),
        reading=reading,
        deep_reading=deep_reading,
        departures=departures(health, last),
        deep_departures=departures(deep_page, deep) if deep_page else (),
        control=control,
        clock_offset=clock_offset(last.exchange.headers, answered_at),
        leaked=tuple(sorted(redactor.names_in(bodies))),
        suspicious=tuple(name for name, pattern in SUSPICIOUS.items() if pattern.search(bodies)),
    )


async def probe_pages(question: HttpQuestion) -> PagesEvidence:
    """Ask for what should be closed, for what lies beside it, and for what cannot exist."""
    taken_at = datetime.now(UTC)
    closed = question.expected.closed_paths
    async with asker(question, deadline_of(question)) as asking:
        control = (await asking.follow(_made_up())).exchange
        pages = {path: (await asking.follow(path)).exchange for path in closed}
        beside = [path for name in closed for path in _SIBLINGS.get(name, ()) if path not in closed]
        siblings = {path: (await asking.get(path)).exchange for path in beside if not asking.turned_away}
    return PagesEvidence(scope=question.scope, taken_at=taken_at, control=control, pages=pages, siblings=siblings)


async def probe_metrics(question: HttpQuestion) -> MetricsEvidence:
    """Scrape over several new connections, with a request between them; and try without the token."""
    taken_at = datetime.now(UTC)
    expected = question.expected
    path = expected.metrics or ROOT
    deadline, without = deadline_of(question), None
    if expected.metrics_token:
        async with asker(question, deadline) as asking:
            without = (await asking.get(path)).exchange
    tls = trust_context(question.trust)
    scraped = [await _scrape(question, path, deadline, tls)]
    while len(scraped) < _SCRAPES and expected.moving and not scraped[-1][2]:
        scraped.append(await _scrape(question, path, deadline, tls))
    if len(scraped) == _SCRAPES and scraped[-1][0].exchange.hurried:
        scraped.pop()  # two tell what moves; a third one only decides about what falls
    body, scrape, parse_error = scraped[-1]
    quote = quoting(Redactor(question.secrets), _LONGEST_NAME)
    samples = pairs(scrape)
    return MetricsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        without_token=without,
        exchange=body.unexpected() if parse_error and body.exchange.ok else body.exchange,
        parse_error=quote(parse_error) or "",
        remarks=tuple(quote(remark) or "" for remark in scrape.remarks[:10]),
        samples=len(samples),
        series=series(samples, {*expected.series, *expected.moving}, quote),
        scrapes=tuple(sums(pairs(reply), expected.moving) for _, reply, _ in scraped),
        starts=tuple(started_at(reply) for _, reply, _ in scraped),
    )


async def probe_openapi(question: HttpQuestion) -> OpenApiEvidence:
    """Fetch the document, and read what it promises."""
    taken_at = datetime.now(UTC)
    largest = question.expected.largest_body
    async with asker(question, deadline_of(question), largest_body_bytes=largest) as asking:
        body = await asking.follow(question.expected.openapi or ROOT)
    described, problem = await anyio.to_thread.run_sync(_described, body, abandon_on_cancel=True)
    quote = quoting(Redactor(question.secrets), _LONGEST_NAME)
    return OpenApiEvidence(
        scope=question.scope,
        taken_at=taken_at,
        exchange=body.unexpected() if problem and body.exchange.ok else body.exchange,
        parse_error=quote(problem) or "",
        version=quote(described.version),
        title=quote(described.title),
        paths=tuple(quote(str(path)) or "" for path in sorted(map(str, described.paths))[:_MOST_PATHS]),
        problems=_quoted(described.problems, quote),
        remarks=_quoted(described.remarks, quote),
    )


def _shown(body: Body, reading: HealthReading) -> Exchange:
    """Adds the beginning of a body that says nothing of health."""
    return body.unexpected() if reading.meaning is Meaning.UNKNOWN and not reading.parts else body.exchange


def _described(body: Body) -> tuple[Description, str]:
    try:
        return read_description(body), ""
    except NoDescription as error:
        return Description(), str(error)


def _quoted(texts: Sequence[str], quote: Quote) -> tuple[str, ...]:
    return tuple(quote(text) or "" for text in texts)


async def _page(asking: Asker, question: HttpQuestion, page: Page) -> Body:
    return await asking.follow(page.path, authorization(page, question.secrets))


async def _scrape(question: HttpQuestion, path: str, deadline: float, tls: ssl.SSLContext) -> tuple[Body, Scrape, str]:
    """One scrape over a connection of its own, and a request after it. It is read outside of the event loop."""
    name, health = question.expected.metrics_token, question.expected.health
    headers = {"Authorization": f"Bearer {question.secrets[name]}"} if name else {}
    async with asker(question, deadline, tls=tls, largest_body_bytes=question.expected.largest_body) as asking:
        body = await asking.get(path, headers)
        if body.exchange.ok and question.expected.moving:
            await asking.get(health.path if health else question.front)
    scrape, problem = await anyio.to_thread.run_sync(read_scrape, body, abandon_on_cancel=True)
    # The body is kept for its excerpt only; several whole ones of megabytes would stay in memory until the run ends.
    return replace(body, content=body.content[: 64 * 1024]), scrape, problem


def _made_up() -> str:
    return f"/gonogo-{entropy.token_hex(8)}"


PROBES: Mapping[str, Probe] = {
    "service": Probe(questions=service_questions, ask=probe_service),
    "plain_http": Probe(questions=plain_http_questions, ask=probe_plain_http),
    "health": Probe(questions=health_questions, ask=probe_health),
    "pages": Probe(questions=pages_questions, ask=probe_pages),
    "metrics": Probe(questions=metrics_questions, ask=probe_metrics),
    "openapi": Probe(questions=openapi_questions, ask=probe_openapi),
}
