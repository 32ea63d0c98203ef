"""Is anybody there? Asked before a driver's words are believed: its time-outs blame target and network alike."""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.network import unobserved

_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


async def knock(host: str, port: int, patience: timedelta) -> str:
    """Empty if the port accepts connections, else what stands against it.

    Raises Unobserved when nothing was said at all: silence, no route, no working resolver here.
    """
    started = time.monotonic()
    try:
        async with asyncio.timeout(patience.total_seconds()):
            _, writer = await asyncio.open_connection(host, port)
    except ConnectionError:
        return "the port refuses connections"
    except socket.gaierror as error:
        if error.errno in _NO_SUCH_NAME:
            return f"the name {host} does not resolve"
        reason = f"this machine could not resolve {host} ({error.strerror})"
        raise Unobserved(reason, hint="is this machine's resolver reachable?") from None
    except OSError as error:
        WAKEFULNESS.demand(started)
        raise unobserved(error, host, port) from None
    writer.transport.abort()
    return ""


def require_certificates(ca_file: str | None, key: str) -> None:
    """Raise UsageError unless the file that ``key`` names holds certificates to trust."""
    if ca_file is None:
        return
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UsageError(f"{key}: {ca_file} holds no certificates ({error.strerror or error})") from None


def require_files(subject: str, options: Mapping[str, object]) -> None:
    """Raise UsageError unless every file that an option of a URL names is there, and may be read."""
    for option, path in options.items():
        if isinstance(path, str) and path and not os.access(path, os.R_OK):
            problem = "may not be read" if Path(path).exists() else "does not exist"
            raise UsageError(
                f"{subject}: {option} names a file that {problem}, as seen from the folder where gonogo runs"
            )
