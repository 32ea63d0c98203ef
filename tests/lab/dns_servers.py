"""Real DNS servers on loopback addresses of their own: BIND, NSD, Knot and Unbound from Debian, each until it is left."""

import asyncio
import contextlib
import ipaddress
import shutil
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message

from tests.lab.dns_relay import PORT, relay
from tests.lab.table import serving
from tests.support.ports import free_port

_DEADLINE_SECONDS = 20.0
_WAIT_SECONDS = 0.25
Zones = Sequence[tuple[str, Path]]
"""Name of a zone, and its file."""


def program(name: str) -> str:
    """The path of a server's program; Debian keeps most of them where only root looks."""
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if path is None:
        message = f"{name} is not installed: apt-get install the packages of tests/lab/packages.txt"
        raise FileNotFoundError(message)
    return path


@asynccontextmanager
async def bind(folder: Path, address: str, zones: Zones, *, transfers: bool = False) -> AsyncIterator[None]:
    """BIND 9 as an authoritative server. It listens on addresses of interfaces only: to others a relay carries bytes."""
    relayed = ipaddress.ip_address(address).is_loopback
    place, port = ("127.0.0.1", free_port()) if relayed else (address, PORT)
    declared = "\n".join(
        f'zone "{name}" {{ type primary; file "{path}"; check-names ignore; }};' for name, path in zones
    )
    allowed = "any" if transfers else "none"
    config = f"""
        options {{
            directory "{folder}"; pid-file "{folder}/named.pid"; session-keyfile "{folder}/session.key";
            listen-on port {port} {{ {place}; }}; listen-on-v6 {{ none; }};
            recursion no; dnssec-validation no; notify no; allow-transfer {{ {allowed}; }}; check-integrity no;
        }};
        controls {{ }};
        {declared}
    """
    path = _written(folder / "named.conf", config)
    command = [program("named"), "-g", "-n", "1", "-c", str(path)]
    async with AsyncExitStack() as stack:
        if relayed:
            await stack.enter_async_context(relay(address, (place, port)))
        await stack.enter_async_context(_running(folder, command, address, zones[0][0]))
        yield


@asynccontextmanager
async def nsd(folder: Path, address: str, zones: Zones, *, transfers: bool = False) -> AsyncIterator[None]:
    """NSD as an authoritative server."""
    open_to_all = "provide-xfr: 0.0.0.0/0 NOKEY" if transfers else ""
    declared = "\n".join(f'zone:\n name: "{name}"\n zonefile: "{path}"\n {open_to_all}' for name, path in zones)
    config = f"""
server:
 ip-address: {address}@{PORT}
 username: ""
 chroot: ""
 zonesdir: "{folder}"
 pidfile: "{folder}/nsd.pid"
 database: ""
 xfrdfile: "{folder}/xfrd.state"
 zonelistfile: "{folder}/zone.list"
 xfrdir: "{folder}"
 server-count: 1
remote-control:
 control-enable: no
{declared}
"""
    path = _written(folder / "nsd.conf", config)
    async with _running(folder, [program("nsd"), "-d", "-c", str(path)], address, zones[0][0]):
        yield


@asynccontextmanager
async def knot(folder: Path, address: str, zones: Zones, *, transfers: bool = False) -> AsyncIterator[None]:
    """Knot DNS as an authoritative server."""
    allowed = "\n    acl: anybody" if transfers else ""
    declared = "\n".join(
        f"  - domain: {name}\n    file: {path}\n    semantic-checks: off{allowed}" for name, path in zones
    )
    config = f"""
server:
    rundir: {folder}
    listen: {address}@{PORT}
database:
    storage: {folder}/db
acl:
  - id: anybody
    address: 0.0.0.0/0
    action: transfer
zone:
{declared}
"""
    path = _written(folder / "knot.conf", config)
    async with _running(folder, [program("knotd"), "-c", str(path)], address, zones[0][0]):
        yield


@asynccontextmanager
async def unbound(
    folder: Path, addresses: Sequence[str], root: str, anchor: str, *, clock: str = ""
) -> AsyncIterator[None]:
    """Unbound as validating resolvers that begin at a root of ours, and trust one key only.

    ``clock`` sets theirs, as in ``-60d``.
    """
    _written(folder / "hints", f". 3600 NS ns.root-servers.test.\nns.root-servers.test. 3600 A {root}\n")
    _written(folder / "anchor", anchor)
    interfaces = "\n".join(f" interface: {address}@{PORT}" for address in addresses)
    config = f"""
server:
{interfaces}
 username: ""
 chroot: ""
 directory: "{folder}"
 pidfile: "{folder}/unbound.pid"
 use-syslog: no
 do-daemonize: no
 access-control: 0.0.0.0/0 allow
 do-not-query-localhost: no
 local-zone: "test." nodefault
 root-hints: "{folder}/hints"
 trust-anchor-file: "{folder}/anchor"
 outgoing-interface: {addresses[0]}
 val-clean-additional: yes
 harden-referral-path: no
remote-control:
 control-enable: no
"""
    path = _written(folder / "unbound.conf", config)
    command = [program("unbound"), "-d", "-c", str(path)]
    command = [*_with_clock(clock), *command] if clock else command
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_running(folder, command, addresses[0], "test."))
        for address in addresses[1:]:
            await _answers(address, "test.")
        yield


def _with_clock(clock: str) -> list[str]:
    """What faketime does; the program of that name would stay the server's parent, and not pass its end on."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    return [program("env"), f"LD_PRELOAD={library}", f"FAKETIME={clock}"]


@asynccontextmanager
async def _running(folder: Path, command: Sequence[str], address: str, zone: str) -> AsyncIterator[None]:
    """A server's process: it answers when this begins, and is gone when it ends."""
    log = folder / f"{Path(command[0]).name}-{address}.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    try:
        await _answers(address, zone, process, log)
        with serving(command[0]):
            yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _answers(
    address: str, zone: str, process: asyncio.subprocess.Process | None = None, log: Path | None = None
) -> None:
    query = dns.message.make_query(zone, "SOA")
    async with asyncio.timeout(_DEADLINE_SECONDS):
        while True:
            if process is not None and process.returncode is not None:
                message = f"ended with {process.returncode}, see {log}"
                raise RuntimeError(message)
            with contextlib.suppress(dns.exception.DNSException, OSError):
                await dns.asyncquery.udp(query, address, timeout=_WAIT_SECONDS, port=PORT)
                return
            await asyncio.sleep(0.02)


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
