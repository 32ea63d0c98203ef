"""A listener in a thread of its own, for tests that ask it from programs or from another event loop."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reference.listener import Listener


@contextmanager
def listening(listener: Listener) -> Iterator[int]:
    """Its port, as long as it listens."""
    ready, end = threading.Event(), threading.Event()

    async def serve() -> None:
        await listener.start()
        ready.set()
        await asyncio.to_thread(end.wait)
        await listener.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield listener.port
    finally:
        end.set()
        thread.join()
