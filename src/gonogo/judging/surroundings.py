"""Keeps what surrounds a run away from its verdict: variables of the process, conftests of others, ``python -O``."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import WITHOUT_ASSERTIONS, UsageError

_FOREIGN = ("PYTEST_", "COV_CORE_")
"""Prefixes of variables by which pytest and its plugins take options for somebody else's tests."""
_HOOKS = ("pytest_pyfunc_call", "pytest_runtest")
"""Beginnings of the hooks by which tests are called."""


def refuse_optimised_python() -> None:
    """``python -O`` removes every assertion, and then no check can fail. Raises UsageError."""
    if sys.flags.optimize:
        raise UsageError(WITHOUT_ASSERTIONS)


@contextmanager
def without_foreign_variables() -> Iterator[None]:
    """Hide pytest's own variables, which are meant for the team's unit tests, while checks judge."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_FOREIGN)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def load_conftests(manager: pytest.PytestPluginManager, folders: Sequence[Path]) -> None:
    """Load the ``conftest.py`` of folders of checks, and no other. Raises UsageError naming one that breaks."""
    for folder in folders:
        for path in sorted(folder.rglob("conftest.py")):
            _load(manager, path)


def taking_over(folders: Sequence[Path]) -> Sequence[Path]:
    """Where somebody may have taken over how tests are called: conftests with such hooks, any conftest, or a folder.

    A hook or a patch of one folder works in all of them, so that it is not the first folder where it was noticed.
    """
    conftests = [path for folder in folders for path in sorted(folder.rglob("conftest.py"))]
    hooking = [path for path in conftests if any(hook in path.read_text(errors="replace") for hook in _HOOKS)]
    own = [folder for folder in folders if not folder.is_relative_to(bundled_root())]
    return hooking or conftests or own or folders


def _load(manager: pytest.PytestPluginManager, path: Path) -> None:
    """Import one conftest.py and register it. Raises UsageError if it cannot be imported, even by SystemExit."""
    spec = spec_from_file_location(f"gonogo_conftest_{abs(hash(path)):x}", path)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise UsageError(f"{path}: cannot be imported: {type(error).__name__}: {error}") from None
    # pytest scopes the fixtures of a plugin of this name to the folder that the file lies in.
    manager.register(module, str(path))
