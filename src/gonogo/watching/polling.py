"""``gonogo poll``: what a role says when it is polled, go or hold; sealed as a sign-off is, where a key is given."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from gonogo.base.errors import GonogoError, IntegrityError, UsageError
from gonogo.base.moments import Moment
from gonogo.base.toml_files import Document
from gonogo.base.whole_files import write_whole
from gonogo.evidence.watch import Poll
from gonogo.families.watch.journal import JournalNotes
from gonogo.planning.gate_demands import GATES, LIST, read_list
from gonogo.policy.people import FILE, foreign_role, read_people, unknown_person, unknown_role
from gonogo.signing.bundle import (
    SIGSTORE,
    SSH,
    SUFFIXES,
    Bundle,
    read_statement,
    signed_with_key,
    signed_with_ssh,
    statement_of,
    verify_signature,
)
from gonogo.signing.signers import Signer, read_signers
from gonogo.signing.signing import key_of, signer_of
from gonogo.watching.facts import NOT_SIGNED, SIGNED

PREDICATE_TYPE = "urn:gonogo:poll/v1"


class Answer(Document):
    """The predicate of the signed statement; its subject is the environment file."""

    role: str
    signer: str
    decision: Literal["go", "hold"]
    note: str
    environment: str
    time: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PollKey:
    """What an answer is sealed with."""

    path: Path
    passphrase: str = ""
    ssh: bool = False
    """An SSH key: ssh-keygen asks for its passphrase itself."""


def answer_poll(journal: JournalNotes, project: Path, poll: Poll, key: PollKey | None = None) -> Path | None:
    """Note what a role says; where its seal is, if there is a key.

    Raises UsageError, and notes nothing: no such role or person, a person who has not this role, a key of somebody else.
    """
    problems = [*_problems(project, poll)]
    person = read_people(project).find(poll.by)
    if problems or person is None:
        raise UsageError(*problems)
    # Seconds are what the seal's name has, and what people compare.
    noted = Poll(
        role=poll.role, decision=poll.decision, by=person.name, utc=poll.utc.replace(microsecond=0), note=poll.note
    )
    sealed = None if key is None else _seal(project, journal.path, journal.environment, noted, key)
    journal.poll(noted)
    return sealed


def _problems(project: Path, poll: Poll) -> Sequence[str]:
    folder, people, where = project / "environments", read_people(project), f"environments/{FILE}"
    roles = read_list(project)[1].roles if (folder / LIST).is_file() and (folder / GATES).is_file() else {}
    role = unknown_role(poll.role, roles, "gates.toml") if roles else ""
    by = unknown_person(poll.by, people, where, poll.role) or foreign_role(poll.by, poll.role, people, where)
    return [text for text in (f"--role: {role}" if role else "", f"--by: {by}" if by and not role else "") if text]


def _seal(project: Path, journal: Path, environment: str, poll: Poll, key: PollKey) -> Path:
    signers, kind = read_signers(project), SSH if key.ssh else SIGSTORE
    declared = project / "environments" / f"{environment}.toml"
    subjects = {declared.name: hashlib.sha256(declared.read_bytes()).hexdigest()} if declared.is_file() else {}
    payload = statement_of(PREDICATE_TYPE, subjects, _answer(poll, environment))
    if key.ssh:
        signer = signer_of(signers, poll.role, poll.utc, ssh=True)
        _is_own(signer, poll)
        content = signed_with_ssh(payload, key.path, signer)
    else:
        private, signer = key_of(signers, poll.role, key.path, key.passphrase)
        _is_own(signer, poll)
        content = signed_with_key(payload, private, signer)
    path = _place(journal, poll, kind)
    write_whole(path, content)
    return path


def _is_own(signer: Signer, poll: Poll) -> None:
    if signer.name != poll.by:
        raise UsageError(f"--key: is the key of {signer.name}, but {poll.by} answers")
    if not signer.holds(poll.utc):
        raise UsageError(f"--key: the key of {signer.name} is not valid now; see valid_until in environments/{FILE}")


def _answer(poll: Poll, environment: str) -> Answer:
    return Answer.model_validate(
        {
            "role": poll.role,
            "signer": poll.by,
            "decision": poll.decision,
            "note": poll.note,
            "environment": environment,
            "time": poll.utc,
        }
    )


def _place(journal: Path, poll: Poll, kind: str) -> Path:
    return journal.parent / "polls" / f"{poll.role}-{poll.utc:%Y%m%dT%H%M%SZ}{SUFFIXES[kind]}"


@dataclass(slots=True)
class Seals:
    """Whether answers are signed; each is verified once."""

    project: Path
    journal: Path
    environment: str
    _known: dict[Poll, str] = field(default_factory=dict)

    def of(self, poll: Poll) -> str:
        """SIGNED, NOT_SIGNED, or why its signature does not hold."""
        if poll not in self._known:
            self._known[poll] = self._looked(poll)
        return self._known[poll]

    def _looked(self, poll: Poll) -> str:
        paths = [path for kind in SUFFIXES if (path := _place(self.journal, poll, kind)).exists()]
        if not paths:
            return NOT_SIGNED
        try:
            for path in paths:
                self._verify(read_statement(path, PREDICATE_TYPE), poll)
        except GonogoError as error:
            return f"its signature is not valid: {error}"
        except ValidationError:
            return f"its signature is not valid: {paths[0].name} is not an answer to a poll"
        return SIGNED

    def _verify(self, bundle: Bundle, poll: Poll) -> None:
        signer = next((known for known in read_signers(self.project) if known.keyid == bundle.keyid), None)
        if signer is None:
            raise IntegrityError(f"{bundle.path.name}: signed with a key that environments/{FILE} does not have")
        verify_signature(bundle, signer)
        if Answer.model_validate(bundle.predicate) != _answer(poll, self.environment):
            raise IntegrityError(f"{bundle.path.name}: differs from the journal")
        if (signer.name, signer.role) != (poll.by, poll.role) or not signer.holds(poll.utc):
            raise IntegrityError(f"{bundle.path.name}: is not by {poll.by} as {poll.role}")
