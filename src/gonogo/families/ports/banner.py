"""Connects to the ports that an environment file declares, and listens to what is said there."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.network import REJECTED, unobserved
from gonogo.clients.trust import trust_context
from gonogo.environment.model import Environment
from gonogo.evidence.ports import BannerEvidence, PortState
from gonogo.families.entry_question import EntryQuestion
from gonogo.families.ports.banner_entry import BannerEntry

_CONNECT_SHARE, _LISTEN_SECONDS = 0.5, 3.0
_MOST_BYTES = 4096
_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BannerPlace:
    """One address of a host, and what is needed to listen there."""

    address: str
    trust: str
    patience_seconds: float
    redactor: Redactor


BannerQuestion = EntryQuestion[BannerEntry, BannerPlace]
"""One port at one address."""


def banner_questions(environment: Environment, secrets: Secrets) -> Sequence[BannerQuestion]:
    """Every declared port, at every declared address of its host; at the host itself if none is declared."""
    redactor = Redactor(secrets)
    return [
        BannerQuestion(
            entry=entry,
            place=BannerPlace(
                address=address,
                trust=environment.trust_of(entry.host),
                patience_seconds=environment.limits.probe.total_seconds() * _CONNECT_SHARE,
                redactor=redactor,
            ),
            host=entry.host,
            scope=(entry.host, address, name),
        )
        for name, entry in environment.table(BannerEntry).items()
        for address in (environment.hosts[entry.host].addresses if entry.host in environment.hosts else (entry.host,))
    ]


async def probe_banner(question: BannerQuestion) -> BannerEvidence:
    """Connect, say what is declared, and listen until it is answered, or nothing more comes."""
    entry, place, started = question.entry, question.place, asyncio.get_running_loop().time()
    blank = BannerEvidence(scope=question.scope, taken_at=datetime.now(UTC), state=PortState.OPEN)
    context = trust_context(place.trust) if entry.tls else None
    name = entry.host if entry.tls else None
    try:
        async with asyncio.timeout(place.patience_seconds):
            reader, writer = await asyncio.open_connection(place.address, entry.port, ssl=context, server_hostname=name)
    except TimeoutError:
        WAKEFULNESS.demand(started)
        return replace(blank, state=PortState.FILTERED)
    except ssl.SSLError as error:
        return replace(blank, problem=f"TLS failed: {getattr(error, 'verify_message', '') or error.reason or error}")
    except OSError as error:
        if error.errno in REJECTED:
            return replace(blank, state=PortState.REFUSED)
        raise unobserved(error, place.address, entry.port) from None
    try:
        banner = await _conversation(entry, reader, writer)
    finally:
        writer.transport.abort()
    return replace(
        blank, said=place.redactor.text(banner)[:_KEPT], expected=bool(entry.expect and entry.expect in banner)
    )


async def _conversation(entry: BannerEntry, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Read what the server says, up to what is expected, since most servers keep a connection open."""
    received = b""
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(_LISTEN_SECONDS):
            if entry.send:
                writer.write(entry.send.encode())
            while entry.expect and len(received) < _MOST_BYTES and entry.expect.encode() not in received:
                part = await reader.read(_MOST_BYTES)
                if not part:
                    break
                received += part
    return received.decode("utf-8", "replace")
