"""The JSON Schema of ``results.json``."""

import json

from gonogo.record.results import RESULTS, SCHEMA


def results_schema() -> str:
    """The JSON Schema of ``results.json``, as committed in ``docs/results.schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        **RESULTS.json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
