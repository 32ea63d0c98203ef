"""The record of a run that only began: an older GO must not speak for it, whatever is wrong with its policy files."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import gonogo
from gonogo.environment.load import find_environment
from gonogo.planning.plan import PRE_DEPLOY
from gonogo.record.identity import Provenance, RunIdentity
from gonogo.record.origin import program_digest
from gonogo.record.results import Results
from gonogo.record.run_folder import LATEST, RESULTS, RunFolder, new_run_id
from gonogo.report.files import derived
from gonogo.runs.prepare import Request
from gonogo.verdict.decision import count, decide

_NOTE = "the run did not begin: the environment file, the policy or the command was wrong, and the command said how"


def begin_record(request: Request, reports: Path) -> str | None:
    """Where ``latest`` points to an older run, let it point to an INCOMPLETE one; the id of the run that is recorded.

    Raises UsageError for an environment that there is not, and for a ``latest`` that is no link.
    """
    find_environment(request.environment, request.project)
    latest = reports / request.environment / LATEST
    if request.only or not (latest.is_symlink() or latest.exists()):
        return None  # nothing there says GO, or what is there is not asked about
    started_at = datetime.now(UTC)
    identifier = new_run_id(started_at)
    folder = RunFolder.create(reports, request.environment, identifier)
    results = _begun(request, identifier, started_at)
    folder.write_together({RESULTS: results.content, **derived(results)})
    return identifier


def _begun(request: Request, identifier: str, started_at: datetime) -> Results:
    """Nothing was planned, so nothing is known: INCOMPLETE."""
    return Results(
        run=RunIdentity(
            id=identifier,
            gonogo=gonogo.__version__,
            environment=request.environment,
            service=request.environment,
            base_url="",
            gate=request.gate or PRE_DEPLOY,
            release=request.release,
            started_at=started_at,
            finished_at=started_at,
            finished=False,
        ),
        decision=decide([]),
        counts=count([]),
        causes=[],
        checks=[],
        provenance=Provenance(
            evidence=hashlib.sha256(b"").hexdigest(),
            program=program_digest(),
            catalogue="",
            checks="",
            environment="",
            notes=(_NOTE,),
        ),
    )
