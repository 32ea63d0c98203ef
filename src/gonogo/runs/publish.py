"""Writes a run's files, redacted: evidence, results, and everything that is a function of results."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import rfc8785

from gonogo.base.redaction import Redactor
from gonogo.base.supervision import tell_record
from gonogo.collecting.collected import Collected
from gonogo.judging.judged import PENDING, Judged
from gonogo.record.archive import earlier
from gonogo.record.history import history
from gonogo.record.results import HISTORY, Results, canonical, from_content
from gonogo.record.results import RESULTS as RESULTS_TYPE
from gonogo.record.run_folder import EVIDENCE, RESULTS, SIGNOFF, RunFolder
from gonogo.report.files import derived
from gonogo.runs.conclude import recorded, results_document
from gonogo.runs.prepare import Prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published run: its results, its folder, and the digest of its page."""

    results: Results
    folder: RunFolder
    signoff_digest: str
    """SHA-256 of the sign-off page, in hex."""

    @property
    def signoff(self) -> Path:
        """The page, under the name that stays; that of a narrowed run has its own only."""
        return (self.folder.path if self.results.run.only else self.folder.latest) / SIGNOFF


def open_folder(prepared: Prepared, reports: Path) -> RunFolder:
    """Prepare the folder before anything is asked: INCOMPLETE is on record until the run says otherwise."""
    plan, redactor = prepared.plan, prepared.redactor
    folder = RunFolder.create(reports, plan.environment_name, plan.id, narrowed=bool(plan.only))
    collected = prepared.collected()
    if plan.leaves_data:
        note = (
            f"if the run was killed, its test data may have stayed behind; remove it: {prepared.source.journeys.cure}"
        )
        collected = replace(collected, notes=(*collected.notes, note))
    evidence = recorded(plan, collected, PENDING, redactor)
    results = canonical(results_document(plan, PENDING, evidence, collected.notes, redactor))
    _write_all(folder, collected, evidence, results)
    return folder


def publish(prepared: Prepared, folder: RunFolder, judged: Judged) -> Published:
    """Replace the provisional record by the final one, which knows what came before it."""
    plan, redactor, collected = prepared.plan, prepared.redactor, prepared.collected()
    evidence = recorded(plan, collected, judged, redactor)
    document = results_document(plan, judged, evidence, collected.notes, redactor)
    document["history"] = _history(
        document, [folder.path.parent, *([prepared.baseline] if prepared.baseline else [])], redactor
    )
    content = rfc8785.dumps(document)
    del document  # thousands of targets are not held twice
    results = from_content(content)
    page = _write_all(folder, collected, evidence, results)
    tell_record(folder.path)
    return Published(results=results, folder=folder, signoff_digest=hashlib.sha256(page).hexdigest())


def _history(document: Mapping[str, Any], places: Sequence[Path], redactor: Redactor) -> Any:  # noqa: ANN401 - JSON values
    """Read the history of these results, without secrets: earlier files are as anybody may have left them."""
    checks = [
        {**check, "observations": [{**observation, "facts": {}} for observation in check["observations"]]}
        for check in document["checks"]
    ]
    results = RESULTS_TYPE.validate_python(
        {**document, "checks": checks}
    )  # facts of thousands of targets have no history
    del checks
    return redactor.json(HISTORY.dump_python(history(results, earlier(results, *places)), mode="json"))


def _write_all(folder: RunFolder, collected: Collected, evidence: bytes, results: Results) -> bytes:
    """Write every file of the run, and give the bytes of the sign-off page."""
    files = derived(results)
    # The evidence first: nobody can observe it again. The results before the pages: no page says GO without them.
    folder.write_together({EVIDENCE: evidence, RESULTS: results.content, **files, **collected.artefacts})
    return files[SIGNOFF]
