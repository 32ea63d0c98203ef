"""statement.intoto.json speaks of exactly these results, and of the release if it is one."""

import dataclasses
import hashlib
import json

import pytest

from gonogo.record.results import Results
from gonogo.report.statement import render_statement
from tests.report.accounts import CASES


def released(release: str | None) -> Results:
    """A run of that release."""
    told = CASES["go"]
    return dataclasses.replace(told, run=dataclasses.replace(told.run, release=release))


def test_subjects_are_results_and_commit() -> None:
    """A statement about other bytes would vouch for a run that never was."""
    told = released("3f2c1a9" * 5 + "abcde")
    said = json.loads(render_statement(told))
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert said["subject"] == [
        {"name": "results.json", "digest": {"sha256": hashlib.sha256(told.content).hexdigest()}},
        {"name": "release", "digest": {"gitCommit": told.run.release}},
    ]
    assert {one["name"]: one["digest"]["sha256"] for one in said["predicate"]["configuration"]} == {
        "checklist": hashlib.sha256(told.checklist.encode()).hexdigest(),
        "evidence": "e" * 64,
        "catalogue": "c" * 64,
        "checks": "d" * 64,
        "environment": "f" * 64,
    }


@pytest.mark.parametrize("release", [None, "v1.2", "3f2c1a9", "G" * 40])
def test_what_is_no_commit_is_no_subject(release: str | None) -> None:
    """A tag moves; its name is no digest."""
    assert len(json.loads(render_statement(released(release)))["subject"]) == 1


def test_interrupted_run_never_passes() -> None:
    """Whatever it saw until then."""
    told = CASES["go"]
    stopped = dataclasses.replace(told, run=dataclasses.replace(told.run, interrupted=True))
    assert json.loads(render_statement(stopped))["predicate"]["result"] == "FAILED"
