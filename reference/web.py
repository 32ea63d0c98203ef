"""An ASGI application behind a real HTTP server, in the event loop of whoever starts it."""

import asyncio
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

_CONNECTABLE_SECONDS = 10
_CONNECT_AGAIN_SECONDS = 0.01
_CONNECTIONS = 1024
"""Granian serves as many at once as may wait; with its 128 the 129th visitor who keeps a connection waits for ever."""


class WebServer:
    """Granian at one address. ``tls`` takes granian's ``ssl_*`` options."""

    def __init__(self, app: Any, address: str, port: int, **tls: Any) -> None:  # noqa: ANN401 - an ASGI application, granian's options
        self._app = app
        self._address = address
        self._port = port
        self._tls = tls
        self._running: tuple[Server, asyncio.Task[None]] | None = None

    async def start(self) -> None:
        """Serve; returns when connections are accepted."""
        server = Server(
            self._app,
            self._address,
            self._port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.auto,
            websockets=False,
            log_enabled=False,
            backlog=_CONNECTIONS,
            **self._tls,
        )
        self._running = server, asyncio.create_task(server.serve())
        await self._connectable()

    async def stop(self) -> None:
        """End it; returns when its port is free."""
        if self._running is not None:
            server, task = self._running
            self._running = None
            server.stop()  # type: ignore[no-untyped-call]  # granian annotates it not yet
            await task

    async def _connectable(self) -> None:
        async with asyncio.timeout(_CONNECTABLE_SECONDS):
            while True:
                try:
                    _, writer = await asyncio.open_connection(self._address, self._port)
                except OSError:
                    await asyncio.sleep(_CONNECT_AGAIN_SECONDS)
                else:
                    writer.close()
                    return
