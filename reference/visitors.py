"""Synthetic visitors of the bundled service: a few visits a second, so that there is something to watch.

``python -m reference visit --mark MARK`` reads the environment's overlay from the first line of its input, visits until
the end of its input, and removes whom it made. All of them carry the mark, by which ``gonogo clean`` finds what a killed
one left. Events: ``visits`` once a second, with sums since the start, and ``left``, with what could not be removed.
"""

import asyncio
import contextlib
import json
import secrets
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any

import httpx
from dotenv import dotenv_values

from reference.api.faults_replies import APP

EVERY_SECONDS = 0.25
"""From visit to visit; one in four is of each kind."""
_MOST_AT_ONCE = 12
"""Of a service that is slow, no more is asked: these visitors are no load."""
_PATIENCE_SECONDS = 5.0
_FRESH_AFTER = 400
"""Visits, after which the two residents go, with all that they made, and others come."""
_ASKS_ASSISTANT_EVERY, _WANTS_ANSWER_EVERY = 32, 20
"""Of all visits. The assistant answers ten questions a minute."""
_AGAIN_SECONDS, _LEAVE_WITHIN_SECONDS = 0.5, 30.0
_LEAVE_AT_ONCE = 4
"""Whose registration nobody answered logs in first, and each password costs the service a while."""
_DOMAIN = "smoke.workme.test"
_HOST = "api.workme.test"
_DOCUMENT = b"\x89PNG\r\n\x1a\n" + bytes(512)
_DAYS = 300
_UNKNOWN, _ERROR = 401, 500
Document = Mapping[str, Any]


@dataclass(slots=True)
class Counts:
    """Since the start."""

    visits: int = 0
    requests: int = 0
    refused: int = 0
    """Requests that were answered with 4xx."""
    errors: int = 0
    """Requests that were answered with 5xx, or not at all."""


class NoReply(Exception):
    """A request was not answered as a visitor needs it: the visit ends here."""

    def __init__(self, path: str, status: int | None = None) -> None:
        self.status = status
        """None if nobody answered."""
        super().__init__(path)


@dataclass(slots=True)
class Member:
    """Somebody with an account, or who asked for one and was not answered."""

    email: str
    password: str
    token: str = ""

    @property
    def login(self) -> dict[str, str]:
        """What a token is given for."""
        return {"email": self.email, "password": self.password}


