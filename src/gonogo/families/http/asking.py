"""Asks one address with patience: again when it says so, to the end of its redirects, never past the deadline."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from gonogo.base.redaction import Redactor
from gonogo.clients.exchanges import EXCHANGE_SECONDS, Body
from gonogo.clients.http import LARGEST_BODY_BYTES, AddressClient, address_client
from gonogo.clients.pace import Pace, pace_of
from gonogo.clients.trust import trust_context
from gonogo.evidence.http import Exchange
from gonogo.families.http.answers import described
from gonogo.families.http.bodies import http_date
from gonogo.families.http.questions import HttpQuestion

TOO_FAST, UNAVAILABLE = 429, 503
REDIRECTS = {301, 302, 303, 307, 308}
_MOST_HOPS = 5
_SHARE_FOR_CONNECTING = 0.6
"""Share of the probe's time for connecting: a packet that is lost is sent again after one second, and then after two."""
_MOST_TRIES = {TOO_FAST: 8, UNAVAILABLE: 3}
_UNTOLD_SECONDS = 1.0
"""What 429 means without Retry-After."""


class Asker:
    """One connection to one address, shared by the requests of one probe."""

    def __init__(
        self, client: AddressClient, pace: Pace, deadline: float, *, timed: bool = True, among_others: bool = True
    ) -> None:
        self._client = client
        self._pace = pace
        self._deadline = deadline
        self._timed = timed
        self._among_others = among_others

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.05, self._deadline - asyncio.get_running_loop().time())

    @property
    def pace(self) -> Pace:
        """How this address takes the requests of all probes."""
        return self._pace

    @property
    def turned_away(self) -> bool:
        """Whether the address has said that we ask too fast."""
        return self._pace.slow

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Body:
        """One GET, asked again for as long as the answer says when."""
        return await self.send("GET", path, headers)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Body:
        """One request, sent again for as long as the answer says when: 429 and 503 say that nothing was done."""
        earlier: list[int] = []
        while True:
            await self._pace.turn()
            within = self.left
            body = await self._client.send(method, path, headers, content, within=within)
            if body.exchange.cut and self._among_others:
                body = await self._ask_alone(body, method, path, headers, content)
            status = body.exchange.status
            hurried = body.exchange.hurried or (
                status is None and within < EXCHANGE_SECONDS and body.exchange.elapsed.total_seconds() >= within
            )
            wait = seconds_to_wait(body.exchange)
            if wait is not None and status == TOO_FAST:
                self._pace.slow_down(min(wait, self.left))
            if wait is None or status is None or wait >= self.left or len(earlier) >= _MOST_TRIES[status]:
                exchange = replace(body.exchange, earlier=tuple(earlier), hurried=hurried)
                self._pace.note(exchange, timed=self._timed)
                return described(replace(body, exchange=exchange), path)
            earlier.append(status)
            if status == UNAVAILABLE:
                await asyncio.sleep(wait)

    async def _ask_alone(
        self, cut: Body, method: str, path: str, headers: Mapping[str, str] | None, content: bytes
    ) -> Body:
        """A server that limits connections cuts off those that are too many: ask again when there is no other."""
        self._pace.closed()
        try:
            async with asyncio.timeout(self.left), self._pace.alone():
                body = await self._client.send(method, path, headers, content, within=self.left)
        except TimeoutError:
            return replace(cut, exchange=replace(cut.exchange, hurried=True))
        finally:
            self._pace.opened()
        if body.exchange.status is not None:
            self._pace.note(cut.exchange, timed=False)
        return body

    async def follow(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> Body:
        """Ask for a path, and follow its redirects as long as they stay at this address and name."""
        hops: list[str] = []
        body = await self.send(method, path, headers)
        cookies = body.exchange.cookies
        while len(hops) < _MOST_HOPS and (target := self._within(body.exchange)) is not None:
            hops.append(body.exchange.url)
            if f"{self._client.shown}{target}" in hops:
                break
            body = await self.send(method, target, headers)
            cookies += body.exchange.cookies
        return replace(body, exchange=replace(body.exchange, hops=tuple(hops), cookies=cookies))

    def _within(self, exchange: Exchange) -> str | None:
        """The path that a redirect leads to, if it is one of this name and port."""
        target = leads_to(exchange)
        if target is None:
            return None
        parts, own = urlsplit(target), urlsplit(self._client.shown)
        if (parts.scheme, parts.netloc.lower()) != (own.scheme, own.netloc.lower()):
            return None
        return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def leads_to(exchange: Exchange) -> str | None:
    """The whole URL that a redirect leads to; None if it is none."""
    location = exchange.headers.get("location")
    if exchange.status not in REDIRECTS or not location:
        return None
    try:
        target = urljoin(exchange.url, location)
        parts = urlsplit(target)
        default = {"https": 443, "http": 80}.get(parts.scheme)
        return parts._replace(netloc=parts.hostname or "").geturl() if parts.port == default else target
    except ValueError:
        return None


def seconds_to_wait(exchange: Exchange) -> float | None:
    """How long the answer asks us to wait before the next request; None if it does not ask for one."""
    if exchange.status not in _MOST_TRIES:
        return None
    value = exchange.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return min(float(value[:9]), 1e6) or 0.1
    try:
        return max(0.1, (http_date(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return _UNTOLD_SECONDS if exchange.status == TOO_FAST else None


def deadline_of(question: HttpQuestion) -> float:
    """When this probe must have its answers, by the clock of the event loop."""
    return asyncio.get_running_loop().time() + question.patience.total_seconds()


@asynccontextmanager
async def asker(  # noqa: PLR0913 - where to ask, until when, and how
    question: HttpQuestion,
    deadline: float,
    *,
    tls: ssl.SSLContext | None = None,
    http2: bool = True,
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    among_others: bool = True,
) -> AsyncIterator[Asker]:
    """A new connection to the address of the question; ``tls`` spares whoever makes many the reading of the trust.

    ``among_others``: False for the only connection that there is to the address now.
    """
    release, pace = question.expected.release, pace_of(question.address, question.port)
    async with (
        pace.connection() if among_others else nullcontext(),
        address_client(
            tls or trust_context(question.trust),
            host=question.host,
            address=question.address,
            port=question.port,
            redactor=Redactor(question.secrets),
            http2=http2,
            connect_seconds=_SHARE_FOR_CONNECTING * question.patience.total_seconds(),
            patience_seconds=question.patience.total_seconds(),
            largest_body_bytes=largest_body_bytes,
            kept_headers=(*RELEASE_HEADERS, *([release.header] if release.header else []), *question.kept_headers),
        ) as client,
    ):
        # Large documents take their time, which says nothing of how soon the service answers.
        timed = largest_body_bytes == LARGEST_BODY_BYTES
        yield Asker(client, pace, deadline, timed=timed, among_others=among_others)


RELEASE_HEADERS = (
    *("x-release", "x-release-id", "x-app-release", "x-version", "x-app-version", "x-service-version"),
    *("x-commit", "x-git-commit", "x-git-sha", "x-revision", "x-build", "x-build-id"),
)
"""Headers in which services tell their release."""
