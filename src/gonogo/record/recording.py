"""``evidence.json``: all that was observed, and all that is needed to judge it again without a network."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import rfc8785
from pydantic import TypeAdapter, ValidationError

from gonogo.base.documents import read_document
from gonogo.base.errors import IntegrityError, UsageError
from gonogo.evidence.base import Evidence, Scope
from gonogo.evidence.record import Failure, Record
from gonogo.families.kind import EvidenceKind
from gonogo.planning.carried import CarriedRun
from gonogo.planning.gate_demands import GateDemands
from gonogo.planning.trusted import TrustAnchor
from gonogo.policy.profiles import Profile

SCHEMA: Literal["gonogo.evidence/1"] = "gonogo.evidence/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A Record whose evidence is plain JSON."""

    kind: str
    scope: Scope
    seconds: float
    """The time that the question took, without the waiting for a place."""
    evidence: Mapping[str, Any] | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One run's evidence, and the circumstances it was taken under."""

    schema: Literal["gonogo.evidence/1"] = SCHEMA
    id: str
    gonogo: str
    program: str = ""
    """SHA-256 of its code and templates, in hex."""
    environment_name: str
    environment: Mapping[str, Any]
    """As plain JSON; families say which sections there are."""
    demands: GateDemands
    """What the gate demanded of the checklist, of people, and what they had said by then."""
    profile: Profile = "gate"
    """The load's profile."""
    allow_money: bool = False
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the command line put in place of the environment file's values, by section."""
    lowered: tuple[str, ...] = ()
    """What of it asks less than the file declares, in words."""
    chosen: tuple[tuple[str, ...], ...] = ()
    """Keys of the environment file that the instance of the bundled environment gave: ports, folders, keys of this run."""
    only: tuple[str, ...] = ()
    """The checks that were asked for by name; empty: everything was asked."""
    options: tuple[str, ...] = ()
    """Further words of the command line without which it would have been another run, as in ``--fault mongo-down``."""
    trust: tuple[TrustAnchor, ...] = ()
    """Whom the environment file trusted, as its files were when the run began."""
    carried: tuple[CarriedRun, ...] = ()
    """Other runs that stand for lines of this one, as they were when it began."""
    undeclared: tuple[str, ...] = ()
    """Sections of installed packages that no environment of the project declared: their checks were not planned."""
    started_at: datetime
    finished_at: datetime
    interrupted: bool
    selected: tuple[str, ...] | None
    """Ids of the checks that were to run; None when nothing narrowed the run."""
    notes: tuple[str, ...]
    records: tuple[StoredRecord, ...]


_RECORDING: TypeAdapter[Recording] = TypeAdapter(Recording)


_ADAPTERS: dict[type[Evidence], TypeAdapter[Any]] = {}


def _adapter(evidence: type[Evidence]) -> TypeAdapter[Any]:
    """Built once: that costs more than all that it is then used for in a run."""
    if evidence not in _ADAPTERS:
        _ADAPTERS[evidence] = TypeAdapter(evidence)
    return _ADAPTERS[evidence]


def facts(evidence: Evidence) -> dict[str, Any]:
    """The evidence as plain JSON values."""
    dumped: dict[str, Any] = _adapter(type(evidence)).dump_python(evidence, mode="json")
    return dumped


def store(records: Iterable[Record]) -> tuple[StoredRecord, ...]:
    """Records in a form that JSON can hold, in a fixed order."""
    stored = (
        StoredRecord(
            kind=record.kind,
            scope=record.scope,
            seconds=round(record.seconds, 3),
            evidence=facts(record.evidence) if record.evidence is not None else None,
            failure=record.failure,
        )
        for record in records
    )
    return tuple(sorted(stored, key=lambda record: (record.kind, record.scope)))


def restore(stored: Iterable[StoredRecord], kinds: Mapping[str, EvidenceKind]) -> list[Record]:
    """The records again. Raises UsageError on a kind that this gonogo does not know, IntegrityError on damaged facts."""
    return [_restored(record, kinds) for record in stored]


def to_document(recording: Recording) -> dict[str, Any]:
    """Plain JSON values."""
    document: dict[str, Any] = _RECORDING.dump_python(recording, mode="json")
    return document


def to_bytes(document: Mapping[str, Any]) -> bytes:
    """RFC 8785 canonical JSON."""
    return rfc8785.dumps(dict(document))


def read_recording(path: Path) -> Recording:
    """Read ``evidence.json``. Raises UsageError when it is missing or of another schema, IntegrityError if damaged."""
    return read_document(path, SCHEMA, _RECORDING.validate_python)


def _restored(record: StoredRecord, kinds: Mapping[str, EvidenceKind]) -> Record:
    """One record with its evidence typed again. Raises UsageError on an unknown kind, IntegrityError on damage."""
    evidence: Evidence | None = None
    if record.evidence is not None:
        if record.kind not in kinds:
            raise UsageError(
                f"evidence.json: evidence of kind {record.kind!r} is not known here; install the gonogo or the package that recorded it"
            )
        try:
            evidence = _adapter(kinds[record.kind].evidence).validate_python(record.evidence)
        except ValidationError as error:
            where = f"evidence.json: {record.kind} {'/'.join(record.scope)}"
            raise IntegrityError(f"{where}: {error.errors()[0]['msg']}; the file was damaged or edited") from None
    return Record(
        kind=record.kind, scope=record.scope, seconds=record.seconds, evidence=evidence, failure=record.failure
    )
