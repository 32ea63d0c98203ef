"""Asks a server about itself over SSH: what it is, what it runs, and whom it lets in. Every command only reads."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gonogo.base.secrets import Secrets
from gonogo.clients.ssh import Said, Shell, SshServer, reachable
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.server import Login, ServerEvidence, Unseen
from gonogo.families.kind import Probe
from gonogo.families.servers import facts
from gonogo.families.servers.section import Server

UPDATES_TIMER = "apt-daily-upgrade.timer"
"""Which installs what unattended-upgrades chose (Debian, Ubuntu)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerQuestion:
    """One server."""

    name: str
    ssh: SshServer
    declared: Server

    @property
    def scope(self) -> Scope:
        """By its name in the environment file."""
        return ("servers", self.name)

    @property
    def host(self) -> str:
        """Whose patience is spent."""
        return self.ssh.address


def server_questions(environment: Environment, secrets: Secrets) -> Sequence[ServerQuestion]:
    """One for each."""
    return [
        ServerQuestion(
            name=name,
            declared=server,
            ssh=SshServer(
                address=server.address,
                port=server.port,
                user=server.user,
                host_key=server.host_key,
                key=secrets[server.key],
                key_name=server.key,
            ),
        )
        for name, server in environment.table(Server).items()
    ]


async def probe_server(question: ServerQuestion) -> ServerEvidence:
    """Look; change nothing. Raises Unobserved when nobody lets us in."""
    ssh = question.ssh
    async with reachable(ssh):
        taken_at = datetime.now(UTC)
        users = ("root", ssh.user, ssh.someone())
        logins = [Login(user=user, methods=tuple(await ssh.methods(user))) for user in dict.fromkeys(users)]
        async with ssh.shell() as shell:
            found, unseen = await _Survey(shell, question.declared).all()
    address = f"{ssh.address}:{ssh.port}"
    known: dict[str, Any] = {"scope": question.scope, "taken_at": taken_at, "address": address}
    return ServerEvidence(**known, **found, logins=tuple(logins), unseen=tuple(unseen))


Reader = Callable[[Said], Any]


class _Survey:
    """The commands, and how each is read."""

    def __init__(self, shell: Shell, declared: Server) -> None:
        self._shell = shell
        self._declared = declared
        self._found: dict[str, Any] = {}
        self._unseen: list[Unseen] = []

    async def all(self) -> tuple[dict[str, Any], list[Unseen]]:
        """Facts by their field, and what we were not shown."""
        await asyncio.gather(*self._questions())
        return self._found, sorted(self._unseen, key=lambda one: one.what)

    def _questions(self) -> Sequence[Awaitable[None]]:
        declared = self._declared
        units = [*declared.units, *([declared.renewal] if declared.renewal else []), UPDATES_TIMER]
        asked = [
            self._fact("os", "cat /etc/os-release", facts.os_release),
            self._fact("cpus", "nproc", facts.number),
            self._facts("memory", "cat /proc/meminfo", facts.memory),
            self._facts("disk", "df -P -B1 /", facts.disk),
            self._fact("load", "cat /proc/loadavg", facts.load),
            self._fact("sshd", "sshd -T", facts.sshd, as_root=True),
            self._fact("firewall", "ufw status verbose", facts.firewall, as_root=True),
            self._fact("jails", "fail2ban-client status", facts.jails, as_root=True),
            self._fact("updates", "apt-config dump APT::Periodic", facts.periodic),
            self._fact(
                "units",
                f"systemctl show --property=LoadState,ActiveState -- {shlex.join(units)}",
                lambda said: facts.units(said, units),
            ),
            self._fact("processes", "ps -eo user:32=,comm=", lambda said: facts.processes(said, declared.processes)),
        ]
        if declared.containers:
            listing = "docker ps --all --format '{{.Names}}|{{.Status}}'"
            asked.append(self._fact("containers", listing, facts.containers, as_root=True))
        if declared.logs:
            asked.append(self._logs())
            rotate = "logrotate --debug /etc/logrotate.conf"
            asked.append(self._fact("rotation", rotate, facts.rotation, as_root=True))
        return asked

    async def _fact(self, what: str, command: str, read: Reader, *, as_root: bool = False) -> None:
        said = await self._shell.run(command, as_root=as_root)
        found = None if said.refused or said.missing else read(said)
        if found is not None:
            self._found[what] = found
        elif not said.missing:
            self._unseen.append(Unseen(what=what, said=said.first_line))

    async def _facts(self, what: str, command: str, read: Callable[[Said], dict[str, Any]]) -> None:
        said = await self._shell.run(command)
        found = read(said)
        if not found:
            self._unseen.append(Unseen(what=what, said=said.first_line))
        self._found |= found

    async def _logs(self) -> None:
        """How long they have been silent, by the server's own clock."""
        date = await self._shell.run("date +%s")
        clock = facts.number(date)
        if clock is None:
            self._unseen.append(Unseen(what="logs", said=date.first_line))
            return
        paths = self._declared.logs
        listing = f"stat --format='%Y %s %n' -- {shlex.join(paths)}"
        await self._fact("logs", listing, lambda said: facts.logs(said, paths, clock), as_root=True)


PROBES: Mapping[str, Probe] = {
    "server": Probe(questions=server_questions, ask=probe_server),
}
