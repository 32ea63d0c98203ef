"""Tries to connect to ports that should be closed, and asks an open one who it is."""

import asyncio
import ipaddress
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.mongodb_wire import hello_message, is_hello_reply
from gonogo.clients.network import REJECTED, ours, unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.ports import Port, PortsEvidence, PortState
from gonogo.families.kind import Probe
from gonogo.families.ports.banner import banner_questions, probe_banner
from gonogo.families.ports.section import Ports
from gonogo.families.servers.section import Server

_CONNECT_SECONDS = 2.0
_GREETING_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsQuestion:
    """One address, the ports that should be closed, and one that must be open."""

    host: str
    address: str
    control_port: int
    closed: tuple[tuple[str, int], ...]

    @property
    def scope(self) -> Scope:
        """The name, then the address."""
        return self.host, self.address


def ports_questions(environment: Environment, secrets: Secrets) -> Sequence[PortsQuestion]:
    """Every declared address of every declared name, and of every server that is declared by its address."""
    del secrets
    section = environment.section(Ports)
    if section is None:
        return []
    closed = tuple((service, port) for service, ports in section.closed.items() for port in ports)
    public = [
        PortsQuestion(host=name, address=address, control_port=host.https_port, closed=closed)
        for name, host in environment.hosts.items()
        for address in host.addresses
    ]
    covered = {question.address for question in public}
    return public + [
        PortsQuestion(host=name, address=server.address, control_port=server.port, closed=closed)
        for name, server in environment.table(Server).items()
        if _is_address(server.address) and server.address not in covered
    ]


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def probe_ports(question: PortsQuestion) -> PortsEvidence:
    """Connect to the control, then to all the others at once, then to the control again."""
    taken_at = datetime.now(UTC)
    state, source = await _control(question)
    ports = await asyncio.gather(*(_port(question.address, service, number) for service, number in question.closed))
    after, _ = await _control(question)
    return PortsEvidence(
        scope=question.scope,
        taken_at=taken_at,
        address=question.address,
        control_port=question.control_port,
        control_state=state,
        control_after=after,
        source=source,
        ports=tuple(ports),
    )


async def _control(question: PortsQuestion) -> tuple[PortState, str]:
    started = time.monotonic()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(question.address, question.control_port)
    except TimeoutError:
        WAKEFULNESS.demand(started)
        return PortState.FILTERED, ""
    except OSError as error:
        if error.errno in REJECTED:
            return PortState.REFUSED, ""
        raise unobserved(error, question.address, question.control_port) from None
    source: str = writer.get_extra_info("sockname")[0]
    writer.transport.abort()
    return PortState.OPEN, source


async def _port(address: str, service: str, number: int) -> Port:
    """Connect to one port. Raises Unobserved if this machine is the reason why nothing came."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(address, number)
    except OSError as error:  # a TimeoutError is one
        if problem := ours(error, started):
            return Port(service=service, number=number, state=PortState.UNKNOWN, problem=problem)
        if isinstance(error, TimeoutError):
            return Port(service=service, number=number, state=PortState.FILTERED)
        if error.errno in REJECTED:
            return Port(service=service, number=number, state=PortState.REFUSED)
        raise unobserved(error, address, number) from None
    try:
        identified = await _identify(service, reader, writer)
    finally:
        writer.transport.abort()
    return Port(service=service, number=number, state=PortState.OPEN, identified=identified)


async def _identify(service: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """Say hello in the language that is expected there; listen to what anybody else says by himself."""
    greeting = {"redis": b"PING\r\n", "mongodb": hello_message()}.get(service, b"")
    reply = b""
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(_GREETING_SECONDS):
            writer.write(greeting)
            reply = await reader.read(4096)
    if is_hello_reply(reply):
        return "MongoDB, which answers hello"
    if reply.startswith((b"+PONG", b"-NOAUTH", b"-DENIED")):
        return f"a Redis server, which answers {reply.splitlines()[0].decode('ascii', 'replace')[:60]}"
    return f"something that says {reply[:40]!r}" if reply else "something that says nothing"


PROBES: Mapping[str, Probe] = {
    "banner": Probe(questions=banner_questions, ask=probe_banner),
    "ports": Probe(questions=ports_questions, ask=probe_ports),
}
