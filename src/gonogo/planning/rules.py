"""The rules of a run by file and key, as its record keeps them: what tells the next run which of them were changed.

Digests say that something is different; these say what. They hold what the project's files hold, which name secrets and
never contain them.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from gonogo.base.toml_files import parse_toml
from gonogo.environment.model import Environment
from gonogo.planning.digests import Keys, expectations
from gonogo.planning.rule_values import WHOLE, Rules, flat
from gonogo.planning.suite import Suite

_DIGITS = 12


def environment_rules(environment: Environment, name: str, chosen: Keys = ()) -> Rules:
    """What the environment file expects, without what has its default; of whatever release, wherever files lie."""
    return {f"environments/{name}.toml": dict(flat(expectations(environment, chosen, defaults=False)))}


def suite_rules(suite: Suite) -> Rules:
    """Digests of catalogues, of each entry in them, and of every Python file of the checks."""
    rules: dict[str, dict[str, str]] = {}
    for folder in suite.folders:
        for path in sorted(folder.rglob("*.py")):
            rules[_label(suite, folder, path)] = {WHOLE: _digest(path.read_bytes())}
        catalogue = folder / "catalogue.toml"
        rules[_label(suite, folder, catalogue)] = {
            WHOLE: _digest(catalogue.read_bytes()),
            **dict(_entries(suite, folder)),
        }
    return rules


def team_rules(paths: Sequence[Path], root: Path) -> dict[str, dict[str, str]]:
    """What a team wrote in these files, as far as they are there: keys of TOML files, digests of all."""
    return {
        path.relative_to(root).as_posix(): {
            WHOLE: _digest(path.read_bytes()),
            **(dict(flat(parse_toml(path))) if path.suffix == ".toml" else {}),
        }
        for path in paths
        if path.is_file()
    }


def _entries(suite: Suite, folder: Path) -> Iterator[tuple[str, str]]:
    for name, policy in suite.catalogue.items():
        if suite.declarations[name].path.is_relative_to(folder):
            yield name, _digest(policy.model_dump_json().encode())


def _label(suite: Suite, folder: Path, path: Path) -> str:
    """The file as people call it; one that a package brings is told apart from the project's own."""
    origin = suite.origins.get(folder)
    return f"{folder.name}/{path.relative_to(folder).as_posix()}" + (f" of {origin.split(' ')[0]}" if origin else "")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
