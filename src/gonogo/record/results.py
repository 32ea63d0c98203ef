"""The results of a run: ``gonogo.results/1``, the source of truth that every other output is a pure function of."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

import msgspec
import rfc8785

from gonogo.base.bundled import FAULTS_ON
from gonogo.base.comparing import Compared
from gonogo.base.documents import adapter
from gonogo.environment.effects import Effect
from gonogo.evidence.base import Scope
from gonogo.planning.carried import CarriedRun
from gonogo.policy.severity import Severity
from gonogo.record.declared import Attested, ExceptionResult, Finding, RoleResult
from gonogo.record.identity import Provenance, RunIdentity

SCHEMA = "gonogo.results/1"
RELEASE_CHECK = "release-under-review"
"""The check that compares what is served with what was claimed."""


class Outcome(StrEnum):
    """How one check ended."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    BLOCKED = "blocked"
    NOT_RUN = "not run"
    WAIVED = "waived"

    @property
    def words(self) -> str:
        """The outcome as people read it: an error is nobody's mistake, but a question without an answer."""
        return "could not check" if self is Outcome.ERROR else self.value


WORST_FIRST = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.BLOCKED,
    Outcome.NOT_RUN,
    Outcome.WARN,
    Outcome.WAIVED,
    Outcome.PASS,
)


class Verdict(StrEnum):
    """The answer to "may we launch?"."""

    GO = "GO"
    GO_WITH_EXCEPTIONS = "GO WITH EXCEPTIONS"
    NO_GO = "NO-GO"
    INCOMPLETE = "INCOMPLETE"

    @property
    def opens(self) -> bool:
        """Whether a deployment may go on."""
        return self in {Verdict.GO, Verdict.GO_WITH_EXCEPTIONS}


class LineStatus(StrEnum):
    """How one line of the checklist stands."""

    VERIFIED = "verified"
    """Proved by checks, or by all the lines that stand below it."""
    ATTESTED = "attested"
    """Attested by a person; the checks that were asked about it, if any, do not disagree."""
    SUPPORTED = "supported"
    """A statement that is signed: every line that it rests on is done. Whether its role signs is another matter."""
    WAIVED = "waived"
    """A check that proves it did not pass, and a waiver accepts that."""
    FAILED = "failed"
    OPEN = "open"
    """Nobody knows: no check, no answer, no attestation that counts."""

    @classmethod
    def _missing_(cls, value: object) -> "LineStatus | None":
        """Older records call a waived line excepted."""
        return cls.WAIVED if value == "excepted" else None


