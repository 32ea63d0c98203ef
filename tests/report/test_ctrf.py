"""ctrf.json is what the Common Test Report Format says it is."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gonogo.record.results import Results
from gonogo.report.ctrf import render_ctrf
from tests.report.accounts import CASES

SCHEMA = Path(__file__).with_name("ctrf.schema.json")
"""The official one, as the reference implementation ctrf-js 0.3.0 (MIT) brings it: ctrf-schema-0.0.json."""


def by_id(results: Results) -> dict[str, dict[str, Any]]:
    """By id."""
    return {one["testId"]: one for one in json.loads(render_ctrf(results))["results"]["tests"]}


@pytest.mark.parametrize("told", CASES.values(), ids=CASES)
def test_official_schema(told: Results) -> None:
    """A reader that validates would refuse the whole run."""
    jsonschema.validate(
        json.loads(render_ctrf(told)),
        json.loads(SCHEMA.read_text()),
        format_checker=jsonschema.FormatChecker(),
    )


def test_hostile_text_is_a_string(hostile: Results) -> None:
    """What a target says ends no string of ours."""
    jsonschema.validate(json.loads(render_ctrf(hostile)), json.loads(SCHEMA.read_text()))


def test_gap_is_never_green() -> None:
    """What nobody could observe counted as passed would be a GO that nobody gave."""
    found = by_id(CASES["no-go"])
    assert {identifier: one["status"] for identifier, one in found.items()} == {
        "verdict": "failed",
        "tls-a": "failed",
        "tls-b": "skipped",
        "dns-a": "failed",
        "redis-a": "skipped",
        "redis-b": "passed",
        "redis-c": "other",
        "redis-d": "passed",
    }
    assert found["redis-b"]["message"] == "soon"
    assert found["redis-c"]["rawStatus"] == "waived"
    assert found["dns-a"]["suite"] == ["dns"]
    assert found["dns-a"]["extra"]["proves"] == ["a.line"]
