"""Asks a known page over many new connections: behind one address there may be several backends."""

import asyncio
import secrets as entropy
import ssl
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import Body
from gonogo.clients.trust import trust_context
from gonogo.environment.pages import Page
from gonogo.evidence.http import Exchange, Meaning, OriginAnswer, PageAnswer, ReleaseWord, ServiceEvidence
from gonogo.families.http.asking import Asker, asker, deadline_of
from gonogo.families.http.bodies import Quote, quoting
from gonogo.families.http.declared import authorization, departures
from gonogo.families.http.health import read_health
from gonogo.families.http.questions import HttpQuestion
from gonogo.families.http.release import PATHS, declared_words, metric_words, plain_word, usual_words

_AT_ONCE = 3
_LAST_RESORT_SECONDS = 1.0
"""A silence as long as this is not looked for on seventeen further connections."""
_PAUSE_SECONDS = 0.15
"""In which a server that limits connections sees that the last one is closed."""
Words = tuple[ReleaseWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The pages that are requested over every new connection."""

    page: Page
    release: Page | None
    """Where the release stands, if that is another page."""


async def probe_service(question: HttpQuestion) -> ServiceEvidence:
    """The known page over many connections; then the front page, what else is declared, and foreign origins, once."""
    taken_at = datetime.now(UTC)
    deadline, tls = deadline_of(question), trust_context(question.trust)
    quote = quoting(Redactor(question.secrets))
    async with asker(question, deadline, tls=tls) as first:
        page, body = await _known_page(first, question)
        target = _Target(page=page, release=await _release_page(first, question, page, body, quote))
        sampled = [await _sample(first, question, target, quote, body)]
        exchange = body.exchange
        pages: tuple[PageAnswer, ...] = ()
        origins: tuple[OriginAnswer, ...] = ()
        silent = exchange.status is None and exchange.elapsed.total_seconds() >= _LAST_RESORT_SECONDS
        front = exchange
        if not silent:
            front = await _front(first, question, sampled[0][0].exchange, page)
            pages = tuple([await _declared(first, question, declared) for declared in question.expected.pages.values()])
            origins = tuple([await _origin(first, page, question, origin) for origin in _foreign(question)])
    if not silent:
        # The first connection is closed by now: a server may allow one at a time.
        sampled += await _more(first, question, target, tls, deadline)
    return ServiceEvidence(
        scope=question.scope,
        taken_at=taken_at,
        connections=tuple(answer for answer, _ in sampled),
        wanted=question.expected.connections,
        front=front,
        pages=pages if question.main else (),
        releases=tuple(words for answer, words in sampled if answer.exchange.status is not None),
        origins=origins,
        again=first.pace.again,
        slowest=first.pace.slowest,
    )


async def _known_page(first: Asker, question: HttpQuestion) -> tuple[Page, Body]:
    """The declared page, else health, where this name has it, else the front page; and its first answer."""
    front, health = Page(path=question.front), question.expected.health
    declared = question.known or (health if question.main else None)
    if declared or health is None:
        page = declared or front
        return page, await _page(first, question, page)
    page = Page(path=health.path, token=health.token)
    body = await _page(first, question, page)
    exchange = body.exchange
    return (page, body) if exchange.served or exchange.failed else (front, await _page(first, question, front))


async def _page(at_address: Asker, question: HttpQuestion, page: Page) -> Body:
    return await at_address.follow(page.path, authorization(page, question.secrets))


async def _release_page(first: Asker, question: HttpQuestion, page: Page, body: Body, quote: Quote) -> Page | None:
    """The page that tells the release, if the known page does not."""
    if not question.main:
        return None
    place = question.expected.release
    if place.named:
        return Page(path=place.path) if place.path and place.path != page.path else None
    if body.exchange.status is None or any(word.certain for word in usual_words(body, page.path, quote)):
        return None
    for path in PATHS:
        other = await first.get(path)
        if other.exchange.digest != body.exchange.digest and _page_words(other, path, quote):
            return Page(path=path)
    metrics = question.expected.metrics
    return Page(path=metrics, token=question.expected.metrics_token) if metrics else None


def _page_words(body: Body, path: str, quote: Quote) -> Words:
    if not body.exchange.ok:
        return ()
    return usual_words(body, path, quote) or plain_word(body, path, quote) or metric_words(body, path, quote)


async def _more(
    first: Asker, question: HttpQuestion, target: _Target, tls: ssl.SSLContext, deadline: float
) -> Sequence[tuple[PageAnswer, Words]]:
    """All further connections, some at once. An address that turns us away is left alone.

    Once a connection is cut off, the address may limit them: then all are made anew, one after another.
    """
    sampled: list[tuple[PageAnswer, Words]] = []
    quote, at_once = quoting(Redactor(question.secrets)), _AT_ONCE

    async def anew() -> tuple[PageAnswer, Words]:
        alone = at_once == 1
        if alone:
            await asyncio.sleep(_PAUSE_SECONDS)
        async with (
            first.pace.alone() if alone else nullcontext(),
            asker(question, deadline, tls=tls, http2=False, among_others=not alone) as asking,
        ):
            return await _sample(asking, question, target, quote)

    while (missing := question.expected.connections - 1 - len(sampled)) > 0 and not first.turned_away:
        several = await asyncio.gather(*(anew() for _ in range(min(missing, at_once))))
        sampled += [sample for sample in several if not sample[0].exchange.hurried]
        if first.left < _LAST_RESORT_SECONDS:
            break
        cut = [*first.pace.again, *(answer.exchange for answer, _ in several)]
        if at_once > 1 and any(exchange.cut for exchange in cut):
            sampled, at_once = [], 1
    return sampled


async def _sample(
    at_address: Asker, question: HttpQuestion, target: _Target, quote: Quote, body: Body | None = None
) -> tuple[PageAnswer, Words]:
    """The known page over this connection, and the words of a release that stand there or on the page for it."""
    page, place, other = target.page, question.expected.release, target.release
    body = body or await _page(at_address, question, page)
    release_body = body if other is None else await _page(at_address, question, other)
    where = page.path if other is None else other.path
    if place.named:
        words = declared_words(place, release_body, where, quote)
    else:
        words = usual_words(body, page.path, quote)
        words = (*words, *_page_words(release_body, where, quote)) if other else words
    unwell = _unwell(page, body, question, quote)
    return PageAnswer(exchange=body.exchange, departures=departures(page, body), unwell=unwell), words


def _unwell(page: Page, body: Body, question: HttpQuestion, quote: Quote) -> str:
    """Return what health says against itself: a backend that is down may well answer 200."""
    health = question.expected.health
    if health is None or not question.main or page.says or page.path != health.path or not body.exchange.ok:
        return ""
    reading = read_health(body, quote)
    down = (f"{name} is {part.word}" for name, part in reading.parts.items() if part.meaning is Meaning.FAIL)
    return next(down, f"it reports {reading.word}" if reading.meaning is Meaning.FAIL else "")


async def _front(first: Asker, question: HttpQuestion, exchange: Exchange, page: Page) -> Exchange:
    if page.path == question.front:
        return exchange
    return (await first.follow(question.front)).exchange


async def _declared(first: Asker, question: HttpQuestion, page: Page) -> PageAnswer:
    body = await _page(first, question, page)
    return PageAnswer(exchange=body.exchange, departures=departures(page, body))


def _foreign(question: HttpQuestion) -> Sequence[str]:
    """Origins that are nobody's, and those that careless comparisons take for the first declared one."""
    if not question.main:
        return []
    made_up = f"https://gonogo-{entropy.token_hex(4)}.invalid"
    declared = question.expected.origins
    if not declared:
        return [made_up, "null"]
    parts = urlsplit(declared[0])
    host = parts.hostname or ""
    own = host.partition(".")[2] if host.count(".") > 1 else host
    alike = [f"{declared[0]}.gonogo.invalid", f"https://gonogo{own}", f"http://{parts.netloc}", "null"]
    alike.append(f"{parts.scheme}://{parts.netloc.replace('.', 'x', 1)}")  # an expression whose dots are any letter
    return [made_up, *(origin for origin in alike if origin not in declared)]


async def _origin(first: Asker, page: Page, question: HttpQuestion, origin: str) -> OriginAnswer:
    """The reply to a page of another origin, with what it would let a browser read (Fetch standard, CORS)."""
    exchange = (await first.get(page.path, {**authorization(page, question.secrets), "Origin": origin})).exchange
    return OriginAnswer(
        origin=origin,
        exchange=exchange,
        allowed=exchange.headers.get("access-control-allow-origin", ""),
        credentials=exchange.headers.get("access-control-allow-credentials", ""),
    )
