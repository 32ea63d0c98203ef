"""The API's own process: ``python -m reference.api CONFIG``, told what to do on standard input.

Each line in is a command, each line out its acknowledgement; the end of input is the end of the process.
"""

import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from granian.constants import SSLProtocols
from pymongo.errors import PyMongoError

from reference.api.accounts import ensure_admin
from reference.api.app import build_app, build_redirect
from reference.api.config import ApiConfig
from reference.api.faults_logic import inject
from reference.api.faults_replies import REPLY_FAULTS, FaultyReplies
from reference.api.passwords import warm_up
from reference.api.service import Service
from reference.web import WebServer


class Servers:
    """Plain http everywhere; https wherever the current command wants it."""

    def __init__(self, config: ApiConfig) -> None:
        self._config = config
        outermost, self._app = build_app(config)
        self._service: Service = self._app.state.service
        self._api = FaultyReplies(outermost, config)
        self._redirect = FaultyReplies(build_redirect(config), config)
        self._running: dict[tuple[str, int], WebServer] = {}

    async def start(self) -> None:
        """Listen where there is no TLS."""
        await warm_up()
        await self._serve(self._api, "127.0.0.1", self._config.plain_port)
        for address in self._config.addresses:
            await self._serve(self._redirect, address, self._config.http_port)

    async def apply(self, command: dict[str, Any]) -> None:
        """``faults``: exactly these. ``certificates``: chain and key per address for https.

        Without ``certificates`` whoever is being served goes on being served. ``reconnect``: databases were made anew.
        """
        faults = frozenset(command["faults"])
        anew = command.get("reconnect") or "certificates" in command
        if anew:
            await self._service.reconnect()
        inject(self._app, self._config, faults)
        if anew:
            with contextlib.suppress(PyMongoError):  # a database that is down, on purpose, knows no administrator
                await ensure_admin(self._service)
        self._api.faults = self._redirect.faults = faults & REPLY_FAULTS
        if "certificates" in command:
            await self._serve_https(command["certificates"])

    async def _serve_https(self, certificates: dict[str, list[str]]) -> None:
        for address in self._config.addresses:
            await self._end(address, self._config.https_port)
        for address, (chain, key) in certificates.items():
            tls = {"ssl_cert": Path(chain), "ssl_key": Path(key), "ssl_protocol_min": SSLProtocols.tls12}
            await self._serve(self._api, address, self._config.https_port, **tls)

    async def stop(self) -> None:
        """End all of them."""
        for address, port in list(self._running):
            await self._end(address, port)

    async def _serve(self, app: FaultyReplies, address: str, port: int, **tls: Any) -> None:  # noqa: ANN401 - granian's options
        self._running[address, port] = server = WebServer(app, address, port, **tls)
        await server.start()

    async def _end(self, address: str, port: int) -> None:
        if (address, port) in self._running:
            await self._running.pop((address, port)).stop()


async def _main(config: ApiConfig) -> None:
    servers = Servers(config)
    await servers.start()
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, reader.feed_eof)
    while line := await reader.readline():
        await servers.apply(json.loads(line))
        print("{}", flush=True)  # noqa: T201 - the acknowledgement
    await servers.stop()


if __name__ == "__main__":
    asyncio.run(_main(ApiConfig.read(Path(sys.argv[1]))))
