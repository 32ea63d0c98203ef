"""Where the bundled checks, journeys, environments and reference service are: in the wheel, or in the clone."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_IN_WHEEL = _PACKAGE / "bundled"
ATTACHED = "attached to the reference environment"
"""Beginning of the note of a run that did not start an instance of its own."""
FAULTS_ON = "faults switched on in the reference environment: "
"""Beginning of the note of a run whose target was broken on purpose; their names follow."""


def bundled_root() -> Path:
    """The folder that holds ``checks/``, ``environments/`` and ``reference/``."""
    return _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parents[1]
