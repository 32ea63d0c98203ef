"""Digests that say whether two runs expected the same of the same suite."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import rfc8785

from gonogo.environment.model import Environment
from gonogo.planning.suite import Suite

_PLACES = {"ca_file", "dotenv", "trust"}
"""Keys of an environment that hold the path of a file."""


def expectations_digest(environment: Environment) -> str:
    """SHA-256 of what the environment file expects: of whatever release, and wherever files lie on a machine."""
    expected = environment.model_dump(mode="json", exclude={"service": {"release"}})
    for section in expected.values():
        for key in _PLACES & section.keys() if isinstance(section, dict) else ():
            section[key] = Path(section[key]).name if isinstance(section[key], str) else section[key]
    return hashlib.sha256(rfc8785.dumps(expected)).hexdigest()


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
