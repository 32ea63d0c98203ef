"""Ports on real sockets: open, refused and swallowed are three answers, and whoever answers is named."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack

import pytest
from pydantic import TypeAdapter

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.mongodb_wire import hello_message
from gonogo.evidence.ports import Port, PortsEvidence, PortState
from gonogo.families.ports.probe import PortsQuestion, ports_questions, probe_ports
from gonogo.families.registry import environment_from
from reference.listener import Handler, Listener
from tests.dead.conftest import swallowing_server

Says = Callable[[bytes], bytes]


def question(control: int, *closed: tuple[str, int], address: str = "127.0.0.1") -> PortsQuestion:
    """This control, and these ports."""
    return PortsQuestion(host="a.test", address=address, control_port=control, closed=closed)


def answering(says: Says) -> Handler:
    """A server that answers what it hears, if it has anything to say."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says(await reader.read(4096)))
        await writer.drain()
        await reader.read()

    return handle


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speaks first, as mail servers do."""
    writer.write(b"220 mail.test ESMTP\r\n")
    await reader.read()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never stops."""
    del reader
    while not writer.is_closing():
        writer.write(b"x" * 65536)
        await writer.drain()


async def hanging_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts, and leaves."""
    del reader, writer


def found(service: str, handler: Handler) -> Port:
    """What the probe says about this server."""

    async def main() -> PortsEvidence:
        listener = Listener(handler, "127.0.0.1", 0)
        await listener.start()
        try:
            return await probe_ports(question(listener.port, (service, listener.port)))
        finally:
            await listener.stop()

    evidence = asyncio.run(main())
    adapter = TypeAdapter(PortsEvidence)
    assert adapter.validate_json(adapter.dump_json(evidence)) == evidence, "a replay must see the same"
    assert evidence.control_state is PortState.OPEN
    assert evidence.source == "127.0.0.1"
    return evidence.ports[0]


def closed_port(stack: ExitStack) -> int:
    """Bound, so that nobody else gets it, and not listened on."""
    bound = stack.enter_context(socket.socket())
    bound.bind(("127.0.0.1", 0))
    port: int = bound.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("service", "reply", "expected"),
    [
        ("redis", b"+PONG\r\n", "a Redis server, which answers +PONG"),
        ("redis", b"-NOAUTH Authentication required.\r\n", "a Redis server, which answers -NOAUTH"),
        ("redis", b"-DENIED Redis is running in protected mode", "a Redis server, which answers -DENIED"),
        ("mongodb", b"\xff" * 100, "something that says b'"),
        ("docker", b"", "something that says nothing"),
    ],
)
def test_open_port_is_named(service: str, reply: bytes, expected: str) -> None:
    """A Redis with a password is still one that scanners find."""
    port = found(service, answering(lambda _heard: reply))
    assert port.state is PortState.OPEN
    assert port.identified.startswith(expected)


def test_redis_and_mongodb_are_asked_in_their_own_language() -> None:
    """They say nothing to strangers who say nothing; the open port would have no name."""
    assert "answers +PONG" in found("redis", answering({b"PING\r\n": b"+PONG\r\n"}.__getitem__)).identified

    def reply_to(heard: bytes) -> bytes:
        assert heard == hello_message()
        return heard[:8] + heard[4:8] + heard[12:]  # the id of the request goes where replies carry it

    assert found("mongodb", answering(reply_to)).identified == "MongoDB, which answers hello"


@pytest.mark.parametrize(
    ("handler", "expected"),
    [(greeting, "220 mail.test"), (endless, "b'xxxx"), (hanging_up, "something that says nothing")],
)
def test_whoever_answers_costs_little(handler: Handler, expected: str) -> None:
    """Whatever listens there, it is open, and the probe ends."""
    port = found("rabbitmq", handler)
    assert port.state is PortState.OPEN
    assert expected in port.identified
    assert len(port.identified) < 300


def test_open_refused_and_swallowed_are_told_apart() -> None:
    """Refused and swallowed are closed; only the report needs to know which."""
    with ExitStack() as stack, swallowing_server() as swallowed:
        control = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
        asked = question(control, ("redis", closed_port(stack)), ("mongodb", swallowed))
        seen = asyncio.run(probe_ports(asked))
    assert seen.control_state is PortState.OPEN
    assert [port.state for port in seen.ports] == [PortState.REFUSED, PortState.FILTERED]
    assert not any(port.identified for port in seen.ports)


def test_control_that_is_closed_is_a_fact() -> None:
    """The check says that nothing is proved; the probe says only what it saw."""
    with ExitStack() as stack, swallowing_server() as swallowed:
        refused = asyncio.run(probe_ports(question(closed_port(stack))))
        silent = asyncio.run(probe_ports(question(swallowed)))
    assert (refused.control_state, refused.source) == (PortState.REFUSED, "")
    assert (silent.control_state, silent.source) == (PortState.FILTERED, "")


class _Failing:
    """Stands for asyncio.open_connection on a machine that cannot ask."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, *_: object) -> Awaitable[None]:
        raise OSError(self._number, "made up")


@pytest.mark.parametrize("number", [1, 24, 97, 99], ids=["EPERM", "EMFILE", "EAFNOSUPPORT", "EADDRNOTAVAIL"])
def test_our_own_inability_is_no_closed_port(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Our firewall, or our lack of file descriptors, would turn every open port green."""
    monkeypatch.setattr(asyncio, "open_connection", _Failing(number))
    with pytest.raises(Unobserved, match=r"127\.0\.0\.1:443 could not be asked"):
        asyncio.run(probe_ports(question(443, ("redis", 6379))))


def test_every_declared_port_is_asked_at_every_address() -> None:
    """One forgotten address is where the database is found."""
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "hosts": {
                "a.test": {"addresses": ["192.0.2.1", "192.0.2.2"]},
                "b.test": {"addresses": ["192.0.2.3"], "https_port": 8443},
            },
            "ports": {"closed": {"mongodb": [27017, 27018], "redis": [6379]}},
        }
    )
    asked = ports_questions(environment, Secrets({}))
    assert [one.scope for one in asked] == [("a.test", "192.0.2.1"), ("a.test", "192.0.2.2"), ("b.test", "192.0.2.3")]
    assert [one.control_port for one in asked] == [443, 443, 8443]
    assert {one.closed for one in asked} == {(("mongodb", 27017), ("mongodb", 27018), ("redis", 6379))}


def test_servers_that_are_declared_by_their_address_are_asked() -> None:
    """An open Redis on a machine that no public name leads to is as open as any."""
    server = {"user": "u", "key": "K", "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=="}
    environment = environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "hosts": {"a.test": {"addresses": ["192.0.2.1"]}},
            "ports": {"closed": {"redis": [6379]}},
            "servers": {
                "web": {**server, "address": "192.0.2.1"},
                "cache": {**server, "address": "192.0.2.9", "port": 2222},
                "named": {**server, "address": "db.a.test"},
            },
        }
    )
    asked = ports_questions(environment, Secrets({}))
    assert [(question.scope, question.control_port) for question in asked] == [
        (("a.test", "192.0.2.1"), 443),
        (("cache", "192.0.2.9"), 2222),
    ]
