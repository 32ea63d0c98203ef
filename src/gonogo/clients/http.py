"""One bounded HTTP exchange with one address of a name; what goes wrong with the target is part of the answer."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from gonogo.base.redaction import Redactor
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.exchanges import EXCERPT, EXCHANGE_SECONDS, Body
from gonogo.clients.http_body import BrokenOff, read_body
from gonogo.clients.knock import knock
from gonogo.clients.network import unobserved
from gonogo.evidence.http import CACHE_HEADERS, Exchange

LARGEST_BODY_BYTES = 1024 * 1024
REFUSED = "refused: nothing listens"
_ANSWERS = (ConnectionRefusedError, ssl.SSLError)
"""Failures that the target caused, however late we heard of them."""
_CONNECT_SECONDS = 3.0
KNOCK_PATIENCE = timedelta(seconds=2)
_KEPT_HEADERS = (
    *CACHE_HEADERS,
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "age",
    "cache-control",
    "cf-mitigated",
    "content-encoding",
    "content-security-policy",
    "content-type",
    "date",
    "location",
    "referrer-policy",
    "retry-after",
    "server",
    "strict-transport-security",
    "vary",
    "www-authenticate",
    "x-amzn-waf-action",
    "x-content-type-options",
    "x-frame-options",
    "x-powered-by",
)
_FIRST_COUNTS = {"strict-transport-security"}
"""Headers of which browsers read the first line only (RFC 6797, 8.1)."""
_MOST_COOKIES = 20
_LONGEST_HEADER = 300
Content = bytes | AsyncIterator[bytes]
"""A body, or its parts, which are then sent chunked."""
_DEFAULT_PORTS = {"http": 80, "https": 443}


class AddressClient:
    """Requests to one address, in the name of a host. No proxy, no redirect is followed, no cookie is kept."""

    def __init__(  # noqa: PLR0913 - where to ask, in whose name, and what nobody may read
        self,
        client: httpx.AsyncClient,
        *,
        scheme: str,
        host: str,
        address: str,
        port: int,
        redactor: Redactor | None = None,
        patience_seconds: float = EXCHANGE_SECONDS,
        largest_body_bytes: int = LARGEST_BODY_BYTES,
        kept_headers: Collection[str] = (),
    ) -> None:
        self._client = client
        self._patience_seconds = patience_seconds
        self._largest_body_bytes = largest_body_bytes
        self._kept_headers = sorted({*_KEPT_HEADERS, *(name.lower() for name in kept_headers)})
        self._tls = scheme == "https"
        self._redactor = redactor or Redactor({})
        self._host = host
        name = f"[{host}]" if ":" in host else host
        self._authority = name if port == _DEFAULT_PORTS[scheme] else f"{name}:{port}"
        self._address = address
        self._port = port
        # Connected to by its address and asked in the host's name: DNS does not choose which of several is asked.
        literal = f"[{address}]" if ":" in address else address
        self._base = f"{scheme}://{literal}:{port}"
        self._shown = f"{scheme}://{self._authority}"

    @property
    def shown(self) -> str:
        """The scheme and the authority in whose name the address is asked: ``https://api.example.com``."""
        return self._shown

    async def get(self, path: str, headers: Mapping[str, str] | None = None, *, within: float | None = None) -> Body:
        """One GET, ``within`` so many seconds. Raises Unobserved only for what is no answer of the target."""
        return await self.send("GET", path, headers, within=within)

    async def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        content: Content = b"",
        *,
        within: float | None = None,
    ) -> Body:
        """One request. Raises Unobserved only for what is no answer of the target."""
        started, ending = time.monotonic(), _Ending()
        patience = self._patience_seconds if within is None else min(within, self._patience_seconds)
        try:
            # The bound for the whole exchange: httpx's own count from one byte to the next, and a server that sends
            # one byte a second would keep them all.
            async with asyncio.timeout(patience):
                return await self._send(method, path, {"Host": self._authority, **(headers or {})}, content)
        except (TimeoutError, httpx.ReadTimeout, httpx.WriteTimeout):
            WAKEFULNESS.demand(started)
            problem = f"no complete answer within {round(patience, 1):g} s"
        except httpx.ConnectTimeout:
            WAKEFULNESS.demand(started)
            # For httpx the handshake is a part of connecting: an accepted connection that says nothing is an answer.
            if not self._tls or await knock(self._address, self._port, KNOCK_PATIENCE):
                raise unobserved(TimeoutError(), self._address, self._port) from None
            problem = (
                f"the connection was accepted, and no TLS was spoken within {round(time.monotonic() - started, 1):g} s"
            )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
            # What fails after the handshake reaches us as it is: TLS 1.3 refuses a client without certificate then.
            problem, ending = self._problem(error), _ending(error)
            if not any(
                isinstance(cause, _ANSWERS) and not isinstance(cause, ssl.SSLEOFError) for cause in _causes(error)
            ):
                WAKEFULNESS.demand(started)  # whoever waits for us too long hangs up
        exchange = replace(self.unanswered(path, problem), elapsed=_since(started), own=_own(started))
        return Body(exchange=replace(exchange, cut=ending.cut, closed=ending.closed))

    def unanswered(self, path: str, problem: str) -> Exchange:
        """The record of a request that no reply came to."""
        return Exchange(url=f"{self._shown}{path}", status=None, problem=problem, elapsed=timedelta())

    async def _send(self, method: str, path: str, headers: Mapping[str, str], content: Content) -> Body:
        """Send one request, and read its body up to a bound; the reply is closed whatever happens."""
        started = time.monotonic()
        extensions = {"sni_hostname": self._host}
        request = self._client.build_request(
            method, self._base + path, headers=headers, content=content or None, extensions=extensions
        )
        response = await self._client.send(request, stream=True)
        try:
            broken_off = False
            try:
                content, problem = await read_body(response, self._largest_body_bytes)
            except BrokenOff as error:
                WAKEFULNESS.demand(started)  # whoever waits for us too long hangs up
                content, problem, broken_off = error.content, str(error), True
            exchange = Exchange(
                url=f"{self._shown}{path}",
                status=response.status_code,
                problem=problem,
                elapsed=_since(started),
                own=_own(started),
                headers=self._kept(response.headers),
                cookies=self._cookies(response.headers),
                body_bytes=len(content),
                truncated=len(content) > self._largest_body_bytes,
                broken_off=broken_off,
            )
            received = dict(response.headers.items())
            return Body(exchange=exchange, content=content, redactor=self._redactor, headers=received)
        finally:
            await response.aclose()

    def _kept(self, headers: httpx.Headers) -> Mapping[str, str]:
        return {
            name: self._redactor.text(headers.get_list(name)[0] if name in _FIRST_COUNTS else headers[name])[
                :_LONGEST_HEADER
            ]
            for name in self._kept_headers
            if name in headers
        }

    def _cookies(self, headers: httpx.Headers) -> tuple[str, ...]:
        """The cookies with their attributes, and without their values."""
        lines = headers.get_list("set-cookie")[:_MOST_COOKIES]
        return tuple(self._redactor.text(_without_value(line))[:_LONGEST_HEADER] for line in lines)

    def _problem(self, error: Exception) -> str:
        """Say in words why no reply came. Raises Unobserved if this machine was the reason."""
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return f"its certificate was refused by us: {cause.verify_message}"
            if isinstance(cause, ssl.SSLError):
                return f"TLS failed: {cause.reason or cause}"
            if isinstance(cause, ConnectionRefusedError):
                return REFUSED
            if isinstance(cause, ConnectionError):
                return f"the connection was cut off: {cause.strerror or type(cause).__name__}"
            if isinstance(cause, OSError) and isinstance(error, httpx.ConnectError) and cause.errno:
                raise unobserved(cause, self._address, self._port)
        problem = self._redactor.text(str(error))[:EXCERPT]
        if isinstance(error, httpx.RemoteProtocolError) and "without sending" in problem:
            problem = "the connection was closed without a reply"
        elif not problem and _is_broken(error):
            problem = "the connection was cut off"
        else:
            problem = f"{type(error).__name__}: {problem}"
        return problem


