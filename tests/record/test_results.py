"""results.json is a contract with whoever reads it."""

import json
from pathlib import Path

import jsonschema

from gonogo.record.results import Results
from gonogo.record.results_schema import results_schema
from tests.report.conftest import check, results

SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"


def made() -> Results:
    """A small run."""
    return results([check("tls-a"), check("tls-b")])


def test_schema_is_current_and_describes_what_is_written() -> None:
    """A dashboard built on the schema must not break on the next run."""
    assert SCHEMA.read_text() == results_schema(), "run: gonogo schema results > docs/results.schema.json"
    jsonschema.validate(json.loads(made().content), json.loads(SCHEMA.read_text()))


def test_same_results_are_the_same_bytes() -> None:
    """Digests and signatures stand on it (RFC 8785)."""
    assert made().content == made().content
    assert b'": ' not in made().content
