"""Runs among a project's reports, as a command would have kept them."""

import dataclasses
import hashlib
from datetime import timedelta
from pathlib import Path

from gonogo.record.results import Results
from gonogo.verdict.causes import root_causes
from tests.report.conftest import AT

FIRST, SECOND = "20261123T120000Z-aaaaaa", "20261123T120100Z-bbbbbb"


def keep(project: Path, told: Results, identifier: str, **identity: object) -> Path:
    """Put a run among the project's reports."""
    started = AT + timedelta(minutes=identifier == SECOND)
    run = dataclasses.replace(told.run, id=identifier, started_at=started, **identity)  # type: ignore[arg-type]  # fields
    folder = project / "reports" / run.environment / identifier
    folder.mkdir(parents=True)
    (folder / "evidence.json").write_bytes(b"{}")
    provenance = dataclasses.replace(told.provenance, evidence=hashlib.sha256(b"{}").hexdigest())
    kept = dataclasses.replace(told, run=run, provenance=provenance, causes=root_causes(told.checks))
    (folder / "results.json").write_bytes(kept.content)
    return folder
