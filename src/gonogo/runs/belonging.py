"""Whether the files of a run's folder belong together, as far as that can be told without judging again.

What is shown of a run is what holds: no page, no list and no comparison repeats a verdict that its own results deny.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from gonogo.base.errors import GonogoError, IntegrityError, UsageError
from gonogo.record.archive import read_results
from gonogo.record.results import CheckResult, Results
from gonogo.record.run_folder import EVIDENCE, RESULTS
from gonogo.verdict.causes import root_causes
from gonogo.verdict.decision import count, decide, is_answered_otherwise
from gonogo.verdict.served import served_releases


def read_belonging(folder: Path) -> Results:
    """The results of the folder. Raises IntegrityError when they contradict themselves, or the evidence beside them.

    Raises UsageError where the run wrote its evidence, and then nothing more.
    """
    results = read_results(folder / RESULTS)
    refuse_cut_off(folder, results)
    if problem := next(_contradictions(folder, results), ""):
        raise IntegrityError(
            f"{folder / RESULTS}: {problem}; the file was damaged or edited: restore the run, or run again"
        )
    # A run that was killed, or refused, before anything was asked has none.
    if results.run.finished and not (folder / EVIDENCE).is_file():
        raise IntegrityError(f"{folder / EVIDENCE}: {_NO_EVIDENCE}")
    return results


_NO_EVIDENCE = (
    "is missing, or no file: without it nothing can be said of the run. Copy it from where the run was made (its folder, or "
    "the artifact of its job), or run again; the page in the folder, signoff.html, can be read as it is"
)


_CUT_OFF = (
    "the results of this run were not written: the disk was full, or the run was killed while it wrote; what it observed "
    "is not lost. Run again for a record, or judge what it observed: gonogo replay"
)


def refuse_cut_off(folder: Path, results: Results) -> None:
    """Raises UsageError, with the cure, where the run wrote its evidence and then nothing more."""
    if was_cut_off(folder, results):
        raise UsageError(f"{folder / RESULTS}: {_CUT_OFF} {folder}")


def was_cut_off(folder: Path, results: Results) -> bool:
    """Whether the evidence of a run is there, and its results are still those of its beginning: INCOMPLETE, whatever it saw."""
    path = folder / EVIDENCE
    if results.run.finished or not path.is_file() or _digest(path) == results.provenance.evidence:
        return False
    from gonogo.record.recording import read_recording  # noqa: PLC0415 - few runs are cut off

    try:
        recording = read_recording(path)
    except GonogoError:
        return False  # that is no evidence that gonogo wrote
    return recording.id == results.run.id and recording.finished_at > results.run.started_at


def _contradictions(folder: Path, results: Results) -> Iterator[str]:
    """Everything in a record that does not follow from its own checks and lines: somebody has edited it."""
    excepted = {waived.check for waived in results.exceptions if waived.state == "in force"}
    yield from (problem for check in results.checks if (problem := _contradiction(check, excepted)))
    decided = decide(results.checks, results.lines)
    if is_answered_otherwise(results.decision, decided, results.run.gonogo):
        yield f"says {results.decision.verdict}, and its checks and lines give {decided.verdict}"
    if count(results.checks) != results.counts:
        yield "its counts are not those of its checks"
    if list(root_causes(results.checks)) != list(results.causes):
        yield "its causes are not those of its checks"
    if list(served_releases(results.checks)) != list(results.run.served):
        yield "the release that was served is not the one that its checks looked at"
    yield from _other_evidence(folder, results)


def _contradiction(check: CheckResult, excepted: set[str]) -> str:
    if not check.observations:
        return f"{check.id} is {check.outcome}, and observed nothing"
    if check.outcome is check.observed or check.id in excepted:
        return ""
    return f"{check.id} is {check.outcome}, and its observations give {check.observed}"


def _other_evidence(folder: Path, results: Results) -> Iterator[str]:
    """Why the evidence beside a record is not the one that it was computed from; nothing if it is, or is missing."""
    path = folder / EVIDENCE
    if path.is_file() and _digest(path) != results.provenance.evidence:
        yield f"{EVIDENCE} beside it is not the file that it was computed from"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
