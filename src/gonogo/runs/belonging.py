"""Whether the files of a run's folder belong together, as far as that can be told without judging again.

What is shown of a run is what holds: no page, no list and no comparison repeats a verdict that its own results deny.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from gonogo.base.errors import GonogoError, IntegrityError, UsageError
from gonogo.record.archive import read_results
from gonogo.record.differing import differing
from gonogo.record.origin import DAMAGED, blamed, may_say_otherwise
from gonogo.record.results import CheckResult, Results
from gonogo.record.run_folder import EVIDENCE, RESULTS
from gonogo.verdict.causes import root_causes
from gonogo.verdict.decision import count, decide, is_same_answer
from gonogo.verdict.served import served_releases


def read_belonging(folder: Path) -> Results:
    """The results of the folder. Raises IntegrityError when they contradict themselves, or the evidence beside them.

    The reason that another gonogo gave for its verdict is told in the words of this one, which are computed: nothing is
    repeated that only the record says. Raises UsageError where the run wrote its evidence, and then nothing more.
    """
    results = read_results(folder / RESULTS)
    refuse_cut_off(folder, results)
    if problem := next(_contradictions(folder, results), ""):
        raise IntegrityError(f"{folder / RESULTS}: {blamed(folder, results, problem)}")
    if problem := _other_evidence(folder, results):
        raise IntegrityError(f"{folder / RESULTS}: {problem}; {DAMAGED}")
    # A run that was killed, or refused, before anything was asked has none.
    if results.run.finished and not (folder / EVIDENCE).is_file():
        raise IntegrityError(f"{folder / EVIDENCE}: {_NO_EVIDENCE}")
    return _told_now(results)


def _told_now(results: Results) -> Results:
    """The results with the decision as it is told now; their digest is still that of the file."""
    decided = decide(results.checks, results.lines)
    if decided == results.decision:
        return results
    told = replace(results, decision=decided)
    vars(told)["content"] = results.content  # where the cached property would put it
    return told


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
    """Everything in a record that does not follow from its own checks and lines, with both values."""
    excepted = {waived.check for waived in results.exceptions if waived.state == "in force"}
    yield from (problem for check in results.checks if (problem := _contradiction(check, excepted)))
    decided = decide(results.checks, results.lines)
    if not (is_same_answer(results.decision, decided) and may_say_otherwise(folder, results)):
        yield from _otherwise("decision", results.decision, decided, "its checks and lines give")
    yield from _otherwise("counts", results.counts, count(results.checks), "its checks give")
    yield from _otherwise("causes", list(results.causes), list(root_causes(results.checks)), "its checks give")
    served = list(served_releases(results.checks))
    yield from _otherwise("run.served", list(results.run.served), served, "its checks looked at")


def _otherwise(place: str, recorded: Any, computed: Any, computing: str) -> Iterator[str]:  # noqa: ANN401 - any part of a record
    """Where a part of the record is not what follows from the others."""
    if recorded != computed:
        yield from (difference.words(computing) for difference in differing(recorded, computed, place))
        yield f"{place}: the same in another order than {computing}"


def _contradiction(check: CheckResult, excepted: set[str]) -> str:
    if not check.observations:
        return f"checks.{check.id}.outcome: recorded “{check.outcome}”, and it observed nothing"
    if check.outcome is check.observed or check.id in excepted:
        return ""
    return f"checks.{check.id}.outcome: recorded “{check.outcome}”, its observations give “{check.observed}”"


def _other_evidence(folder: Path, results: Results) -> str:
    """Why the evidence beside a record is not the one that it was computed from; empty if it is, or is missing."""
    path = folder / EVIDENCE
    if path.is_file() and _digest(path) != results.provenance.evidence:
        return f"{EVIDENCE} beside it is not the file that it was computed from"
    return ""


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
