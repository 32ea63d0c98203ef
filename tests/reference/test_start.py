"""What stands in the way of a start is worked around, or named together with its cure."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.planning.declarations import read_declarations
from gonogo.runs.reference_instance import ReferenceProcess
from tests.reference.supervised import ROOT, Supervised, faults, nothing_is_left


@contextmanager
def _taken(address: str, port: int, kind: socket.SocketKind) -> Iterator[set[int]]:
    """Held by us. Nothing if another test's instance holds it now, and may let go of it at any moment."""
    with socket.socket(socket.AF_INET, kind) as holder:
        held = {port}
        try:
            holder.bind((address, port))
            if kind is socket.SOCK_STREAM:
                holder.listen()
        except OSError:
            held = set()
        yield held


def test_too_few_open_files_are_told_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the first server that runs out of them is called broken, and its port taken."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (40, 40))
    with (
        pytest.raises(UsageError, match=r"may open 40 files, and the reference environment needs \d+; raise the limit"),
        ReferenceProcess(),
    ):
        pass


def test_a_taken_port_is_avoided() -> None:
    """A developer whose own server listens there could not verify anything."""
    with ExitStack() as stack:
        held = stack.enter_context(_taken("127.0.0.13", 20053, socket.SOCK_DGRAM))
        held |= stack.enter_context(_taken("127.0.0.2", 20443, socket.SOCK_STREAM))
        held |= stack.enter_context(_taken("127.0.0.1", 21379, socket.SOCK_STREAM))
        supervised = stack.enter_context(Supervised())
        chosen = supervised.environment
        host = chosen["hosts"]["api.workme.test"]
        ports = {chosen["dns"]["port"], host["https_port"], *chosen["ports"]["closed"]["redis"]}
        assert not ports & held
        assert max(ports) < 32768
        for address in ("127.0.0.1", "127.0.0.2"):
            socket.create_connection((address, host["https_port"])).close()


def test_two_instances_at_once_share_no_port() -> None:
    """Two runs started by one CI job would verify, and break, each other's environment."""
    with Supervised(wait=False) as one, Supervised(wait=False) as two:
        one.first, two.first = one.event(), two.event()
        chosen = [supervised.environment["hosts"]["api.workme.test"] for supervised in (one, two)]
        assert not {*chosen[0].values()} & {*chosen[1].values()}
        assert one.secrets["MONGO_URL"] != two.secrets["MONGO_URL"]


def test_an_unknown_fault_is_a_suggestion() -> None:
    """A typo would start a healthy environment, and a check would look as if it missed the fault."""
    with Supervised("--fault", "tls-expire") as supervised:
        assert supervised.first["event"] == "failed"
        assert supervised.first["message"] == "no fault 'tls-expire'; did you mean tls-expired?"
        assert supervised.exit_code() == 2


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'cannot allocate memory' >&2; exit 14", "mongod ended at once (exit 14)"),
        (
            "echo 'error while loading shared libraries: libcurl.so.4: cannot open shared object file' >&2; exit 127",
            "mongod needs libcurl.so.4, which this machine lacks",
        ),
        (None, "cannot be executed (No such file or directory)"),
    ],
    ids=["fails", "lacks a library", "is not there"],
)
def test_a_mongod_that_cannot_start_is_named(tmp_path: Path, script: str | None, message: str) -> None:
    """A newcomer on a minimal machine would read a stack trace instead of the package to install."""
    mongod = tmp_path / "mongod"
    if script is not None:
        mongod.write_text(f"#!/bin/sh\n{script}\n")
        mongod.chmod(0o700)
    with Supervised(GONOGO_MONGOD=str(mongod), TMPDIR=str(tmp_path)) as supervised:
        failed = supervised.first
        assert failed["event"] == "failed"
        assert message in failed["message"]
        assert "GONOGO_MONGOD" in failed["cure"]
        assert supervised.exit_code() == 2
        assert nothing_is_left(group=supervised.pid, state=tmp_path / "none")
        assert not list(tmp_path.glob("gonogo-reference-*"))


def test_every_fault_says_what_it_breaks() -> None:
    """The list is what a user chooses from."""
    listed = faults()
    families = {
        found.family for folder in ("checks", "smoke", "loadtests") for found in read_declarations(ROOT / folder)
    }
    assert {fault["area"] for fault in listed} <= families | {"http", "mail"}
    assert len({fault["name"] for fault in listed}) == len(listed) >= 140
    assert all(fault["breaks"] for fault in listed)
