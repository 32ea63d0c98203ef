"""What the results of a run say beside what was judged."""

import pytest

from gonogo.record.results import Observation, Outcome
from gonogo.runs.conclude import with_commands


@pytest.mark.parametrize(
    ("advised", "shown"),
    [
        ("run it again: gonogo load", "run it again: gonogo load --env staging"),
        ("gonogo load --duration '4 min'", "gonogo load --env staging --duration '4 min'"),
        ("gonogo load --env other", "gonogo load --env other"),
        ("gonogo loads", "gonogo loads"),
        ("", ""),
    ],
)
def test_command_in_a_fix_names_the_environment(advised: str, shown: str) -> None:
    """Pasted as it stands, it would ask another environment, or none."""
    seen = Observation(scope=("a",), outcome=Outcome.ERROR, hint=advised)
    assert with_commands({"load-ran": [seen]}, "staging")["load-ran"][0].hint == shown
