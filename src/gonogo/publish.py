"""Writes a run's files, redacted: evidence, results, and everything that is derived from results."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo import results as results_json
from gonogo.report.html import render_signoff
from gonogo.report.junit import render_junit
from gonogo.results import Observation, Results
from gonogo.run import Run
from gonogo.run_folder import RunFolder

EVIDENCE = "evidence.json"
RESULTS = "results.json"
SIGNOFF = "signoff.html"
JUNIT = "junit.xml"
PYTEST_HTML = "pytest.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was written, and where."""

    results: Results
    folder: RunFolder
    signoff_digest: str
    """SHA-256 of the sign-off page, in hex."""

    @property
    def signoff(self) -> Path:
        """The page, under the name that stays."""
        return self.folder.latest / SIGNOFF


def open_folder(run: Run, reports: Path) -> RunFolder:
    """Prepare the folder before anything is asked: INCOMPLETE is on record until the run says otherwise."""
    folder = RunFolder.create(reports, run.environment_name, run.id)
    _write_all(folder, run, {}, unseen="the run did not finish: it was killed, or still goes on")
    return folder


def publish(run: Run, folder: RunFolder, seen: Mapping[str, Sequence[Observation]], *, unseen: str) -> Published:
    """Replace the provisional record by the final one."""
    results, page = _write_all(folder, run, seen, unseen=unseen)
    return Published(results=results, folder=folder, signoff_digest=hashlib.sha256(page).hexdigest())


def derived(results: Results) -> Mapping[str, bytes]:
    """Every file that is a pure function of the results, by its name."""
    return {SIGNOFF: render_signoff(results), JUNIT: render_junit(results)}


def _write_all(
    folder: RunFolder, run: Run, seen: Mapping[str, Sequence[Observation]], *, unseen: str
) -> tuple[Results, bytes]:
    evidence = run.recording()
    results = run.results(seen, evidence, unseen=unseen)
    files = derived(results)
    folder.write(EVIDENCE, evidence)
    for name, content in {**files, **run.source.artefacts()}.items():
        folder.write(name, content)
    # Last: whoever finds results.json finds all the rest beside it.
    folder.write(RESULTS, results_json.to_bytes(results))
    return results, files[SIGNOFF]
