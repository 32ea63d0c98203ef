"""Reads a TOML file into a model: every mistake in it at once, each with file, key, what was found and the cure."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from gonogo.base.durations import parse_duration
from gonogo.base.errors import UsageError

LARGEST_BYTES = 1024 * 1024
Model = TypeVar("Model", bound=BaseModel)


class Document(BaseModel):
    """A file, or a table of one. Unknown keys are mistakes, not extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _moment(value: Any) -> datetime:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"not a moment ({error}); write it as in 2026-12-01T09:00:00Z") from None
    if not isinstance(value, datetime):
        raise ValueError("a moment is expected, with date, time and zone, as in 2026-12-01T09:00:00Z")  # noqa: TRY004 - pydantic collects ValueError
    if value.tzinfo is None:
        raise ValueError("has no zone, and could be meant anywhere on earth; write it as in 2026-12-01T09:00:00Z")
    return value.astimezone(UTC)


def _said(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty; say it in words")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""In UTC; a moment without a zone is refused."""
Words = Annotated[str, AfterValidator(_said)]


def read_toml(path: Path, model: type[Model]) -> Model:
    """The file as this model. Raises UsageError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_BYTES:
        raise UsageError(f"{path}: larger than {LARGEST_BYTES // 1024} KiB; this is not what belongs here")
    try:
        document: Mapping[str, Any] = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    return _validated(model, document, str(path))


def build(model: type[Model], command: str, **fields: Any) -> Model:  # noqa: ANN401 - of the model
    """The same from a command line. Raises UsageError."""
    return _validated(model, fields, command)


def _validated(model: type[Model], document: Mapping[str, Any], path: str) -> Model:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise UsageError(*(_problem(found, path) for found in error.errors(include_url=False))) from None


def _problem(found: Mapping[str, Any], path: str) -> str:
    key = ".".join(str(part) for part in found["loc"] if part != "[key]")
    message = str(found["msg"]).removeprefix("Value error, ")
    match found["type"]:
        case "missing":
            return f"{path}: {key}: missing; this key is required"
        case "extra_forbidden":
            return f"{path}: {key}: unknown key; remove it, or spell it as the documentation does"
    shown = f"found {str(found['input'])[:80]!r}; " if key and not isinstance(found["input"], Mapping) else ""
    return f"{path}: {key}: {shown}{message}" if key else f"{path}: {message}"


def moment_from(text: str, now: datetime, option: str) -> datetime:
    """``90d`` from now, the end of a day (UTC) or a moment with its zone. Raises UsageError."""
    try:
        if text[:1].isdigit() and not text[:4].isdigit():
            return now + parse_duration(text)
        if len(text) == len("2026-12-01"):
            return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC) + timedelta(days=1)
        return _moment(text)
    except ValueError as error:
        raise UsageError(f"{option}: {text!r}: {error}; write 90d, 2026-12-01 or 2026-12-01T09:00:00Z") from None
    except OverflowError:
        raise UsageError(f"{option}: {text!r} is later than any date") from None
