"""Serves the live page from the watcher's own process: on loopback, or behind a token in the URL; to nobody else.

One state is kept, the newest, so that a day needs no more memory than a minute. Listeners are few; one that does not
read is dropped. The page never holds up the watch: publishing is a hand-over, and stopping has a deadline.
"""

import asyncio
import contextlib
import hmac
import ipaddress
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, Self

from gonogo.base.errors import UsageError
from gonogo.watching.metrics import exposition
from gonogo.watching.page import content_policy, render_body, render_event, render_page
from gonogo.watching.rows import STATE, LiveState
from gonogo.watching.word import aged

try:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.protocols.http.h11_impl import H11Protocol
except ModuleNotFoundError as missing:
    raise UsageError(
        f"the live page needs {missing.name}, and it is not installed: pip install 'gonogo[watch]'"
    ) from None

MOST_LISTENERS = 32
_MOST_CONNECTIONS = 3 * MOST_LISTENERS
_SLOW_SECONDS = 10.0
"""A listener that takes nothing for so long is dropped: it comes again when it can."""
_STILL_SECONDS = 10.0
"""How often a listener is written to, so that one that is gone is noticed."""
_BUFFER_BYTES = 256 * 1024
_SAFE = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def _seconds() -> float:
    """A count that goes on while the machine sleeps, where its system has one."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot) if boot is not None else time.monotonic()


class _Sending(Protocol):
    """Sends a piece of a body."""

    def __call__(self, text: bytes, *, more: bool = True) -> Awaitable[None]:
        """Once it may be forgotten."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """One state, with the seconds that passed since its newest round when it is sent."""

    state: LiveState
    age: float
    body: str


class LivePage:
    """``start``, then ``publish`` a state after every round, from any thread; ``stop`` at the end."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        seconds: Callable[[], float] = _seconds,
    ) -> None:
        self._host, self._port, self._seconds = host, port, seconds
        self._token = token if token is not None or _is_loopback(host) else secrets.token_urlsafe(24)
        self._newest: tuple[LiveState, float] | None = None
        self._rendered: tuple[LiveState, str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed = asyncio.Event()
        self._ready, self._stopping = threading.Event(), False
        self._thread: threading.Thread | None = None
        self._server: uvicorn.Server | None = None
        self.listeners = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it is served, the token with it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/" + (f"{self._token}/" if self._token else "")

    @property
    def alive(self) -> bool:
        """Whether somebody serves it."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> str:
        """Begin to serve; the URL. Raises UsageError if the address is not free, or none of this machine's."""
        listening = _listen(self._host, self._port)
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(
            self._app(),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,  # it would hold the token
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=1,
        )
        self._server = server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(server, listening)), name="gonogo-live-page", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        return self.url

    def publish(self, state: LiveState) -> None:
        """Show this state from now on. Returns at once: whatever there is to do, the server's thread does."""
        self._newest = (state, self._seconds())
        self._from_outside(self._wake)

    def stop(self, within: float = 5.0) -> bool:
        """End within so many seconds; whether it did. A thread that hangs ends with the process."""
        self._from_outside(self._end)
        if self._thread is not None:
            self._thread.join(within)
        return not self.alive

    def _from_outside(self, function: Callable[[], None]) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                loop.call_soon_threadsafe(function)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _end(self) -> None:
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True
        self._wake()

    async def _serve(self, server: uvicorn.Server, listening: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await server.serve(sockets=[listening])
        for connection in tuple(server.server_state.connections):  # of those that took nothing to the end
            connection.transport.abort()
        await asyncio.sleep(0)  # they are closed in the loop's next turn

    def _app(self) -> ASGIApp:
        routes = [
            Route("/", self._page),
            Route("/events", self._events),
            Route("/live.json", self._event),
            Route("/state.json", self._state),
            Route("/metrics", self._metrics),
        ]
        app = Starlette(routes=routes)
        if self._token is not None:
            return _Guarded(app, self._token)
        # A page of somebody else may let a name of its own point to this machine; it does not get past this.
        return TrustedHostMiddleware(app, ["127.0.0.1", "localhost", "::1", "[::1]", self._host], www_redirect=False)

    def _shown(self) -> _Shown | None:
        """The newest state as it is now; None before the first."""
        newest = self._newest
        if newest is None:
            return None
        passed = max(0.0, self._seconds() - newest[1])
        state = aged(newest[0], passed)
        if self._rendered is None or self._rendered[0] is not state:
            self._rendered = (state, render_body(state))
        return _Shown(state, passed + state.round_age, self._rendered[1])

    async def _page(self, _: Request) -> Response:
        shown = self._shown()
        if shown is None:
            return _soon(Refresh="2")  # so that a page opened before the first round comes by itself
        headers = {**_SAFE, "Content-Security-Policy": content_policy()}
        return Response(render_page(shown.state, shown.body, shown.age), media_type="text/html", headers=headers)

    async def _event(self, _: Request) -> Response:
        shown = self._shown()
        return _soon() if shown is None else _json(render_event(shown.state, shown.body, shown.age))

    async def _state(self, _: Request) -> Response:
        shown = self._shown()
        return _soon() if shown is None else _json(STATE.dump_json(shown.state))

    async def _metrics(self, _: Request) -> Response:
        shown = self._shown()
        text = exposition(shown.state if shown else None, shown.age if shown else 0.0, self.listeners)
        return Response(text, media_type="text/plain; version=0.0.4", headers=_SAFE)

    async def _events(self, _: Request) -> Response:
        if self.listeners >= MOST_LISTENERS or self._stopping:
            return PlainTextResponse(
                "too many live pages are open; try again later\n", 503, {**_SAFE, "Retry-After": "10"}
            )
        return _Stream(self._listen)

    def _tear(self, client: tuple[str, int]) -> None:
        for connection in tuple(self._server.server_state.connections) if self._server else ():
            if isinstance(connection, H11Protocol) and connection.client == client:
                connection.transport.abort()

    async def _listen(self, client: tuple[str, int], send: _Sending, gone: "asyncio.Task[None]") -> None:
        """Send the newest state at once, and whenever there is a newer one, until the listener is gone or too slow."""
        self.listeners += 1
        told: object = None
        try:
            while not self._stopping and not gone.done():
                changed, newest = self._changed, self._newest
                shown = self._shown() if newest is not told else None
                text = b"data: " + render_event(shown.state, shown.body, shown.age) if shown else b": nothing new"
                told = newest
                await asyncio.wait_for(send(text + b"\n\n"), _SLOW_SECONDS)
                waiting = asyncio.ensure_future(changed.wait())
                await asyncio.wait({waiting, gone}, timeout=_STILL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        except TimeoutError:  # its connection is torn: what it did not take is not kept, and the browser comes again
            self._tear(client)
        finally:
            self.listeners -= 1


class _Stream(Response):
    """Server-sent events, for as long as somebody listens (HTML Living Standard, 9.2)."""

    def __init__(self, listen: Callable[[tuple[str, int], _Sending, "asyncio.Task[None]"], Awaitable[None]]) -> None:
        super().__init__(media_type="text/event-stream", headers={**_SAFE, "X-Accel-Buffering": "no"})
        del self.headers["Content-Length"]
        self._listen = listen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def until_gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        async def body(text: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": text, "more_body": more})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        gone = asyncio.ensure_future(until_gone())
        try:
            await self._listen(scope["client"], body, gone)
            await asyncio.wait_for(body(b"", more=False), _SLOW_SECONDS)
        finally:
            gone.cancel()


class _Guarded:
    """An application that whoever does not know the token is not told of."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head, slash, rest = scope["path"].removeprefix("/").partition("/")
        response: ASGIApp = self._app
        if not hmac.compare_digest(head.encode(), self._token):
            response = PlainTextResponse("there is nothing here\n", 404, _SAFE)
        elif not slash:  # links of the page are relative
            response = RedirectResponse(f"{head}/", 308, _SAFE)
        await response({**scope, "path": f"/{rest}"}, receive, send)


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json", headers=_SAFE)


def _soon(**headers: str) -> Response:
    text = "The first round has not ended yet. Try again in a moment; a browser does so by itself.\n"
    return PlainTextResponse(text, 503, {**_SAFE, "Retry-After": "1", **headers})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(
            f"the page cannot be served at {host}, port {port} ({error.strerror}); choose another --host "
            "or --port; port 0 takes any free one"
        ) from None
    # Connections inherit it: the system does not keep much for whoever takes nothing.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    return listening
