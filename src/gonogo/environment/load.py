"""Reads an environment file: every mistake in it at once, each with file, key, what was found, what was expected."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.environment.model import Environment
from gonogo.environment.section import ENVIRONMENT_NAME
from gonogo.environment.types import SECRET_NAME

LARGEST_FILE_BYTES = 1024 * 1024
_FOLDER = "environments"
_USER_INFO = re.compile(r"://[^@\s]*@")
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """A file that was read and is valid in itself; secrets and machine-specific values are not in yet."""

    name: str
    path: Path
    document: Document
    environment: Environment

    @property
    def project(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self.path.parent.parent


def read_environment(name: str, path: Path, *, model: type[Environment]) -> EnvironmentFile:
    """Read the file into this model. Raises UsageError."""
    document = _parse(path)
    return EnvironmentFile(name=name, path=path, document=document, environment=_validate(document, path, model))


def overlaid(file: EnvironmentFile, overlay: Document) -> EnvironmentFile:
    """The file with values on top that only a started instance knows."""
    document = _merge(file.document, overlay)
    return EnvironmentFile(
        name=file.name,
        path=file.path,
        document=document,
        environment=_validate(document, file.path, type(file.environment)),
    )


def available(project: Path) -> list[str]:
    """The names of all the environments that could be run from here."""
    folders = {project / _FOLDER, bundled_root() / _FOLDER}
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml") if path.stem not in _OTHER_FILES})


_OTHER_FILES = {"gates", "signers"}


def find_environment(name: str, project: Path) -> Path:
    """``environments/NAME.toml`` of the project, or the bundled one of that name. Raises UsageError."""
    candidates = [folder / _FOLDER / f"{name}.toml" for folder in (project, bundled_root())]
    if Path(name).name == name:
        for path in candidates:
            if path.exists():
                return path
    names = available(project)
    nearest = difflib.get_close_matches(name, names, n=1)
    suggestion = f" Did you mean {nearest[0]}?" if nearest else ""
    raise UsageError(
        f"no environment {name!r}: {candidates[0]} does not exist.{suggestion} There are: {', '.join(names) or 'none'}"
    )


def _parse(path: Path) -> Document:
    if path.is_dir():
        raise UsageError(f"{path}: is a directory; a TOML file is expected")
    try:
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > LARGEST_FILE_BYTES:
        raise UsageError(f"{path}: larger than {LARGEST_FILE_BYTES // 1024} KiB; this is no environment file")
    if not content.strip():
        raise UsageError(f"{path}: is empty; start from environments/staging.toml of gonogo")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


def _validate(document: Document, path: Path, model: type[Environment]) -> Environment:
    try:
        return model.model_validate(document, context={ENVIRONMENT_NAME: path.stem})
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A list that is too short because its only item is wrong is one mistake, not two.
        own = [one for one in found if not any(_inside(other["loc"], one["loc"]) for other in found)]
        raise UsageError(*(_problem(one, path, model) for one in own)) from None


def _inside(location: tuple[str | int, ...], outer: tuple[str | int, ...]) -> bool:
    return len(location) > len(outer) > 0 and location[: len(outer)] == outer


def _problem(found: Mapping[str, Any], path: Path, model: type[Environment]) -> str:
    """One mistake in one sentence: file, key, found, expected."""
    key = ".".join(str(part) for part in found["loc"] if part != "[key]")
    match found["type"]:
        case "missing":
            return f"{path}: {key}: missing; this key is required"
        case "extra_forbidden":
            nearest = difflib.get_close_matches(str(found["loc"][-1]), _known_keys(found["loc"], model), n=1)
            if len(found["loc"]) == 1 and not nearest:
                return f"{path}: [{key}]: {_unknown_section(key)}"
            return f"{path}: {key}: unknown key" + (f"; did you mean {nearest[0]}?" if nearest else "; remove it")
        case "string_pattern_mismatch" if found["ctx"]["pattern"] == SECRET_NAME:
            # What stands here in place of a name is a secret itself, as likely as not: it is not shown.
            message = (
                "the name of a secret is expected, as in 'MONGO_URL' (capitals, digits, _); its value stays out of here"
            )
            return f"{path}: {key}: {message}"
        case "value_error":
            message = str(found["msg"]).removeprefix("Value error, ")
        case _:
            message = str(found["msg"])
    shown = f"found {_short(found['input'])}; " if key else ""
    return f"{path}: {key + ': ' if key else ''}{shown}{message}"


PACKAGES: Mapping[str, str] = {"postgresql": "gonogo-postgresql"}
"""Section to the package that brings it, where we know one."""


def _unknown_section(key: str) -> str:
    if key in PACKAGES:
        return f"the family of this section is not installed; the package {PACKAGES[key]} brings it"
    return "no installed family has this section; install the package that brings it, or remove the section"


def _known_keys(location: tuple[str | int, ...], model: Any) -> list[str]:  # noqa: ANN401 - a model, or a part of one
    for part in location[:-1]:
        field = model.model_fields.get(str(part)) if isinstance(model, type) and issubclass(model, BaseModel) else None
        candidates = (field.annotation, *getattr(field.annotation, "__args__", ())) if field else ()
        model = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), model)
    return list(model.model_fields)


def _short(value: object) -> str:
    text = _USER_INFO.sub("://…@", repr(value))
    return text if len(text) <= 80 else f"{text[:77]}…"  # noqa: PLR2004 - the width of a line


def _merge(base: Document, top: Document) -> Document:
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