DONE = frozenset({LineStatus.VERIFIED, LineStatus.ATTESTED, LineStatus.SUPPORTED, LineStatus.WAIVED})
"""What a gate accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The cause of a BLOCKED observation: the check, and where it did not pass."""

    check: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The outcome of one check for one target."""

    scope: Scope
    outcome: Outcome
    message: str = ""
    """One sentence on everything that did not pass."""
    hint: str = ""
    """What may be done about an ERROR or NOT RUN."""
    blocks: bool = True
    """Whether what needs it cannot be judged because of it; False: a failure that is no obstacle yet."""
    cause: Cause | None = None
    attempts: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The evidence judged, by the name of its kind: plain JSON values."""
    measured: Sequence[Compared] = ()
    """What it was judged by, in the order of the check; what was missed stands last. Empty in older records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One line of the plan, with what came of it."""

    id: str
    title: str
    family: str
    severity: Severity
    effect: Effect
    needs: Sequence[str]
    outcome: Outcome
    """The worst of its observations; WAIVED if that is accepted."""
    why: str
    fix: str
    observations: Sequence[Observation]
    thresholds: Mapping[str, str] = field(default_factory=dict)
    """What the catalogue sets, as people write it."""
    proves: Sequence[str] = ()
    """Ids of the lines that hold when it passes, together with the other checks that prove them."""
    supports: Sequence[str] = ()
    """Ids of the lines that it says something about without proving them."""
    explained_by: Sequence[str] = ()
    """Ids of checks whose failure explains one of this check: both are one cause."""
    permitted: bool = True
    """Whether its effects were permitted."""
    owner: str = ""
    """The role that acts when it does not pass."""
    file: str = ""
    """Where in the project somebody acts on it: the team's own check, else its environment file; empty: in neither."""
    line: int = 0
    """The line of ``file``, from 1; 0: the file as a whole."""

    @property
    def observed(self) -> Outcome:
        """The worst of its observations, waived or not."""
        return min((observation.outcome for observation in self.observations), key=WORST_FIRST.index)

    @property
    def worst(self) -> Observation:
        """The first of its worst observations."""
        observed = self.observed
        return next(observation for observation in self.observations if observation.outcome is observed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCause:
    """One thing that is broken, and all that it kept from being judged."""

    check: str
    scope: Scope
    outcome: Outcome
    message: str
    consequences: Sequence[str]
    """Ids of the checks BLOCKED by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The verdict, with one sentence why."""

    verdict: Verdict
    reason: str
    blockers: int
    """Checks that keep the verdict from GO."""
    open_lines: int = 0
    """Lines of the checklist that do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """One line of the checklist, and what is known of it."""

    id: str
    text: str
    number: int
    """Number of the line in the file."""
    section: Sequence[str]
    """The headings above it, the outermost first."""
    parents: Sequence[str]
    leaf: bool
    demanded: bool
    """Whether the gate asks for it, in this environment."""
    status: LineStatus
    why: str
    """What it stands on, or why it is open, in one sentence."""
    checks: Sequence[str] = ()
    """Ids of the planned checks that prove it."""
    supporting: Sequence[str] = ()
    """Ids of the planned checks that say something about it without proving it."""
    attest: Sequence[str] = ()
    """Roles that may attest it; empty where checks alone decide."""
    attested: Attested | None = None
    supports: Sequence[str] = ()
    """Ids of the lines that a signed statement rests on."""
    carried: str = ""
    """Id of the run of ``Results.carried`` that the status rests on; empty: it rests on this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change since the run before."""

    kind: Literal[
        "weakened",
        "newly failing",
        "newly warning",
        "fixed",
        "became unverified",
        "added",
        "removed",
        "policy changed",
        "without effect",
    ]
    subject: str
    """Id of a check or a line; of a rule the file that it stands in."""
    key: str = ""
    """Of a rule: its key in the file; empty: the file as a whole."""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """An earlier run of the same gate, in numbers."""

    id: str
    verdict: Verdict
    started_at: datetime
    release: str | None
    counts: Mapping[str, int]
    sections: Mapping[str, tuple[int, int]]
    """Lines done and lines demanded, by section of the checklist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Earlier runs, and the changes since the last of them."""

    changes: Sequence[Change] = ()
    """Since the run ``since``."""
    runs: Sequence[PastRun] = ()
    """The last runs before this one, ten at the most, oldest first."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """For each check of this run a letter (``record.history.OUTCOME_LETTERS``) for each of ``runs``; ``-`` where it was not planned."""
    since: str = ""
    """Id of the newest of ``runs`` that was not interrupted; empty: there is nothing to compare with."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything about a run that can be said."""

    schema: str = SCHEMA
    run: RunIdentity
    decision: Decision
    counts: Mapping[str, int]
    """``planned`` and one number per outcome; planned is their sum."""
    causes: Sequence[RootCause]
    checks: Sequence[CheckResult]
    provenance: Provenance
    lines: Sequence[LineResult] = ()
    """The whole checklist, in its order."""
    checklist: str = ""
    """The text that they were read from, line ends and byte order mark as they were."""
    carried: Sequence[CarriedRun] = ()
    """Other runs that stand for lines of this one, and those that were given and do not."""
    roles: Sequence[RoleResult] = ()
    exceptions: Sequence[ExceptionResult] = ()
    findings: Sequence[Finding] = ()
    history: History = History()

    @property
    def faults(self) -> Sequence[str]:
        """Names of the faults of a rehearsal: they were switched on deliberately."""
        notes = [note.removeprefix(FAULTS_ON) for note in self.provenance.notes if note.startswith(FAULTS_ON)]
        return [name for note in notes for name in note.split(", ")]

    @property
    def leaves(self) -> Sequence[LineResult]:
        """The lines that the gate demands, without those that only group others."""
        return [line for line in self.lines if line.leaf and line.demanded]

    @property
    def asked(self) -> tuple[int, int]:
        """How many lines the gate demands, of how many that the list has; both without those that only group others."""
        return len(self.leaves), sum(line.leaf for line in self.lines)

    @property
    def release_vouched(self) -> bool:
        """Whether the claimed release was seen to be served: its check was planned, and passed."""
        vouching = next((check for check in self.checks if check.id == RELEASE_CHECK), None)
        return self.run.release is not None and vouching is not None and vouching.outcome is Outcome.PASS

    @property
    def release_words(self) -> str:
        """The claimed release, told as such where nothing vouched for it; empty: none was given."""
        if self.run.release is None or self.release_vouched:
            return self.run.release or ""
        return f"{self.run.release} (claimed, not seen)"

    @cached_property
    def content(self) -> bytes:
        """RFC 8785 canonical JSON: the same results are the same bytes, everywhere."""
        return rfc8785.dumps(plain_values(self))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


def asked_by_name(results: Results) -> Sequence[CheckResult]:
    """The checks that the run was asked for by name."""
    return [check for check in results.checks if check.id in results.run.only]


def plain_values(part: Results | History) -> dict[str, Any]:
    """Plain JSON values.

    What later versions began to keep is left out where it is empty: older records stay the same bytes.
    """
    model: type = type(part)
    document: dict[str, Any] = adapter(model).dump_python(part, mode="json")
    if isinstance(part, Results):
        _drop_if_empty(document["run"], "launch_at")
        for later in ("rules", "program"):
            _drop_if_empty(document["provenance"], later)
        for check in document["checks"]:
            _drop_if_empty(check, "explained_by")
    for change in (document["history"] if isinstance(part, Results) else document)["changes"]:
        _drop_if_empty(change, "key")
    return document


def _drop_if_empty(table: dict[str, Any], key: str) -> None:
    if not table[key]:
        del table[key]


def from_document(document: Any) -> Results:  # noqa: ANN401 - whatever was read
    """Results from plain JSON values. Raises pydantic's ValidationError, which is a ValueError."""
    try:
        return msgspec.convert(document, Results)
    except msgspec.ValidationError:
        results: Results = adapter(Results).validate_python(document)  # its errors name the key
        return results


def canonical(document: Mapping[str, Any]) -> Results:
    """Results as they will be read from disk: keys in the same order, so that what is rendered is the same."""
    return from_content(rfc8785.dumps(dict(document)))


def from_content(content: bytes) -> Results:
    """Results from their canonical JSON."""
    results = from_document(msgspec.json.decode(content))
    vars(results)["content"] = content  # where the cached property would put it
    return results


def sum_line(counts: Mapping[str, int]) -> str:
    """``64 = 61 pass + 1 warn + 1 fail + 1 blocked``: nothing is left unaccounted."""
    parts = [f"{counts[outcome]} {outcome.words}" for outcome in Outcome if counts.get(outcome)]
    return f"{counts['planned']} = {' + '.join(parts) or '0'}"
