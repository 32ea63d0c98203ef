"""Stripe's API through its own SDK, over a client of ours: bounded, without proxies, closed after use."""

import asyncio
import functools
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
_SECONDS = 5.0
_LARGEST_BODY_BYTES = 4 * 1024 * 1024
_LONGEST = 300
_WHERE = "is stripe.api right?"
_KEYS = "keys are found at https://dashboard.stripe.com/apikeys"


@functools.cache
def _trust() -> ssl.SSLContext:
    """Stripe's own certificate is public; only a double is asked without TLS, on loopback. Slow to make."""
    return ssl.create_default_context(cafile=certifi.where())


class _Bounded(stripe.HTTPClient):
    """What the SDK sends its requests with."""

    name = "httpx, bounded"

    def __init__(self) -> None:
        super().__init__()
        self._client = httpx.AsyncClient(verify=_trust(), trust_env=False, timeout=_SECONDS)

    async def request_async(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,  # noqa: ANN401 - the SDK's
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request, its reply read up to a bound."""
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._client.stream(method, url, headers=dict(headers), content=post_data or None) as response,
            ):
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > _LARGEST_BODY_BYTES:
                        raise _unreached("the reply is larger than 4 MiB")
                return bytes(body), response.status_code, response.headers
        except TimeoutError:
            raise _unreached(f"no complete reply within {_SECONDS:g} s") from None
        except httpx.HTTPError as error:
            raise _unreached(str(error) or type(error).__name__, retry=True) from None

    async def sleep_async(self, secs: float) -> None:
        """Between retries."""
        await anyio.sleep(secs)

    async def close_async(self) -> None:
        """End its connections."""
        await self._client.aclose()


def _unreached(message: str, *, retry: bool = False) -> stripe.APIConnectionError:
    return stripe.APIConnectionError(message, should_retry=retry)  # type: ignore[no-untyped-call]  # the SDK's own


class StripeApi:
    """One account, by its secret key."""

    def __init__(self, secret_key: str, api: str) -> None:
        self._secret_key = secret_key
        self._api = api

    async def ask(self, work: Callable[[Any], Awaitable[Found]]) -> Found:
        """What the work brought home. Raises stripe.StripeError as the SDK does, Unobserved for what no Stripe says."""
        try:
            async with self._connected() as client:
                return await work(client.v1)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            said = f"{type(error).__name__}: {error}"[:_LONGEST]
            raise Unobserved(f"Stripe at {self._api} answered in an unknown shape ({said})", hint=_WHERE) from None

    async def look(self, work: Callable[[Any], Awaitable[Found]]) -> Found:
        """The same for somebody who judges the product, and not Stripe. Raises Unobserved."""
        try:
            return await self.ask(work)
        except stripe.StripeError as error:
            raise unobserved(error, self._api) from None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[stripe.StripeClient]:
        http = _Bounded()
        try:
            yield stripe.StripeClient(
                self._secret_key, base_addresses={"api": self._api}, http_client=http, max_network_retries=1
            )
        finally:
            await http.close_async()


def unobserved(error: stripe.StripeError, api: str) -> Unobserved:
    """Why Stripe could not tell."""
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return Unobserved("Stripe refuses the secret key", hint=_KEYS)
    if isinstance(error, stripe.APIConnectionError):
        return Unobserved(
            f"Stripe at {api} could not be reached: {error}"[:_LONGEST], hint="see https://status.stripe.com"
        )
    return Unobserved(f"Stripe answered {error.http_status}: {error}"[:_LONGEST])
