"""Modules of a project's own folders, importable by their plain names: ``from smoke.people import …``.

Nothing is put on ``sys.path``: a project's ``redis.py`` must not take the place of a library. Two projects in one
process each keep their own modules; whoever is imported from last is the one that a plain import finds.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

from gonogo.base.errors import UsageError

_asleep: dict[Path, dict[str, ModuleType]] = {}
"""Modules of folders that are not the ones that a plain import finds now."""


def import_from(folder: Path, name: str) -> ModuleType:
    """``NAME.py`` of this folder, as the module ``FOLDER.NAME``. Raises UsageError when importing it fails."""
    folder = folder.resolve()
    activate(folder)
    try:
        return importlib.import_module(f"{folder.name}.{name}")
    except Exception as error:  # noqa: BLE001 - the project's code is imported
        raise UsageError(f"{folder / name}.py: cannot be imported: {type(error).__name__}: {error}") from None


def activate(folder: Path) -> None:
    """Let plain imports of the folder's name find this folder's modules."""
    package = folder.name
    current = sys.modules.get(package)
    place = next(iter(getattr(current, "__path__", ())), None)
    if place == str(folder):
        return
    if place is not None:
        _asleep[Path(place)] = _taken_out(package)
    awake = _asleep.pop(folder, None) or {package: _package(folder)}
    sys.modules.update(awake)


def _taken_out(package: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


def _package(folder: Path) -> ModuleType:
    spec = ModuleSpec(folder.name, None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    return module_from_spec(spec)
