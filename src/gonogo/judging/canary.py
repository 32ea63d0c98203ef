"""Proves, before anything is judged, that an assertion which must fail does fail in every folder of checks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

NAME = "gonogo_canary"
_SOURCE = "def gonogo_canary():\n    assert False, 'gonogo_canary'\n"


FOLDER = pytest.StashKey[Path]()
"""The folder of checks that a canary stands for."""


def canaries(items: Sequence[pytest.Item], folders: Sequence[Path]) -> Iterator[pytest.Item]:
    """One item for each folder that has items, collected in a module of that folder and run by the same hooks."""
    for folder in folders:
        module = next((module for item in items if (module := _module(item, folder)) is not None), None)
        if module is not None:
            canary = pytest.Function.from_parent(module, name=NAME, callobj=_failing())
            canary.stash[FOLDER] = folder
            yield canary


def _module(item: pytest.Item, folder: Path) -> pytest.Module | None:
    module = item.getparent(pytest.Module)
    return module if module is not None and module.path.is_relative_to(folder) else None


def _failing() -> object:
    namespace: dict[str, object] = {}
    # Compiled here and now: whatever removes assertions from checks must remove this one as well.
    exec(compile(_SOURCE, __file__, "exec"), namespace)  # noqa: S102 - three constant lines of our own
    return namespace[NAME]