_HEADERS = {"User-Agent": "gonogo (launch-readiness checks)", "Accept-Encoding": "identity"}


@asynccontextmanager
async def address_client(  # noqa: PLR0913 - where to ask, in whose name, and how
    tls: ssl.SSLContext | None,
    *,
    host: str,
    address: str,
    port: int,
    redactor: Redactor | None = None,
    http2: bool = True,
    patience_seconds: float = EXCHANGE_SECONDS,
    connect_seconds: float = _CONNECT_SECONDS,
    largest_body_bytes: int = LARGEST_BODY_BYTES,
    kept_headers: Collection[str] = (),
) -> AsyncIterator[AddressClient]:
    """A client for the length of one probe; without a context it speaks plain HTTP.

    A refusal that comes before the whole body was sent can be read over HTTP/1.1 only: HTTP/2 resets the stream.
    """
    limits = httpx.Timeout(patience_seconds, connect=connect_seconds)
    # Without a context httpx would load its own, for nothing: plain http never looks at it.
    verify = tls or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # no question may depend on earlier replies
    async with httpx.AsyncClient(
        verify=verify,
        trust_env=False,  # a proxy from the process environment would answer in the target's place
        http2=http2 and tls is not None,
        timeout=limits,
        headers=_HEADERS,
        cookies=no_cookies,
    ) as client:
        yield AddressClient(
            client,
            scheme="http" if tls is None else "https",
            host=host,
            address=address,
            port=port,
            redactor=redactor,
            patience_seconds=patience_seconds,
            largest_body_bytes=largest_body_bytes,
            kept_headers=kept_headers,
        )


def _without_value(cookie: str) -> str:
    pair, separator, attributes = cookie.partition(";")
    return f"{pair.partition('=')[0].strip()}{separator}{attributes}"


@dataclass(frozen=True, slots=True)
class _Ending:
    cut: bool = False
    closed: bool = False


def _ending(error: Exception) -> _Ending:
    """Whether the connection ended by the server's will, and whether before anything could be asked."""
    ended = any(isinstance(cause, ConnectionError | ssl.SSLEOFError) for cause in _causes(error))
    without_a_word = isinstance(error, httpx.RemoteProtocolError) and "without sending" in str(error)
    connecting = isinstance(error, httpx.ConnectError)
    return _Ending(cut=connecting and ended, closed=without_a_word or (ended and not connecting) or _is_broken(error))


def _is_broken(error: Exception) -> bool:
    """Httpx wraps a reset without its cause."""
    return isinstance(error, httpx.ReadError | httpx.WriteError)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it; httpx and anyio wrap the operating system's word in several layers."""
    pending: list[BaseException] = [error]
    visited: set[int] = set()
    while pending:
        cause = pending.pop(0)
        if id(cause) in visited:
            continue
        visited.add(id(cause))
        yield cause
        pending += [link for link in (cause.__cause__, cause.__context__) if link is not None]
        if isinstance(cause, BaseExceptionGroup):
            pending += cause.exceptions


def _since(started: float) -> timedelta:
    return timedelta(seconds=round(time.monotonic() - started, 4))


def _own(started: float) -> timedelta:
    """How long this machine could not work since then."""
    return timedelta(seconds=round(WAKEFULNESS.lost_since(started), 4))
