"""Looks through the work tree and the whole history for secrets: in a thread, within bounds, and says if it was not all."""

import asyncio
import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gonogo.base.errors import Unobserved
from gonogo.base.redaction import SHORTEST_SECRET
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.repository import RepositoryEvidence
from gonogo.families.kind import Probe
from gonogo.families.repository.documents import document_questions, probe_document
from gonogo.families.repository.git import incomplete, top_level
from gonogo.families.repository.lines import GitHistory, MatchedLine, file_lines, work_tree
from gonogo.families.variables.dotenv_file import read_dotenv
from gonogo.families.variables.section import Variables

if TYPE_CHECKING:
    from gonogo.families.repository.scan import Scan

_OF_THE_TIME = 0.8
"""Share of ``limits.probe`` after which the search ends: what was found by then is evidence, and a time-out is none."""
_MOST_CHARACTERS = 1024**3
_SECRET_NAME = re.compile(r"SECRET|KEY|TOKEN|PASSWORD|PASSWD|PASS$|DSN|CREDENTIAL|PRIVATE|_URL$|_URI$", re.IGNORECASE)
_PUBLIC = ("pk_live_", "pk_test_")
"""Publishable keys are made to be published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryQuestion:
    """One repository, and all the values that must not be in it."""

    folder: str
    files: tuple[tuple[str, str], ...]
    """Paths, with the dialects that they are written in."""
    shaped: frozenset[str]
    secrets: Secrets = field(repr=False)
    seconds: float

    @property
    def scope(self) -> Scope:
        """A run looks through one repository, so its scope has no further part."""
        return ("variables", "repository")

    @property
    def host(self) -> str:
        """The repository is on this machine; nothing else is bounded with it."""
        return "variables"


def repository_questions(environment: Environment, secrets: Secrets) -> Sequence[RepositoryQuestion]:
    """The one that is declared."""
    section: Variables | None = environment.section(Variables)
    if section is None:
        return []
    return [
        RepositoryQuestion(
            folder=section.repository,
            files=tuple((file.path, file.dialect) for file in section.files.values()),
            shaped=frozenset(section.shapes),
            secrets=secrets,
            seconds=environment.limits.probe.total_seconds() * _OF_THE_TIME,
        )
    ]


async def probe_repository(question: RepositoryQuestion) -> RepositoryEvidence:
    """Look through it, beside the event loop: other probes measure time meanwhile."""
    given_up = threading.Event()
    try:
        return await asyncio.to_thread(_look, question, given_up)
    finally:
        given_up.set()


def _look(question: RepositoryQuestion, given_up: threading.Event) -> RepositoryEvidence:
    """Search the work tree, then the history; a bound that is reached is noted, and what was found stands."""
    taken_at, clock = datetime.now(UTC), _Clock(question.seconds, given_up)
    root = top_level(Path(question.folder))
    from gonogo.families.repository.scan import Scan  # noqa: PLC0415 - its detectors are slow to import

    scan, history, files = Scan(known=known_values(question)), GitHistory(root), 0
    reason, hint = incomplete(root), "git fetch --unshallow (in CI: a checkout with the whole history)"
    own = {Path(file).resolve() for file, _ in question.files}
    try:
        for name, path in work_tree(root):
            # A file of variables that nobody committed is where secrets belong; one that is tracked shows in history.
            if path.resolve() not in own:
                _watched(scan, file_lines(name, path), clock)
                files += 1
        _watched(scan, history.lines(clock.left), clock)
    except _TooMuch as bound:
        reason, hint = str(bound), "raise limits.probe, or find out what made the repository so large"
    if history.cut_off and not reason:
        reason, hint = f"git did not show the whole history within {question.seconds:g} s", "is the disk slow?"
    if history.skipped and not reason:
        reason, hint = f"git shows {history.skipped} files only as binary", "are they too large to belong there?"
    findings, more = scan.findings()
    return RepositoryEvidence(
        scope=question.scope,
        taken_at=taken_at,
        files=files,
        commits=history.commits,
        known_values=len(scan.known),
        complete=not reason,
        reason=reason,
        hint=hint if reason else "",
        findings=tuple(findings),
        more=more,
    )


def known_values(question: RepositoryQuestion) -> Mapping[str, str]:
    """Every secret of the run, and of the files what is declared, or called, a secret; not ``DEBUG=true``."""
    values: dict[str, str] = {}
    for file, dialect in question.files:
        stored = read_dotenv(Path(file), dialect).values
        for name, value in stored.items():
            if name in question.shaped or _SECRET_NAME.search(name):
                values[f"{name} of {Path(file).name}"] = value
    values |= {name: value for name, value in question.secrets.items() if value not in values.values()}
    return {
        name: value
        for name, value in values.items()
        if len(value) >= SHORTEST_SECRET and not value.startswith(_PUBLIC) and not _is_plain_address(value)
    }


def _is_plain_address(value: str) -> bool:
    """``FRONTEND_URL``: an address that lets nobody in."""
    return "://" in value and "@" not in value


class _TooMuch(Exception):
    """A bound was reached."""


@dataclass(slots=True)
class _Clock:
    seconds: float
    given_up: threading.Event
    characters: int = 0
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds."""
        return max(self.started + self.seconds - time.monotonic(), 0)

    def check(self, characters: int) -> None:
        """Raise _TooMuch when it is time to stop."""
        self.characters += characters
        if self.given_up.is_set():
            raise Unobserved("the run ended before the repository was looked through")
        if time.monotonic() - self.started > self.seconds:
            raise _TooMuch(f"not everything was looked through within {self.seconds:g} s")
        if self.characters > _MOST_CHARACTERS:
            raise _TooMuch(f"there is more than {_MOST_CHARACTERS // 1024**2} MiB to look through")


def _watched(scan: "Scan", lines: Iterable[MatchedLine], clock: _Clock) -> None:
    for characters in scan.look(lines):
        clock.check(characters)


PROBES: Mapping[str, Probe] = {
    "repository": Probe(questions=repository_questions, ask=probe_repository),
    "repository_document": Probe(questions=document_questions, ask=probe_document),
}
