"""One kill by each signal at a random moment; ``make endurance`` does twenty of each, in `gonogo run` as well.

Two of them are whole: ``test_journeys.py`` sends these at moments of its own.
"""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.runs.reference_instance import ReferenceInstance
from tests.smoke.kills import SIGNALS, announced, drawn, killed

_SMOKE_SECONDS = 12.0


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceInstance]:
    """Found by the commands of these tests only."""
    with announced(tmp_path_factory.mktemp("place")) as instance:
        yield instance


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(
            number, marks=pytest.mark.whole if number in {signal.SIGINT, signal.SIGTERM} else (), id=number.name
        )
        for number in SIGNALS
    ],
)
def test_nothing_stays_or_clean_finds_it(instance: ReferenceInstance, tmp_path: Path, number: int) -> None:
    """Test users in production are found by somebody else, weeks later."""
    seed = random.SystemRandom().randrange(10**6)
    kill = drawn(random.Random(seed), "smoke", SIGNALS[SIGNALS.index(number)], _SMOKE_SECONDS)  # noqa: S311 - a moment
    came = killed(kill, instance, tmp_path)
    assert not came.problem, f"seed {seed}: {came.line}\n{came.said}"
