"""The one reader of TOML files: every mistake in a file at once, each with file, key, what was found and the cure."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from gonogo.base.errors import UsageError
from gonogo.base.regular_files import Unreadable, read_regular
from gonogo.base.secrets import SECRET_NAME
from gonogo.base.wording import did_you_mean

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

LARGEST_BYTES = 1024 * 1024
_USER_INFO = re.compile(r"://[^@\s]*@")
_LONGEST_SHOWN = 80
Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")


class Document(BaseModel):
    """A file, or a table of one. Unknown keys are mistakes, not extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def parse_toml(path: Path) -> dict[str, Any]:
    """The file as tables and values. Raises UsageError."""
    try:
        content = read_regular(path, LARGEST_BYTES)
    except Unreadable as error:
        raise UsageError(f"{path}: {str(error).replace('a regular file', 'a TOML file')}") from None
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


def editable(path: Path) -> "TOMLDocument":
    """The file with its comments and its order, to be changed and written again; empty if there is none. Raises UsageError."""
    import tomlkit  # noqa: PLC0415 - most commands change no file

    if not path.is_file():
        return tomlkit.document()
    parse_toml(path)  # whatever is wrong with it is told as it is everywhere
    return tomlkit.parse(read_regular(path, LARGEST_BYTES).decode("utf-8-sig"))


def entries_of(document: "TOMLDocument", name: str) -> list[Any]:
    """The array of tables of this name, made where there is none. What is appended to it is appended to the document."""
    import tomlkit  # noqa: PLC0415 - as above

    if name not in document:
        document[name] = tomlkit.aot()
    return cast("list[Any]", document[name])  # an AoT or an Array: both are lists


def read_toml(path: Path, model: type[Model]) -> Model:
    """The file as this model. Raises UsageError."""
    return validated(model, parse_toml(path), str(path))


def build(model: type[Model], command: str, **fields: Any) -> Model:  # noqa: ANN401 - of the model
    """Build a table from values of a command, validated like those of a file. Raises UsageError."""
    return validated(model, fields, command)


def validated(
    model: type[Model],
    document: Mapping[str, Any],
    path: str,
    *,
    unknown_table: Callable[[str], str] | None = None,
    context: Mapping[str, Any] | None = None,
) -> Model:
    """The tables as this model. Raises UsageError with every mistake in them.

    ``unknown_table``: the cure for a table at the top that the model does not have.
    """
    try:
        return model.model_validate(document, context=context)
    except ValidationError as error:
        raise UsageError(*_problems(error, model, path, unknown_table)) from None


def validated_by(adapter: TypeAdapter[Value], annotation: Any, document: Mapping[str, Any], path: str) -> Value:  # noqa: ANN401 - a type
    """The tables as what the adapter makes of them; ``annotation`` is the type that it was made for."""
    try:
        return adapter.validate_python(document)
    except ValidationError as error:
        raise UsageError(*_problems(error, annotation, path)) from None


def _problems(
    error: ValidationError,
    annotation: Any,  # noqa: ANN401 - a type
    path: str,
    unknown_table: Callable[[str], str] | None = None,
) -> list[str]:
    mistakes = error.errors(include_url=False)
    # A list that is too short because its only item is wrong is one mistake, not two.
    own = [mistake for mistake in mistakes if not any(_inside(other["loc"], mistake["loc"]) for other in mistakes)]
    return [_problem(mistake, annotation, path, unknown_table) for mistake in own]


def _inside(location: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return len(location) > len(outer) > 0 and location[: len(outer)] == outer


def _problem(
    mistake: Mapping[str, Any],
    annotation: Any,  # noqa: ANN401 - a type
    path: str,
    unknown_table: Callable[[str], str] | None,
) -> str:
    """One mistake in one sentence: file, key, found, expected."""
    key = ".".join(str(part) for part in mistake["loc"] if part != "[key]")
    match mistake["type"]:
        case "missing":
            return f"{path}: {key}: missing; this key is required"
        case "extra_forbidden":
            nearest = did_you_mean(str(mistake["loc"][-1]), _known_keys(annotation, mistake["loc"][:-1]))
            if unknown_table and len(mistake["loc"]) == 1 and not nearest:
                return f"{path}: [{key}]: {unknown_table(key)}"
            return f"{path}: {key}: unknown key{nearest or '; remove it'}"
        case "string_pattern_mismatch" if mistake["ctx"]["pattern"] == SECRET_NAME:
            # What stands here in place of a name is a secret itself, as likely as not: it is not shown.
            wanted = "the name of a secret is expected, as in 'MONGO_URL' (capitals, digits, _)"
            return f"{path}: {key}: {wanted}; its value stays out of here"
    message = str(mistake["msg"]).removeprefix("Value error, ")
    shown = (
        f"found {_short(mistake['input'])}; " if key and not isinstance(mistake["input"], BaseModel | Mapping) else ""
    )
    return f"{path}: {key + ': ' if key else ''}{shown}{message}"


def _known_keys(annotation: Any, location: Sequence[str | int]) -> list[str]:  # noqa: ANN401 - a type
    """The keys of the table at this place of the model."""
    types = list(_tables(annotation))
    for part in location:
        below = [_below(table, part) for table in types]
        types = [table for annotation_below in below for table in _tables(annotation_below)]
    return [
        key for table in types if isinstance(table, type) and issubclass(table, BaseModel) for key in table.model_fields
    ]


def _below(table: Any, part: str | int) -> Any:  # noqa: ANN401 - types
    if isinstance(table, type) and issubclass(table, BaseModel):
        field = table.model_fields.get(str(part))
        return field.annotation if field else None
    items = [item for item in get_args(table) if item is not Ellipsis]
    return items[-1] if items else None


def _tables(annotation: Any) -> Iterator[Any]:  # noqa: ANN401 - types
    """Models, mappings and lists in an annotation, without what is wrapped around them (``X | None``, ``Annotated``)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = getattr(annotation, "__origin__", None)
    if hasattr(annotation, "__metadata__"):
        yield from _tables(origin)
    elif isinstance(origin, type) and issubclass(origin, Mapping | tuple | list):
        yield annotation
    else:
        for part in get_args(annotation):
            yield from _tables(part)


def _short(value: object) -> str:
    text = repr(str(value)) if isinstance(value, date | time) else _USER_INFO.sub("://…@", repr(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}…"
