"""The model of ``[smoke]`` that a project's ``smoke/settings.py`` defines."""

from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.project_modules import import_from
from gonogo.families.smoke.section import Smoke

FOLDER, MODULE = "smoke", "settings"


def settings_model(project: Path) -> type[Smoke]:
    """The project's own model, or the plain one. Raises UsageError when ``smoke/settings.py`` defines no single one."""
    path = project / FOLDER / f"{MODULE}.py"
    if not path.is_file():
        return Smoke
    module = import_from(path.parent, MODULE)
    models = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Smoke) and value.__module__ == module.__name__
    ]
    if len(models) != 1:
        raise UsageError(
            f"{path}: defines {len(models)} subclasses of gonogo.families.smoke.section.Smoke; exactly one is expected"
        )
    return models[0]
