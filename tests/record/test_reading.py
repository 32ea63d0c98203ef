"""Results are read by msgspec, which loads in a tenth of the time of pydantic; what it refuses, pydantic explains."""

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from gonogo.record.results import Results, from_document

_SAMPLE = Path(__file__).parents[2] / "reports" / "sample" / "results.json"


def test_same_results_by_both_readers() -> None:
    """Of a real run, each field and each byte."""
    document = json.loads(_SAMPLE.read_bytes())
    quick, thorough = from_document(document), TypeAdapter(Results).validate_python(document)
    assert quick == thorough
    assert quick.content == thorough.content


def test_refusal_names_the_key() -> None:
    """As deep as it is."""
    document = json.loads(_SAMPLE.read_bytes())
    document["checks"][0]["outcome"] = "perhaps"
    with pytest.raises(ValidationError) as refused:
        from_document(document)
    assert refused.value.errors()[0]["loc"] == ("checks", 0, "outcome")