@dataclass(slots=True)
class Visitors:
    """All of them: newcomers who leave again, and two residents, a client and a professional with an offer."""

    client: httpx.AsyncClient
    trust_again: Callable[[], None]
    """Reads the authority again: a part of the instance that is started anew has a new one."""
    mark: str
    beta_code: str
    counts: Counts = field(default_factory=Counts)
    _members: dict[str, Member] = field(default_factory=dict)
    """By address: everybody who may have an account now."""
    _residents: tuple[Member, Member, str] | None = None
    """The client, the professional, and the id of the offer."""
    _coming: asyncio.Lock = field(default_factory=asyncio.Lock)
    _stay: int = 0
    """Visits of these residents."""
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def visit(self, stop: asyncio.Event) -> None:
        """Come one after another, until told to stop, and leave nobody behind."""
        kinds = cycle((self._join, self._pay, self._upload, self._browse))
        following = time.monotonic()
        while not stop.is_set():
            if len(self._under_way) < _MOST_AT_ONCE:
                self._begin(next(kinds)(self.counts.visits))
                self.counts.visits += 1
            following = max(following + EVERY_SECONDS, time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), following - time.monotonic())
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_PATIENCE_SECONDS)
        for task in (late := list(self._under_way)):
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @property
    def present(self) -> Sequence[str]:
        """The addresses of those who have an account."""
        return sorted(self._members)

    async def leave(self) -> None:
        """Remove every account that is left, again where it fails: whoever is ``present`` when time is up could not be."""
        self._residents = None
        while members := list(self._members.values()):
            for first in range(0, len(members), _LEAVE_AT_ONCE):
                await asyncio.gather(*(self._remove(member) for member in members[first : first + _LEAVE_AT_ONCE]))
            await asyncio.sleep(_AGAIN_SECONDS if self._members else 0)

    def _begin(self, visit: Awaitable[None]) -> None:
        task = asyncio.create_task(_as_far_as_it_goes(visit))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    # -- visits, each with its number -----------------------------------------------------------------------------------------------------

    async def _join(self, _: int) -> None:
        newcomer = await self._register("client")
        details = {"name": "Synthetic", "phone": "+5511999990000", "city": f"{self.mark}-visit"}
        try:
            await self._ask("PUT", "/api/profile", newcomer, json=details)
        finally:
            await self._remove(newcomer)

    async def _browse(self, number: int) -> None:
        client, _, _ = await self._at_home()
        for category in ("", "visit"):
            await self._ask("GET", f"/api/services?city={self.mark}-visit&category={category}", client)
        if number % _ASKS_ASSISTANT_EVERY == _ASKS_ASSISTANT_EVERY - 1:
            await self._ask("POST", "/api/ai/suggest", client, json={"question": "Who paints walls in São Paulo?"})

    async def _upload(self, _: int) -> None:
        professional = (await self._at_home())[1]
        files = {"file": (f"{self.mark}.png", _DOCUMENT, "image/png")}
        await self._ask("POST", "/api/documents", professional, files=files)

    async def _pay(self, number: int) -> None:
        client, professional, service = await self._at_home()
        starts_at = datetime.now(UTC) + timedelta(days=1, milliseconds=secrets.randbelow(_DAYS * 86_400_000))
        wish = {"service_id": service, "starts_at": starts_at.isoformat(), "note": f"Synthetic {self.mark}"}
        booking = (await self._ask("POST", "/api/bookings", client, json=wish))["id"]
        await self._ask("POST", f"/api/bookings/{booking}/accept", professional)
        card = {"booking_id": booking, "payment_method": "pm_card_visa"}
        await self._ask("POST", "/api/payment/card", client, json=card)
        wants_answer = number % _WANTS_ANSWER_EVERY == 1
        words = {"score": 3 + number // 4 % 3, "text": f"Synthetic {self.mark}", "wants_answer": wants_answer}
        await self._ask("POST", "/api/feedback", client, json=words)

    # -- people -----------------------------------------------------------------------------------------------------

    async def _at_home(self) -> tuple[Member, Member, str]:
        """The residents; they come with the first visit that needs them, again when the service forgot them."""
        async with self._coming:
            self._stay += 1
            if self._residents is not None and self._stay > _FRESH_AFTER:
                client, professional, _ = self._residents
                self._residents = None
                await asyncio.gather(self._remove(client), self._remove(professional))
            if self._residents is None:
                self._stay = 0
                client, professional = await self._register("client"), await self._register("professional")
                city, title = f"{self.mark}-visit", f"Service {self.mark}"
                offer = {"title": title, "category": "visit", "city": city, "price_cents": 100}
                service = await self._ask("POST", "/api/services", professional, json=offer)
                self._residents = client, professional, str(service["id"])
            return self._residents

    async def _register(self, role: str) -> Member:
        member = Member(f"{self.mark}-visit-{secrets.token_hex(6)}@{_DOMAIN}", secrets.token_urlsafe(12))
        wanted = {**member.login, "name": f"Synthetic {self.mark}", "role": role, "beta_code": self.beta_code}
        self._members[member.email] = member
        try:
            await self._ask("POST", "/api/auth/register", json=wanted)
        except NoReply as refused:
            if refused.status is not None and refused.status < _ERROR:
                del self._members[member.email]
            raise
        await self._log_in(member)
        return member

    async def _log_in(self, member: Member) -> None:
        member.token = (await self._ask("POST", "/api/auth/login", json=member.login))["access_token"]

    async def _remove(self, member: Member) -> None:
        """Somebody goes. Whom nobody knows, as after a restart of the database, is gone already."""
        try:
            if not member.token:
                await self._log_in(member)
            await self._ask("DELETE", "/api/profile", member)
        except NoReply as refused:
            if refused.status != _UNKNOWN:
                return
        self._members.pop(member.email, None)

    async def _ask(self, method: str, path: str, member: Member | None = None, **more: Any) -> Any:  # noqa: ANN401 - JSON
        """The document of the reply. Raises NoReply."""
        self.counts.requests += 1
        try:
            headers, named = {"Authorization": f"Bearer {member.token}"} if member else {}, {"sni_hostname": _HOST}
            reply = await self.client.request(method, path, headers=headers, extensions=named, **more)
        except httpx.HTTPError:
            self.counts.errors += 1
            with contextlib.suppress(OSError):
                self.trust_again()
            raise NoReply(path) from None
        if reply.is_success:
            return reply.json() if reply.content else {}
        self.counts.refused += reply.status_code < _ERROR
        self.counts.errors += reply.status_code >= _ERROR
        if reply.status_code == _UNKNOWN and self._residents and member in self._residents:
            self._residents = None
        raise NoReply(path, reply.status_code)


async def _as_far_as_it_goes(visit: Awaitable[None]) -> None:
    with contextlib.suppress(NoReply):
        await visit


def _app_client(overlay: Document, context: ssl.SSLContext) -> httpx.AsyncClient:
    """The product's app, as it reaches this instance."""
    port = overlay["hosts"][_HOST]["https_port"]
    return httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{port}",
        verify=context,
        trust_env=False,
        timeout=_PATIENCE_SECONDS,
        headers={"Host": f"{_HOST}:{port}", "User-Agent": f"{APP}1.0 (synthetic)"},
    )


async def _visit(mark: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    overlay = json.loads(await reader.readline())
    code = dotenv_values(overlay["secrets"]["dotenv"])["BETA_CODE"] or ""
    stop = asyncio.Event()
    context, authority = ssl.create_default_context(), overlay["tls"]["trust"]
    context.load_verify_locations(authority)
    async with _app_client(overlay, context) as client:
        visitors = Visitors(client, lambda: context.load_verify_locations(authority), mark, code)
        visiting = asyncio.create_task(visitors.visit(stop))
        telling = asyncio.create_task(_tell(visitors.counts))
        await reader.read()
        stop.set()
        await visiting
        telling.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(visitors.leave(), _LEAVE_WITHIN_SECONDS)
    _emit("left", visitors.counts, stayed=visitors.present)


async def _tell(counts: Counts) -> None:
    while True:
        _emit("visits", counts)
        await asyncio.sleep(1)


def _emit(event: str, counts: Counts, **more: Any) -> None:  # noqa: ANN401 - JSON values
    sums = {name: getattr(counts, name) for name in ("visits", "requests", "refused", "errors")}
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps({"event": event, **sums, **more}), flush=True)  # noqa: T201 - the protocol


def visit(mark: str) -> int:
    """Run until the end of the input."""
    asyncio.run(_visit(mark))
    return 0
