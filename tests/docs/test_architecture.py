"""The map of the house is the house: who looks for a room finds it where ARCHITECTURE.md says."""

import re
import tomllib

from tests.docs.blocks import ROOT

PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_rooms_are_those_of_the_import_contract() -> None:
    """A reader who puts a module where the map says must not be surprised by the gate."""
    table = PAGE.partition("## The rooms")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    rooms = [re.findall(r"`(\w+)`", row) for row in rows]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert rooms == [layer.split(" | ") for layer in layers]


def test_every_module_that_is_named_exists() -> None:
    """A map with streets that are gone sends newcomers to the wrong place."""
    names = re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|toml|md|txt))?)`", PAGE)
    assert len(names) > 10
    of_a_project = {"families/", "environments/policy.toml"}
    roots = (ROOT, ROOT / "src" / "gonogo")
    assert not [name for name in names if name not in of_a_project and not any((r / name).exists() for r in roots)]


def test_map_stays_a_map() -> None:
    """At most two printed pages, or nobody reads it before they start."""
    assert len(PAGE.splitlines()) <= 120
