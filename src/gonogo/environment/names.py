"""The names of environments, by the files that there are: none of them is read."""

from pathlib import Path

from gonogo.base.bundled import bundled_root

FOLDER = "environments"


def available(project: Path) -> list[str]:
    """The names of all the environments that could be run from here."""
    return sorted({*declared(project), *declared(bundled_root())})


def declared(root: Path) -> list[str]:
    """The names of the environments whose files lie in this folder."""
    return sorted(path.stem for path in (root / FOLDER).glob("*.toml") if path.stem not in OTHER_FILES)


OTHER_FILES = frozenset({"gates", "people", "policy", "signers"})
"""Files beside those of environments."""
