"""One server over SSH: known by its host key, with nobody's configuration or agent, and commands that only read."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gonogo.base.errors import Unobserved

if TYPE_CHECKING:  # it takes a sixth of a second, which only those shall wait for who ask a server
    import asyncssh

_MOST_BYTES = 4 * 1024 * 1024
_AT_ONCE = 5
"""Commands; OpenSSH takes ten sessions of a connection (MaxSessions) unless it was told otherwise."""
_NOT_FOUND = 127
_REFUSALS = (
    "a password is required",
    "a terminal is required",
    "you must have a tty",
    "is not allowed to",
    "not in the sudoers file",
    "authentication is required",
)
"""Of sudo(8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a command printed, on both of its streams, and its exit status; None if a signal ended it."""

    status: int | None
    text: str

    @property
    def missing(self) -> bool:
        """Whether there is no such program."""
        return self.status == _NOT_FOUND or ("sudo: " in self.text and "command not found" in self.text)

    @property
    def refused(self) -> bool:
        """Whether sudo did not let us."""
        return self.status != 0 and "sudo" in self.text and any(words in self.text for words in _REFUSALS)

    @property
    def first_line(self) -> str:
        """For people."""
        return next((line.strip()[:200] for line in self.text.splitlines() if line.strip()), f"exit {self.status}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """Where it is, whose key it must show, and as whom we come."""

    address: str
    port: int
    user: str
    host_key: str
    key: str = field(repr=False)
    key_name: str
    """Of the secret."""

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

    async def run(self, command: str, *, as_root: bool = False) -> Said:
        """What it says in plain English. Raises Unobserved when it says too much."""
        import asyncssh  # noqa: PLC0415 - see above

        line = f"LC_ALL=C {self._sudo if as_root else ''}{command}"
        async with (
            self._places,
            self._connection.create_process(line, stderr=asyncssh.STDOUT, encoding=None) as process,
        ):
            try:
                await process.stdout.readexactly(_MOST_BYTES)
            except asyncio.IncompleteReadError as whole:
                await process.wait_closed()
                return Said(status=process.exit_status, text=whole.partial.decode(errors="replace"))
            raise Unobserved(f"{command.split(maxsplit=1)[0]} printed more than {_MOST_BYTES // 2**20} MiB")


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
