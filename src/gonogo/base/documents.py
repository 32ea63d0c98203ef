"""Reads a JSON document that a run left behind: whole, of our schema, or refused with the file and the key."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gonogo.base.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Document = TypeVar("Document")


def read_document(path: Path, schema: str, validate: Callable[[Any], Document]) -> Document:
    """The document in ``path``. Raises UsageError when it is missing, or of another schema; IntegrityError if damaged.

    ``validate`` makes it of JSON values, and raises pydantic's ValidationError.
    """
    if path.exists() and not path.is_file():
        raise IntegrityError(f"{path}: is no file; restore it from the run's artefacts")
    try:
        document = msgspec.json.decode(path.read_bytes())
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
        return validate(document)
    except ValueError as error:
        from pydantic import ValidationError  # noqa: PLC0415 - to read a sound document takes a tenth of the time to load it

        if not isinstance(error, ValidationError):
            raise
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise IntegrityError(f"{path}: {where}: {first['msg']}; the file was damaged or edited") from None


@cache
def adapter(model: type) -> "TypeAdapter[Any]":
    """Loading pydantic and building it takes longer than a command that only reads may take."""
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(model)
