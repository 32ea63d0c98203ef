"""Somebody's web API: JSON over HTTPS, asked with a token. What it does not give says nothing about the product."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import EXCHANGE_SECONDS, Body
from gonogo.clients.http import AddressClient, address_client
from gonogo.clients.retrying import TEMPORARY, asked_to_wait
from gonogo.clients.trust import trust_context

_SUCCESSES = {HTTPStatus.OK, HTTPStatus.CREATED}
_PORTS = {"http": 80, "https": 443}
_AT_ONCE = 8
_OWN_SHARE = 0.9
"""Share of the probe's time for one request: what is slow must become a fact that could not be read before the probe is cut off."""


class NotAllowed(Unobserved):
    """The token is accepted, and may not read this."""


class NotUnderstood(Unobserved):
    """The API does not know such a request (400)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi:
    """An API's address, and the words in which its refusals are told."""

    name: str
    base: str
    headers: Mapping[str, str] = field(repr=False)
    key: str
    """Key of the environment file where the address stands."""
    login_hint: str
    status_page: str
    is_absence: Callable[[Any], bool]
    """Tells whether the document of a 404 is the provider's own word that there is no such object."""
    lookalikes: str = ""
    """Further words on programs that are taken for this one, and have no such API."""
    trust: str = "public"
    """``public``, or the path of a file of roots."""
    patience: timedelta = timedelta(seconds=EXCHANGE_SECONDS)
    """For all that is asked in one session."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator["JsonSession"]:
        """Open connections that all requests share, for as long as the patience lasts."""
        parts = urlsplit(self.base)
        host = parts.hostname or ""
        tls = trust_context(self.trust) if parts.scheme == "https" else None
        port = parts.port or _PORTS[parts.scheme]
        seconds = self.patience.total_seconds()
        async with address_client(tls, host=host, address=host, port=port, patience_seconds=seconds) as client:
            yield JsonSession(self, client, asyncio.get_running_loop().time() + _OWN_SHARE * seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReply:
    """One reply, whatever its status."""

    status: int
    document: Any
    """None if the body is no JSON."""
    headers: Mapping[str, str]


class JsonSession:
    """Requests to one API that share their connections and their deadline."""

    def __init__(self, api: JsonApi, client: AddressClient, deadline: float) -> None:
        self._client = client
        self._deadline = deadline
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._path = urlsplit(api.base).path
        self._headers = dict(api.headers)
        self.api = api

    def authorize(self, token: str) -> None:
        """Send this token with all requests from now on."""
        self._headers["Authorization"] = f"Bearer {token}"

    async def get(self, path: str, *, right: str = "") -> Any:  # noqa: ANN401 - JSON
        """The document at a path; None if the provider says that there is none. Raises Unobserved.

        ``right`` is what the token needs for it, in the provider's words.
        """
        return self.read(await self.ask("GET", path), path, right)

    def read(self, reply: ApiReply, path: str, right: str) -> Any:  # noqa: ANN401 - JSON
        """The document of a reply; None if it says that there is none. Raises Unobserved for what is no answer."""
        api, where = self.api, path.partition("?")[0]
        match reply.status:
            case HTTPStatus.NOT_FOUND if api.is_absence(reply.document):
                return None
            case HTTPStatus.NOT_FOUND:
                reason = f"{api.base} answered 404 for {where}, and not in the words of {api.name}"
                hint = f"is there an API of {api.name} at this address? is {api.key} right?"
                raise Unobserved(reason, hint=f"{hint}{api.lookalikes}")
            case HTTPStatus.UNAUTHORIZED:
                raise Unobserved(f"{api.name} at {api.base} refuses the token (401)", hint=api.login_hint)
            case HTTPStatus.FORBIDDEN if (
                reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
            ):
                raise Unobserved(
                    f"{api.name} at {api.base} answered 403 for {where}: the token has asked too often",
                    hint="run it again in an hour, or with a token that is not used elsewhere",
                )
            case HTTPStatus.FORBIDDEN:
                reason = f"{api.name} at {api.base} does not let the token read {where} ({_code(reply)})"
                needs = f"the token needs {right}; " if right else ""
                raise NotAllowed(reason, hint=f"{needs}{api.login_hint}")
            case status if status not in _SUCCESSES:
                kind = NotUnderstood if status == HTTPStatus.BAD_REQUEST else Unobserved
                raise kind(f"{api.name} at {api.base} answered {status} for {where}", hint=f"see {api.status_page}")
        if reply.document is None:
            raise Unobserved(f"{api.name} at {api.base} answered no JSON for {where}", hint=f"is {api.key} right?")
        return reply.document

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> ApiReply:
        """The reply to one request, which is sent again once where the API asks for it. Raises Unobserved for none."""
        async with self._gate:
            body = await self._send(method, path, headers or {}, content)
            if body.exchange.status in TEMPORARY:
                await self._wait(body)
                body = await self._send(method, path, headers or {}, content)
        status, problem = body.exchange.status, body.exchange.problem
        if status is None or problem:
            raise self._unanswered(path, problem)
        return ApiReply(status=status, document=_document(body), headers=body.headers)

    async def _send(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> Body:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._client.send(method, f"{self._path}/{path}", {**self._headers, **headers}, content)
        except TimeoutError:
            raise self._unanswered(path, f"no complete answer within {format_duration(self._patience)}") from None

    async def _wait(self, body: Body) -> None:
        pause = asked_to_wait(body.headers)
        left = timedelta(seconds=self._deadline - asyncio.get_running_loop().time())
        if pause >= left:
            reason = (
                f"{self.api.name} at {self.api.base} answered {body.exchange.status}, and asks to be left alone for "
                f"{format_duration(pause)}"
            )
            raise Unobserved(reason, hint="run it again later, or raise limits.probe")
        await asyncio.sleep(pause.total_seconds())

    @property
    def _patience(self) -> timedelta:
        return _OWN_SHARE * self.api.patience

    def _unanswered(self, path: str, problem: str) -> Unobserved:
        where = path.partition("?")[0]
        reason = f"{self.api.name} at {self.api.base} could not be asked for {where}: {problem}"
        return Unobserved(reason, hint=f"see {self.api.status_page}; limits.probe sets the time")


def _code(reply: ApiReply) -> str:
    """The status of a refusal, with the provider's own code for it where there is one."""
    document = mapping(reply.document)
    code = text(document.get("errorCode")) or text(document.get("id"))
    return f"{reply.status} {code}" if code.isidentifier() else str(reply.status)


def objects(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """The objects of a list; whatever else may have come is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(value: Any) -> list[str]:  # noqa: ANN401 - JSON
    """The texts of a list; whatever else may have come is none."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: Any) -> str:  # noqa: ANN401 - JSON
    """A text; empty for whatever else may have come."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An object; empty for whatever else may have come."""
    return value if isinstance(value, dict) else {}


def whole(value: Any) -> int | None:  # noqa: ANN401 - JSON
    """A whole number; None for whatever else may have come."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """A number; None for whatever else may have come."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _document(body: Body) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(body.content)
    except (ValueError, RecursionError):
        return None
