"""Digests that say whether two runs expected the same of the same suite."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import rfc8785

from gonogo.environment.model import Environment
from gonogo.planning.suite import Suite

_PLACES = {"ca_file", "dotenv", "public_key", "trust"}
"""Keys of an environment that hold the path of a file; what is in those that say whom to trust is told by ``trust``."""


Keys = Sequence[tuple[str, ...]]
"""Keys of an environment file, each with those of the tables that it stands in."""


def expectations_digest(environment: Environment, chosen: Keys = ()) -> str:
    """SHA-256 of what the environment file expects: of whatever release, and wherever files lie on a machine."""
    return hashlib.sha256(rfc8785.dumps(expectations(environment, chosen))).hexdigest()


def expectations(environment: Environment, chosen: Keys = (), *, defaults: bool = True) -> dict[str, Any]:
    """What is the same in every run by one environment file, as plain JSON values; with or without ``defaults``.

    What the started instance of the bundled environment chose differs each time: its ports, folders and keys.
    """
    expected = environment.model_dump(mode="json", exclude={"service": {"release"}}, exclude_defaults=not defaults)
    for *tables, key in chosen:
        table: Any = expected
        for name in tables:
            table = table.get(name) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table.pop(key, None)
    placed: dict[str, Any] = _anywhere(expected)
    return placed


def leaves(overlay: Mapping[str, Any], within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of it that holds a value, and no table."""
    for name, value in overlay.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*within, name))
        else:
            yield (*within, name)


def _anywhere(value: Any, key: str = "") -> Any:  # noqa: ANN401 - JSON values
    """The value with the names of files in place of their paths, at whatever depth: a host has a trust of its own."""
    match value:
        case dict():
            return {name: _anywhere(item, name) for name, item in value.items()}
        case list():
            return [_anywhere(item) for item in value]
        case str() if key in _PLACES:
            return Path(value).name
        case _:
            return value


def catalogue_digest(suite: Suite) -> str:
    """SHA-256 over every catalogue of the suite, and what the project's own policy makes of them."""
    catalogues = _digest(folder / "catalogue.toml" for folder in suite.folders)
    if not suite.differences:
        return catalogues
    changes = [[each.check, each.key, each.bundled, each.local] for each in suite.differences]
    return hashlib.sha256(catalogues.encode() + rfc8785.dumps(changes)).hexdigest()


def code_digest(suite: Suite) -> str:
    """SHA-256 over every Python file of the suite's folders."""
    return _digest(path for folder in suite.folders for path in sorted(folder.rglob("*.py")))


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
