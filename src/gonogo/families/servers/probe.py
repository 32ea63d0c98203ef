"""Asks a server about itself over SSH: what it is, what it runs, and whom it lets in. Every command only reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.clients.ssh import SshServer, reachable
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.server import LoginOffer, ServerEvidence
from gonogo.families.kind import Probe
from gonogo.families.servers.compose import compose_questions, probe_compose
from gonogo.families.servers.file import file_questions, probe_file
from gonogo.families.servers.question import ssh_of
from gonogo.families.servers.section import Server
from gonogo.families.servers.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerQuestion:
    """One server."""

    name: str
    ssh: SshServer
    declared: Server

    @property
    def scope(self) -> Scope:
        """The server's scope: its name in the environment file."""
        return ("servers", self.name)

    @property
    def host(self) -> str:
        """The host whose questions are bounded together."""
        return self.ssh.address


def server_questions(environment: Environment, secrets: Secrets) -> Sequence[ServerQuestion]:
    """One for each."""
    return [
        ServerQuestion(name=name, declared=server, ssh=ssh_of(server, secrets))
        for name, server in environment.table(Server).items()
    ]


async def probe_server(question: ServerQuestion) -> ServerEvidence:
    """Look; change nothing. Raises Unobserved when nobody lets us in."""
    ssh = question.ssh
    async with reachable(ssh):
        taken_at = datetime.now(UTC)
        users = ("root", ssh.user, ssh.someone())
        logins = [LoginOffer(user=user, methods=tuple(await ssh.methods(user))) for user in dict.fromkeys(users)]
        blank = ServerEvidence(
            scope=question.scope, taken_at=taken_at, address=f"{ssh.address}:{ssh.port}", logins=tuple(logins)
        )
        async with ssh.shell() as shell:
            return await Survey(shell, question.declared, ssh, blank).all()


PROBES: Mapping[str, Probe] = {
    "compose": Probe(questions=compose_questions, ask=probe_compose),
    "server_file": Probe(questions=file_questions, ask=probe_file),
    "server": Probe(questions=server_questions, ask=probe_server),
}
