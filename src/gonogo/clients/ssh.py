"""One server over SSH: known by its host key, with nobody's configuration or agent, and commands that only read."""

from __future__ import annotations

import asyncio
import re
import secrets
import shlex
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from gonogo.base.errors import Unobserved

if TYPE_CHECKING:  # it takes a sixth of a second, which only those shall wait for who ask a server
    import asyncssh

_MOST_BYTES = 4 * 1024 * 1024
_AT_ONCE = 5
"""Commands; OpenSSH takes ten sessions of a connection (MaxSessions) unless it was told otherwise."""
_NO_SESSION = timedelta(seconds=3)
"""How long sshd may refuse every session while none of ours is open."""
_AGAIN = timedelta(milliseconds=100)
_NOT_FOUND = 127
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
"""Debian leaves them out of the path of anybody but root."""
_NO_SUDO = re.compile(r"\bsudo: (?:command )?not found$|\bsudo: Permission denied$", re.MULTILINE)
_NO_PROGRAM = re.compile(r"^sudo: \S+: command not found$", re.MULTILINE)
_OF_SUDO = re.compile(r"^(?:sudo(?:-rs)?: .*|Sorry, user .*|.* is not in the sudoers file\..*)$", re.MULTILINE)
_WARNINGS = re.compile(r"unable to resolve host|setrlimit|audit message|time ?stamp|lecture status", re.IGNORECASE)
"""After these sudo(8) goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOutput:
    """The output of a command on both of its streams, and its exit status."""

    status: int | None
    text: str

    @property
    def missing(self) -> bool:
        """Whether there is no such program."""
        return not self.refused and (self.status == _NOT_FOUND or bool(_NO_PROGRAM.search(self.text)))

    @property
    def refused(self) -> bool:
        """Whether sudo did not run the command."""
        return bool(self.refusal)

    @property
    def refusal(self) -> str:
        """Why sudo did not run the command, in its own words; empty if it did."""
        if self.status == 0:
            return ""
        if _NO_SUDO.search(self.text):
            return "there is no sudo on this machine that this user may run"
        lines = [line for line in _OF_SUDO.findall(self.text) if not _WARNINGS.search(line)]
        return lines[0][:200] if lines and not _NO_PROGRAM.search(self.text) else ""

    @property
    def output(self) -> str:
        """The output of the program itself, without sudo's warnings."""
        return "".join(line for line in self.text.splitlines(keepends=True) if not _OF_SUDO.match(line.rstrip()))

    @property
    def first_line(self) -> str:
        """The refusal, or the first line that the program itself printed, to be shown to people."""
        lines = (line.strip()[:200] for line in self.output.splitlines() if line.strip())
        return self.refusal or next(lines, f"exit {self.status}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """A server's address, the host key that it must show, and the user that we log in as."""

    address: str
    port: int
    user: str
    host_key: str
    key: str = field(repr=False)
    key_name: str
    """Name of the secret that holds the private key."""

    @asynccontextmanager
    async def shell(self) -> AsyncIterator[Shell]:
        """Log in. Raises Unobserved."""
        import asyncssh  # noqa: PLC0415 - see above

        options = self._options()
        async with asyncssh.connect(self.address, self.port, config=None, options=options) as connection:
            yield Shell(connection, privileged=self.user == "root")

    async def methods(self, user: str) -> Sequence[str]:
        """How this user may log in, as the server says before it knows anything."""
        import asyncssh  # noqa: PLC0415 - see above

        return sorted(await asyncssh.get_server_auth_methods(self.address, self.port, user, config=None))

    def someone(self) -> str:
        """A user whom nobody knows."""
        return f"gonogo-{secrets.token_hex(4)}"

    def _options(self) -> asyncssh.SSHClientConnectionOptions:
        import asyncssh  # noqa: PLC0415 - see above

        try:
            key = asyncssh.import_private_key(self.key)
        except asyncssh.KeyImportError as error:
            raise Unobserved(
                f"the value of {self.key_name} is no private key: {error}",
                hint="it is the whole file that ssh-keygen wrote, from -----BEGIN to END-----, without a passphrase",
            ) from None
        try:
            trusted = asyncssh.import_public_key(self.host_key)
        except asyncssh.KeyImportError as error:
            raise Unobserved(f"host_key of {self.address} is no public key: {error}", hint=_KEYSCAN) from None
        return asyncssh.SSHClientConnectionOptions(
            config=None,
            username=self.user,
            client_keys=[key],
            agent_path=None,
            preferred_auth="publickey",
            known_hosts=([trusted], [], []),
        )


class Shell:
    """Runs commands."""

    def __init__(self, connection: asyncssh.SSHClientConnection, *, privileged: bool) -> None:
        self._connection = connection
        self._sudo = "" if privileged else "sudo -n "
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._open = 0
        self._last_end = time.monotonic()
        self._ended = asyncio.Event()

    async def run(self, command: str, *, as_root: bool = False) -> CommandOutput:
        """Run a command in the C locale. Raises Unobserved when it prints too much."""
        (output,) = await self.run_each([command], as_root=as_root)
        return output

    async def run_each(self, commands: Sequence[str], *, as_root: bool = False) -> Sequence[CommandOutput]:
        """Run several commands, one after another in one session. Raises Unobserved."""
        mark = f"gonogo-{secrets.token_hex(8)}"
        sudo = self._sudo if as_root else ""
        # A user's .bashrc may print; what the commands print begins at the first mark, and ends with the last one.
        script = f'LC_ALL=C; PATH="$PATH:{_SYSTEM_FOLDERS}"; export LC_ALL PATH; exec 2>&1; printf "%s\\n" {mark}'
        script += "".join(f'; {sudo}{command}; printf "\\n%s %s\\n" {mark} $?' for command in commands)
        async with self._places:
            text = await self._printed(f"sh -c {shlex.quote(script)}", commands[0].split(maxsplit=1)[0])
        return _parts(text, mark, len(commands))

    async def _printed(self, line: str, program: str) -> str:
        process = await self._session(line)
        self._open += 1
        try:
            async with process:
                try:
                    await process.stdout.readexactly(_MOST_BYTES)
                except asyncio.IncompleteReadError as whole:
                    await process.wait_closed()
                    return whole.partial.decode(errors="replace")
        finally:
            self._open -= 1
            self._last_end = time.monotonic()
            self._ended.set()
        raise Unobserved(f"{program} printed more than {_MOST_BYTES // 2**20} MiB")

    async def _session(self, line: str) -> asyncssh.SSHClientProcess[bytes]:
        """Open one; where sshd allows only a few (MaxSessions), wait for another to end. Raises Unobserved."""
        import asyncssh  # noqa: PLC0415 - see above

        while True:
            self._ended.clear()
            try:
                return await self._connection.create_process(line, stderr=asyncssh.DEVNULL, encoding=None)
            except asyncssh.ChannelOpenError as error:
                if not self._open and time.monotonic() - self._last_end > _NO_SESSION.total_seconds():
                    raise Unobserved(
                        f"sshd lets this user in, and opens no session: {error}",
                        hint="MaxSessions of sshd_config must be 1 at the least",
                    ) from None
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN.total_seconds()):
                    await self._ended.wait()


