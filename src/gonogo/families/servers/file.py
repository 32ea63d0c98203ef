"""Looks at the files of servers that an environment file declares. Every command only reads."""

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.ssh import CommandOutput, Shell, SshServer, reachable
from gonogo.environment.model import Environment
from gonogo.evidence.server import FileEvidence
from gonogo.families.entry_question import EntryQuestion
from gonogo.families.servers.file_entry import FileEntry
from gonogo.families.servers.question import ssh_of
from gonogo.families.servers.section import Server

_STAT = re.compile(r"^(?P<mode>[0-7]{3,4})\|(?P<owner>[^|]+)\|(?P<group>[^|]+)\|(?P<kind>.+)$", re.MULTILINE)
_NO_FILE = re.compile(r"No such file or directory|Not a directory")
_FOUND, _NOT_FOUND = 0, 1
"""Exit status of grep(1)."""


FileQuestion = EntryQuestion[FileEntry, SshServer]
"""One file of one server."""


def file_questions(environment: Environment, secrets: Secrets) -> Sequence[FileQuestion]:
    """One for each entry whose server is declared."""
    servers = environment.table(Server)
    logins = {name: ssh_of(server, secrets) for name, server in servers.items()}
    return [
        FileQuestion(
            entry=entry,
            place=logins[entry.server],
            host=logins[entry.server].address,
            scope=("servers", entry.server, name),
        )
        for name, entry in environment.table(FileEntry).items()
        if entry.server in servers
    ]


async def probe_file(question: FileQuestion) -> FileEvidence:
    """Look; change nothing. Raises Unobserved when nobody lets us in, or shows us the file."""
    entry, path = question.entry, shlex.quote(question.entry.path)
    async with reachable(question.place), question.place.shell() as shell:
        taken_at = datetime.now(UTC)
        output = await shell.run(f"stat --dereference --format='%a|%U|%G|%F' -- {path}", as_root=True)
        match = _STAT.search(output.text)
        if match is None and (output.refused or not _NO_FILE.search(output.text)):
            raise Unobserved(f"{entry.path}: {output.refusal or output.first_line}", hint="let sudo run stat and grep")
        if match is None:
            return FileEvidence(scope=question.scope, taken_at=taken_at, exists=False)
        return FileEvidence(
            scope=question.scope,
            taken_at=taken_at,
            exists=True,
            mode=match["mode"].zfill(4),
            owner=match["owner"],
            group=match["group"],
            kind=match["kind"],
            contains=await _holds(shell, entry.contains, path),
            never=await _holds(shell, entry.never, path),
        )


async def _holds(shell: Shell, text: str | None, path: str) -> bool | None:
    """Whether the text stands in a line of the file; None if nobody asks. Raises Unobserved."""
    if text is None:
        return None
    output: CommandOutput = await shell.run(f"grep -q -F -e {shlex.quote(text)} -- {path}", as_root=True)
    if output.refused or output.status not in {_FOUND, _NOT_FOUND}:
        raise Unobserved(f"{path}: {output.refusal or output.first_line}", hint="let sudo run stat and grep")
    return output.status == _FOUND
