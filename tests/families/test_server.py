"""Servers over SSH: a real sshd, servers that keep us out, and what real programs print."""

import asyncio
import getpass
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncssh
import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.ssh import CommandOutput, SshServer
from gonogo.evidence.server import LogFile, ServerEvidence
from gonogo.families.servers.probe import ServerQuestion, probe_server
from gonogo.families.servers.section import Server
from reference.doubles.host import USER, HostDouble, HostSettings
from reference.listener import Handler
from tests.support.doubles import hang_up, noise, serving
from tests.support.ports import closed_port

KEYS = {name: asyncssh.generate_private_key("ssh-ed25519") for name in ("host", "visitor", "other")}


def public(name: str) -> str:
    """As an environment file has it."""
    return KEYS[name].export_public_key().decode().strip()


def question(port: int, **changes: object) -> ServerQuestion:
    """About a server here."""
    ssh = SshServer(
        address="127.0.0.1",
        port=port,
        user=USER,
        host_key=public("host"),
        key=KEYS["visitor"].export_private_key().decode(),
        key_name="SERVER_KEY",
    )
    declared = Server(
        address="127.0.0.1",
        user=USER,
        key="SERVER_KEY",
        host_key=public("host"),
        units=("nginx.service", "gone.service"),
        containers=("workme-api",),
        processes=("granian",),
        renewal="certbot.timer",
        logs=("/var/log/workme/api.log", "/var/log/gone.log"),
    )
    return ServerQuestion(name="one", ssh=replace(ssh, **changes), declared=declared)  # type: ignore[arg-type]  # of each its own


@asynccontextmanager
async def double(settings: HostSettings, port: int) -> AsyncIterator[None]:
    """The reference's own."""
    server = HostDouble(settings, port=port, host_key=KEYS["host"], visitor=KEYS["visitor"])
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def probed(settings: HostSettings, **changes: object) -> ServerEvidence:
    """What is seen of such a server."""

    async def observe() -> ServerEvidence:
        port = closed_port()
        async with double(settings, port):
            return await probe_server(question(port, **changes))

    return asyncio.run(observe())


def test_everything_is_seen() -> None:
    """Of the reference's server, and nothing is left out."""
    seen = probed(HostSettings())
    assert {login.methods for login in seen.logins} == {("publickey",)}
    assert [login.user for login in seen.logins][:2] == ["root", USER]
    assert (seen.os, seen.cpus, round((seen.memory or 0) / 2**30, 2)) == ("Ubuntu 22.04", 2, 3.82)
    assert seen.units["nginx.service"] == seen.units["certbot.timer"] == "active"
    assert (seen.units["gone.service"], seen.failures) == ("not-found", {})
    assert (seen.upgrader, seen.uplinks, seen.sshd_exceptions) == ("ii", ("eth0",), ())
    assert seen.logs is not None
    assert seen.logs[1] == LogFile(path="/var/log/gone.log")
    assert not seen.unseen
    assert seen.disk_used == pytest.approx(0.31, abs=0.001)


def test_what_we_are_not_shown_is_told() -> None:
    """Without sudo half of it is dark, and the rest is seen."""
    seen = probed(HostSettings(sudo=False))
    assert {one.what for one in seen.unseen} == {"sshd", "firewall", "jails", "containers", "logs", "rotation"}
    assert {one.said for one in seen.unseen} == {"sudo: a password is required"}
    assert seen.firewall is None
    assert seen.cpus == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host_key": "other"}, "another host key"),
        ({"key": "other"}, "does not let gonogo in with the key of SERVER_KEY"),
        ({"user": "nobody-here"}, "does not let nobody-here in"),
        ({"key": "never-shown-1"}, "the value of SERVER_KEY is no private key"),
    ],
)
def test_who_keeps_us_out_was_not_observed(changes: dict[str, str], said: str) -> None:
    """And no key is in the message."""
    if changes.get("host_key"):
        changes = {"host_key": public("other")}
    elif changes.get("key") == "other":
        changes = {"key": KEYS["other"].export_private_key().decode()}
    with pytest.raises(Unobserved, match=said) as unobserved:
        probed(HostSettings(), **changes)
    told = f"{unobserved.value.reason} {unobserved.value.hint}"
    assert "never-shown-1" not in told
    assert "PRIVATE" not in told


@pytest.mark.parametrize("handler", [hang_up, noise])
def test_who_speaks_no_ssh_was_not_observed(handler: Handler) -> None:
    """Another program on the port."""

    async def observe() -> ServerEvidence:
        async with serving(handler) as port:
            return await probe_server(question(port))

    with pytest.raises(Unobserved, match="cannot be reached over SSH"):
        asyncio.run(observe())


def test_nobody_there_was_not_observed() -> None:
    """A closed port."""
    with pytest.raises(Unobserved, match="cannot be reached over SSH"):
        asyncio.run(probe_server(question(closed_port())))


def test_endless_output_is_cut_off() -> None:
    """A server that prints for ever costs no memory."""

    async def observe() -> CommandOutput:
        def endless(process: asyncssh.SSHServerProcess[str]) -> None:
            process.stdout.write("x" * 5 * 2**20)
            process.exit(0)

        port = closed_port()
        server = HostDouble(HostSettings(), port=port, host_key=KEYS["host"], visitor=KEYS["visitor"])
        server._process = endless  # type: ignore[method-assign]  # noqa: SLF001 - the misbehaviour
        await server.start()
        try:
            async with question(port).ssh.shell() as shell:
                return await shell.run("nproc")
        finally:
            await server.stop()

    with pytest.raises(Unobserved, match="nproc printed more than 4 MiB"):
        asyncio.run(observe())


@dataclass(frozen=True, slots=True)
class Sshd:
    """A real one."""

    port: int


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """OpenSSH's own, on loopback, for the user who runs the tests."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    assert program, "these tests need openssh-server"
    Path("/run/sshd").mkdir(exist_ok=True)
    KEYS["host"].write_private_key(tmp_path / "host")
    (tmp_path / "host").chmod(0o600)
    (tmp_path / "authorized").write_text(public("visitor") + "\n")
    port = closed_port()
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "authorized",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "StrictModes": "no",
        "PidFile": "none",
    }
    (tmp_path / "config").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    command = [program, "-D", "-e", "-f", str(tmp_path / "config")]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:  # noqa: S603 - found above
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert b"listening" in line, line
            yield Sshd(port)
        finally:
            process.kill()


def test_a_real_sshd_and_real_programs(sshd: Sshd, tmp_path: Path) -> None:
    """This machine, as it sees itself: what is read is what Python reads of it."""
    log = tmp_path / "it's a log"
    log.write_text("one line\n")
    asked = question(sshd.port, user=getpass.getuser())
    declared = asked.declared.model_copy(update={"logs": (str(log), "/gone")})
    seen = asyncio.run(probe_server(replace(asked, declared=declared)))
    assert {login.methods for login in seen.logins} == {("publickey",)}
    assert seen.cpus == len(os.sched_getaffinity(0))
    assert seen.memory == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    usage = shutil.disk_usage("/")
    assert seen.disk == usage.total
    assert seen.disk_used == pytest.approx(usage.used / (usage.used + usage.free), abs=0.02)
    assert seen.os
    assert seen.load is not None
    told = {one.what for one in seen.unseen}
    assert seen.sshd or "sshd" in told
    if "logs" not in told:
        assert seen.logs is not None
        assert [(one.path, one.size) for one in seen.logs] == [(str(log), 9), ("/gone", None)]
