"""The first message of PostgreSQL's protocol, without TLS: does the server go on to a login?

https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP. A driver would send the password next;
here nothing secret leaves this machine.
"""

import asyncio
import struct
from datetime import timedelta

from gonogo.base.errors import Unobserved
from gonogo_postgresql.evidence import Attempt

_VERSION = 3 << 16
_BUSY = ("53", "57", "58", "XX")
"""Classes of SQLSTATE that say: not now (no resources, shutting down, broken)."""


async def attempt_without_tls(host: str, port: int, user: str, database: str, patience: timedelta) -> Attempt:
    """Say who we are in the clear. Raises Unobserved when the answer is neither a yes nor a no."""
    words = b"".join(text.encode() + b"\0" for text in ("user", user, "database", database)) + b"\0"
    try:
        async with asyncio.timeout(patience.total_seconds()):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(struct.pack("!ii", len(words) + 8, _VERSION) + words)
                kind, length = struct.unpack("!ci", await reader.readexactly(5))
                body = await reader.readexactly(min(max(length - 4, 0), 65536))
            finally:
                writer.transport.abort()
    except (asyncio.IncompleteReadError, ConnectionError):
        return "refused"  # hung up on whoever does not begin with TLS
    except OSError as error:  # a TimeoutError is one
        raise Unobserved(
            f"whether {host}:{port} accepts logins without TLS is not known: {error or 'no answer'}"
        ) from None
    return _meaning(kind, body)


def _meaning(kind: bytes, body: bytes) -> Attempt:
    if kind == b"R":
        return "accepted"
    fields = {part[:1]: part[1:].decode("utf-8", "replace") for part in body.split(b"\0") if part}
    state = fields.get(b"C", "")
    if kind != b"E" or state.startswith(_BUSY):
        raise Unobserved(
            f"the answer to a login without TLS is neither yes nor no: {fields.get(b'M', kind)!r} (SQLSTATE {state or '?'})"
        )
    return "refused"
