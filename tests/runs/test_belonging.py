"""What is shown of a run is what holds, whichever gonogo made its record."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

import gonogo
from gonogo.base.errors import IntegrityError
from gonogo.record.origin import program_digest
from gonogo.record.results import Outcome, Results, Verdict
from gonogo.record.run_folder import EVIDENCE, RESULTS, STATEMENT
from gonogo.report.statement import render_statement
from gonogo.runs.belonging import read_belonging
from gonogo.verdict.causes import root_causes
from tests.report.conftest import check, results

OTHER = "0" * 64
DAMAGED = "the file was damaged or edited: restore the run, or run again"


def kept(folder: Path, program: str, **decision: object) -> Results:
    """A run whose only check failed, with another decision written into it, and a statement over exactly that."""
    told = results([check("tls-a", Outcome.FAIL, "closed")])
    told = replace(
        told,
        run=replace(told.run, gonogo=gonogo.__version__),
        causes=root_causes(told.checks),
        decision=replace(told.decision, **decision),  # type: ignore[arg-type]  # fields
        provenance=replace(told.provenance, evidence=hashlib.sha256(b"{}").hexdigest(), program=program),
    )
    (folder / EVIDENCE).write_bytes(b"{}")
    (folder / RESULTS).write_bytes(told.content)
    (folder / STATEMENT).write_bytes(render_statement(told))
    return told


def refusal(folder: Path) -> str:
    """Why it is not shown."""
    with pytest.raises(IntegrityError) as caught:
        read_belonging(folder)
    return str(caught.value)


def test_a_reworded_reason_names_both(tmp_path: Path) -> None:
    """By the same code it can only have been edited, even if the statement was made again."""
    kept(tmp_path, program_digest(), reason="all is well")
    words = refusal(tmp_path)
    assert (
        "decision.reason: recorded “all is well”, its checks and lines give “1 must-pass check failed; start" in words
    )
    assert words.endswith(DAMAGED)


def test_the_reason_of_another_gonogo_is_told_in_our_words(tmp_path: Path) -> None:
    """Its record stays readable, and still nobody reads what only an editor says."""
    told = kept(tmp_path, OTHER, reason="1 blocker failed")
    shown = read_belonging(tmp_path)
    assert shown.decision.reason.startswith("1 must-pass check failed; start with tls-a")
    assert (shown.digest, shown.checks) == (told.digest, told.checks), "it is the record of the file"


@pytest.mark.parametrize("decision", [{"verdict": Verdict.GO}, {"blockers": 0}, {"open_lines": 3}])
def test_another_answer_is_refused_whoever_gave_it(tmp_path: Path, decision: dict[str, object]) -> None:
    """It may have been that gonogo's honest answer; this one cannot vouch for it."""
    kept(tmp_path, OTHER, **decision)
    words = refusal(tmp_path)
    (name,) = decision
    assert f"decision.{name}: recorded " in words
    assert "another gonogo made it" in words
    assert "damaged" not in words


def test_bytes_that_are_not_those_of_the_statement_are_damage(tmp_path: Path) -> None:
    """Whichever gonogo made it, its words would have to be in the statement."""
    kept(tmp_path, OTHER, reason="1 blocker failed")
    content = (tmp_path / RESULTS).read_bytes()
    (tmp_path / RESULTS).write_bytes(content.replace(b"1 blocker failed", b"all is well"))
    assert "decision.reason: recorded “all is well”" in refusal(tmp_path)
    assert refusal(tmp_path).endswith(DAMAGED)


def test_other_evidence_is_damage_whoever_made_it(tmp_path: Path) -> None:
    """No gonogo records the digest of another file."""
    kept(tmp_path, OTHER)
    (tmp_path / EVIDENCE).write_bytes(b"[]")
    assert refusal(tmp_path).endswith(f"evidence.json beside it is not the file that it was computed from; {DAMAGED}")
