"""A lowered load is another question: it is named, and no budget of the environment file is left out of the comparison."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo.environment.load import overlaid
from gonogo.families.registry import read_environment
from gonogo.planning.lowered import lowered, told_otherwise
from gonogo.policy.profiles import Profile

FILE = overlaid(
    read_environment("reference", project=Path(__file__).parents[2]),
    {"load": {"visits_per_second": 8, "model": "open", "duration": {"smoke": "5 s", "gate": "30 s", "soak": "30 min"}}},
)


@pytest.mark.parametrize(
    ("told", "profile", "words"),
    [
        ({}, "gate", ()),
        ({"visits_per_second": 0.5}, "gate", ("rate 0.5 visits/s instead of 8",)),
        ({"visits_per_second": 80}, "gate", ()),
        ({"duration": {"gate": "5 s"}}, "gate", ("duration 5 s instead of 30 s",)),
        ({"duration": {"gate": "5 min"}}, "gate", ()),
        ({}, "smoke", ("duration 5 s instead of 30 s",)),
        ({"duration": {"soak": "1 min"}}, "soak", ("duration 1 min instead of 30 min",)),
        ({}, "soak", ()),
        ({"model": "closed"}, "gate", ("model closed instead of open",)),
        (
            {"visits_per_second": 1, "duration": {"gate": "1 s"}},
            "gate",
            ("rate 1 visits/s instead of 8", "duration 1 s instead of 30 s"),
        ),
    ],
)
def test_what_asks_less_is_named(told: Mapping[str, Any], profile: Profile, words: tuple[str, ...]) -> None:
    """Half a visit per second for five seconds says nothing of the traffic of a launch."""
    asked = overlaid(FILE, {"load": told})
    assert lowered(FILE.environment, asked.environment, profile) == words


def test_only_what_the_command_line_has_options_for_is_told() -> None:
    """A record that says that the command line gave a budget was not made by gonogo."""
    assert told_otherwise({"load": {"visits_per_second": 1, "model": "open", "duration": {}}}) == []
    assert told_otherwise({"load": {"classes": {}}, "service": {"name": "T"}}) == ["load.classes", "service.name"]
    assert told_otherwise({"load": 3}) == ["load."]
