"""Reads a JSON document that a run left behind: whole, of our schema, or refused with the file and the key."""

import json
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import IntegrityError, UsageError

Document = TypeVar("Document")


def read_document(path: Path, schema: str, adapter: TypeAdapter[Document]) -> Document:
    """The document in ``path``. Raises UsageError when it is missing, or of another schema; IntegrityError if damaged."""
    if path.exists() and not path.is_file():
        raise IntegrityError(f"{path}: is no file; restore it from the run's artefacts")
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; give the folder of a run, as in reports/staging/latest") from None
    except (OSError, ValueError, RecursionError) as error:
        raise IntegrityError(f"{path}: not readable as JSON ({error}); restore it from the run's artefacts") from None
    schema_named = document.get("schema") if isinstance(document, dict) else None
    if schema_named != schema:
        raise UsageError(
            f"{path}: schema is {schema_named!r}; this gonogo reads {schema!r}; use the gonogo that wrote it, or a newer one"
        )
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise IntegrityError(f"{path}: {where}: {first['msg']}; the file was damaged or edited") from None
