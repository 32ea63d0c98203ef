"""Stripe's API through its own SDK, over a client of ours: bounded, without proxies, closed after use."""

import asyncio
import functools
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import certifi
import httpx
import stripe

from gonogo.base.errors import Unobserved

Found = TypeVar("Found")
_PATIENCE_SECONDS = 5.0
_TOO_MANY_REQUESTS = 429
_LARGEST_BODY_BYTES = 4 * 1024 * 1024
_LONGEST = 300
_WHERE = "is stripe.api right?"
_KEYS = "keys are found at https://dashboard.stripe.com/apikeys"
_PERMISSION = re.compile(r"\brak_[a-z0-9_]+")


@functools.cache
def _trust() -> ssl.SSLContext:
    """Stripe's own certificate is public; only a double is asked without TLS, on loopback. Slow to make."""
    return ssl.create_default_context(cafile=certifi.where())


class _Bounded(stripe.HTTPClient):
    """The HTTP client of Stripe's SDK, with bounded replies and patience."""

    name = "httpx, bounded"

    def __init__(self, patience_seconds: float, *, account_version: bool = False) -> None:
        super().__init__()
        self.version = ""
        """The API version of the last reply."""
        self._patience_seconds = patience_seconds
        self._account_version = account_version
        self._client = httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=patience_seconds)

    async def request_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,  # noqa: ANN401 - the SDK's
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request, its reply read up to a bound; a second one where Stripe says how long to wait for it."""
        wanted = {key: value for key, value in headers.items() if not self._drops(key)}
        try:
            async with asyncio.timeout(self._patience_seconds):
                body, status, received = await self._exchange(method, url, wanted, post_data)
                pause = str(received.get("retry-after", ""))
                if status == _TOO_MANY_REQUESTS and pause.isdecimal() and int(pause) < self._patience_seconds:
                    await anyio.sleep(int(pause))
                    body, status, received = await self._exchange(method, url, wanted, post_data)
        except TimeoutError:
            raise _unreached(f"no complete reply within {self._patience_seconds:g} s") from None
        except httpx.HTTPError as error:
            raise _unreached(str(error) or type(error).__name__, retry=True) from None
        self.version = received.get("stripe-version", "")
        return body, status, received

    def _drops(self, header: str) -> bool:
        """A request without a version is answered in the account's own."""
        return self._account_version and header.lower() == "stripe-version"

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], content: bytes | str | None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        async with self._client.stream(method, url, headers=headers, content=content or None) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _LARGEST_BODY_BYTES:
                    raise _unreached("the reply is larger than 4 MiB")
            return bytes(body), response.status_code, response.headers

    async def sleep_async(self, secs: float) -> None:
        """Between retries."""
        await anyio.sleep(secs)

    async def close_async(self) -> None:
        """End its connections."""
        await self._client.aclose()


def _unreached(message: str, *, retry: bool = False) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(message, should_retry=retry)  # type: ignore[no-untyped-call]  # the SDK's own


class StripeApi:
    """One account, by one of its keys."""

    def __init__(self, secret_key: str, api: str, *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._secret_key = secret_key
        self._api = api
        self._patience_seconds = patience_seconds

    @property
    def address(self) -> str:
        """The address of Stripe's API that is asked."""
        return self._api

    async def ask(self, work: Callable[[Any], Awaitable[Found]]) -> Found:
        """The result of the work. Raises stripe.StripeError as the SDK does, Unobserved for what no Stripe says."""
        async with self.connected() as client:
            return await self.on(client.v1, work)

    async def on(self, services: Any, work: Callable[[Any], Awaitable[Found]]) -> Found:  # noqa: ANN401 - the SDK's
        """Do the work over a connection that is open already. Raises as ``ask`` does."""
        try:
            return await work(services)
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
            cause = f"{type(error).__name__}: {error}"[:_LONGEST]
            raise Unobserved(f"Stripe at {self._api} answered in an unknown shape ({cause})", hint=_WHERE) from None

    async def in_account_version(self, work: Callable[[Any], Awaitable[Found]]) -> tuple[Found, str]:
        """``ask`` in the account's default API version, and which that is; empty if Stripe did not name it."""
        http = self._http(account_version=True)
        async with self._over(http) as client:
            return await self.on(client.v1, work), http.version

    async def look(self, work: Callable[[Any], Awaitable[Found]]) -> Found:
        """``ask`` for somebody who judges the product, and not Stripe. Raises Unobserved."""
        try:
            return await self.ask(work)
        except stripe.StripeError as error:
            raise unobserved(error, self._api) from None

    async def look_in_account_version(self, work: Callable[[Any], Awaitable[Found]]) -> tuple[Found, str]:
        """``in_account_version`` for somebody who judges the product. Raises Unobserved."""
        try:
            return await self.in_account_version(work)
        except stripe.StripeError as error:
            raise unobserved(error, self._api) from None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Any]:
        """The SDK's client, whose ``v1`` and ``v2`` are its services, over connections that are closed afterwards."""
        async with self._over(self._http()) as client:
            yield client

    def _http(self, *, account_version: bool = False) -> _Bounded:
        return _Bounded(self._patience_seconds, account_version=account_version)

    @asynccontextmanager
    async def _over(self, http: _Bounded) -> AsyncIterator[Any]:
        addresses: Any = {"api": self._api}
        client = stripe.StripeClient(
            self._secret_key, base_addresses=addresses, http_client=http, max_network_retries=1
        )
        try:
            yield client
        finally:
            await http.close_async()


def missing_permission(error: stripe.StripeError) -> str:
    """The permission that a key lacks, as Stripe names it; empty if Stripe names none."""
    named = _PERMISSION.search(str(error))
    return named[0] if named else ""


def unobserved(error: stripe.StripeError, api: str) -> Unobserved:
    """Why Stripe could not tell."""
    if isinstance(error, stripe.AuthenticationError):
        return Unobserved("Stripe refuses the secret key", hint=_KEYS)
    if isinstance(error, stripe.PermissionError):
        permission = missing_permission(error) or "the permission for this request"
        return Unobserved(
            f"the key may not do this at Stripe: {error.user_message or error}"[:_LONGEST],
            hint=f"give the restricted key {permission} at https://dashboard.stripe.com/apikeys",
        )
    if isinstance(error, stripe.APIConnectionError):
        return Unobserved(
            f"Stripe at {api} could not be reached: {error}"[:_LONGEST], hint="see https://status.stripe.com"
        )
    return Unobserved(f"Stripe answered {error.http_status}: {error}"[:_LONGEST])
