"""The fixtures by which checks are given evidence, named after its kinds."""

from typing import Any

import pytest

from gonogo.evidence.base import Evidence
from gonogo.judging.plugin import JudgingPlugin
from gonogo.planning.plan import GROUP


def evidence_fixtures(plugin: JudgingPlugin) -> object:
    """An object with one fixture per kind of evidence, and one per group, for pytest to register."""
    names = [name for kind in plugin.kinds for name in (kind, f"{kind}{GROUP}")]
    return type("EvidenceFixtures", (), {name: _evidence_fixture(plugin, name) for name in names})()


def _evidence_fixture(plugin: JudgingPlugin, argument: str) -> Any:  # noqa: ANN401 - pytest's own wrapper type
    def give(_self: object) -> Evidence | tuple[Evidence, ...]:
        return plugin.evidence_of(argument)

    return pytest.fixture(name=argument)(give)
