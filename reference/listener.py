"""A TCP listener that ends together with all of its connections."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Listener:
    """Listens at one address; every connection is a task that ``stop`` waits for."""

    def __init__(self, handler: Handler, address: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._address = address
        self._port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port that it listens on; with 0 asked for, the one that the system chose."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def start(self) -> None:
        """Listen. OSError if the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._address, self._port, ssl=self._tls)

    async def stop(self) -> None:
        """Close the socket, then end what is still connected."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            # A cancelled connection is how `stop` ends it: Python 3.11 would print that as an error.
            with contextlib.suppress(ConnectionError, TimeoutError, EOFError, ssl.SSLError, asyncio.CancelledError):
                await self._handler(reader, writer)
        finally:
            writer.transport.abort()