def _parts(text: str, mark: str, count: int) -> Sequence[CommandOutput]:
    """Cut the output of a session at its marks. Raises Unobserved where the commands did not run."""
    before, _, after = text.partition(f"{mark}\n")
    parts = re.split(rf"\n{mark} (\d+)\n", after)
    if len(parts) <= 2 * count:
        first_line = next(
            (line.strip()[:200] for line in (parts[-1] or before).splitlines() if line.strip()), "nothing"
        )
        raise Unobserved(
            f"the commands did not run to their end; the login shell printed: {first_line}",
            hint="the user of servers.NAME.user needs a login shell that runs commands",
        )
    return [CommandOutput(status=int(parts[2 * i + 1]), text=parts[2 * i]) for i in range(count)]


_KEYSCAN = "ssh-keyscan ADDRESS prints it; compare its fingerprint with the server's own console"


@asynccontextmanager
async def reachable(server: SshServer) -> AsyncIterator[None]:
    """Whatever keeps us out is told as such."""
    import asyncssh  # noqa: PLC0415 - see above

    where = f"{server.address}, port {server.port}"
    try:
        yield
    except asyncssh.HostKeyNotVerifiable:
        raise Unobserved(f"{where} shows another host key than the declared one", hint=_KEYSCAN) from None
    except asyncssh.PermissionDenied:
        raise Unobserved(
            f"{where} does not let {server.user} in with the key of {server.key_name}",
            hint=f"add its public half to authorized_keys of {server.user}",
        ) from None
    except (asyncssh.Error, OSError) as error:
        raise Unobserved(
            f"{where} cannot be reached over SSH: {error}", hint="is sshd running, and may this machine reach it?"
        ) from None
