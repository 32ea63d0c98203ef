"""What a check compared while it judged stands at its observation, whether it passed or not."""

import pytest

from gonogo.record.results import Observation
from tests.judging.conftest import ONE, Judging, spoke
from tests.judging.test_outcomes import check, line

IMPORTED = "from gonogo.base.comparing import at_most, equal, unnoted\n"


def observed(judging: Judging, body: str, severity: str = "blocker") -> Observation:
    """The observation of a check with this body."""
    judged = judging(IMPORTED + check(body), line(severity=severity), spoke(ONE))
    return judged.results.checks[0].worst


def told(observation: Observation) -> list[tuple[str, float | str, float | str, bool]]:
    """What was compared, in short."""
    return [(each.what, each.observed, each.wanted, each.met) for each in observation.measured]


@pytest.mark.parametrize(
    ("body", "outcome", "expected"),
    [
        ("assert at_most(2, 3, 'lag')", "pass", [("lag", 2.0, 3.0, True)]),
        ("assert at_most(4, 3, 'lag'), 'late'", "fail", [("lag", 4.0, 3.0, False)]),
        (
            "assert equal(tls.version, 'TLSv1.3', 'version')\n    assert at_most(4, 3, 'lag'), 'late'",
            "fail",
            [("version", "TLSv1.3", "TLSv1.3", True), ("lag", 4.0, 3.0, False)],
        ),
        ("with unnoted(): at_most(4, 3, 'lag')\n    assert at_most(2, 3, 'lag')", "pass", [("lag", 2.0, 3.0, True)]),
        ("assert tls.handshake == 'done'", "pass", []),
    ],
)
def test_observation_holds_what_was_compared(
    judging: Judging, body: str, outcome: str, expected: list[tuple[str, float | str, float | str, bool]]
) -> None:
    """Up to the assertion that failed; a check that compares nothing with these says nothing."""
    seen = observed(judging, body)
    assert (seen.outcome.value, told(seen)) == (outcome, expected)


def test_check_that_passes_with_a_missed_limit_is_a_bug(judging: Judging) -> None:
    """The page would show a limit that is missed beside "pass": nobody could tell which of them holds."""
    seen = observed(judging, "at_most(4, 3, 'lag')\n    assert tls")
    assert seen.outcome.value == "error"
    assert "bug in the check itself" in seen.message
    assert "found lag 4.0 with 3.0 wanted, and passed all the same" in seen.message


def test_long_texts_are_cut(judging: Judging) -> None:
    """People read them in passing; the evidence has all of it."""
    seen = observed(judging, "assert equal('x' * 5000, 'y', 'body'), 'no'")
    assert len(str(seen.measured[0].observed)) < 250
