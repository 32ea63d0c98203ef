"""Servers on real sockets that say whatever a test wants of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reference.listener import Handler, Listener


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[int]:
    """The port where it answers."""
    listener = Listener(handler, "127.0.0.1", 0)
    await listener.start()
    try:
        yield listener.port
    finally:
        await listener.stop()


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Listens, and never says a word."""
    del writer
    while await reader.read(4096):
        pass


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes as soon as something comes."""
    del writer
    await reader.read(1)


async def noise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Not the protocol at all, and without an end."""
    await reader.read(1)
    while True:
        writer.write(b"\x00\xff" * 4096)
        await writer.drain()


async def web_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Somebody else took the port."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
