"""Publishes one file over plain HTTP, as authorities publish what they revoked."""

import asyncio
from pathlib import Path

from reference.listener import Listener


class Publisher:
    """Answers every request with the file as it was when it started."""

    def __init__(self, path: Path, *, address: str, port: int) -> None:
        self._content = path.read_bytes()
        self._listener = Listener(self._answer, address, port)

    async def start(self) -> None:
        """Listen. OSError if the port is taken."""
        await self._listener.start()

    async def stop(self) -> None:
        """End the listener and every connection."""
        await self._listener.stop()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self._content)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + self._content)
        await writer.drain()
