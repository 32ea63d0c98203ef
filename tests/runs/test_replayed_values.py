"""A record whose values are not those that it is judged by again is told as one that was edited."""

from dataclasses import replace

import pytest

from gonogo.base.comparing import Compared
from gonogo.record.results import Results
from gonogo.runs.replay import differences
from tests.report.conftest import check, results

LAG = Compared(what="lag", observed=2.0, wanted=10.0, relation="at most", unit="s", met=True)
VERSION = Compared(what="version", observed="[TOKEN redacted]", wanted="2", met=False)


def judged(*compared: Compared, version: str = "0.2.0") -> Results:
    """A run of one check that was judged by these."""
    one = check("tls-a")
    made = results([replace(one, observations=[replace(one.observations[0], measured=compared)])])
    return replace(made, run=replace(made.run, gonogo=version))


@pytest.mark.parametrize(
    ("recorded", "again", "expected"),
    [
        (judged(LAG), judged(LAG), 0),
        (judged(replace(LAG, observed=1.0)), judged(LAG), 1),
        (judged(replace(LAG, wanted=60.0)), judged(LAG), 1),
        (judged(LAG), judged(LAG, VERSION), 1),
        # Of a gonogo that did not note them, or of another version, which may compare something else.
        (judged(), judged(LAG), 0),
        (judged(replace(LAG, what="delay"), version="0.1.0"), judged(LAG), 0),
        # What held a secret is covered in the evidence, and may be read otherwise there.
        (judged(VERSION), judged(replace(VERSION, observed="1[TOKEN redacted]")), 0),
    ],
)
def test_values_are_compared(recorded: Results, again: Results, expected: int) -> None:
    """The number that a signer saw must be the one that decided."""
    found = differences(recorded, again)
    assert len(found) == expected
    assert all("tls-a" in difference and "other values" in difference for difference in found)
