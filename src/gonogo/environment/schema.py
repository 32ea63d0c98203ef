"""The JSON Schema of environment files: editors complete and check by it."""

import json

from gonogo.environment.model import Environment


def environment_schema(model: type[Environment]) -> str:
    """The JSON Schema of an environment file, as committed in ``environments/schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gonogo environment",
        **model.model_json_schema(mode="validation"),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
