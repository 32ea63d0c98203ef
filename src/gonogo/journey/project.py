"""Finds a project's own users: ``smoke/people.py`` with its subclass of Walk."""

from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.project_modules import activate, import_from
from gonogo.families import installed
from gonogo.families.smoke.settings import FOLDER
from gonogo.journey.walk import Walk

_MODULE = "people"


def walk_of(project: Path) -> type[Walk]:
    """The project's subclass of Walk, or Walk itself. Raises UsageError when ``smoke/people.py`` defines no single one.

    From now on steps of this project import their own modules as ``smoke.NAME``, and verbs as ``families.NAME.journey``.
    """
    folder = (project / FOLDER).resolve()
    if not folder.is_dir():
        return Walk
    for own in (folder, folder.parent / installed.FOLDER):
        if own.is_dir():
            activate(own)
    path = folder / f"{_MODULE}.py"
    if not path.is_file():
        return Walk
    module = import_from(folder, _MODULE)
    walks = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Walk) and value.__module__ == module.__name__
    ]
    if len(walks) != 1:
        raise UsageError(
            f"{path}: defines {len(walks)} subclasses of gonogo.journey.walk.Walk; exactly one is expected, "
            "with the methods by which this product's users register, log in and are removed"
        )
    return walks[0]
