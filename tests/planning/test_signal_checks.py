"""Checks that signals of a watch are made of: held against the suite when the environment is read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import UsageError
from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.families.registry import installed_families, read_environment
from gonogo.planning.signal_checks import check_signals
from gonogo.planning.suite import project_suite

ROOT = Path(__file__).parents[2]
KEY = f"{ROOT}/environments/reference.toml: watch.thresholds.database-down.signal.checks"


def problems(checks: Sequence[str], **more: Any) -> Sequence[str]:  # noqa: ANN401 - as in TOML
    """What is wrong with these checks of WorkMe's database signal."""
    threshold = {"signal": {"checks": list(checks)}}
    document = {"watch": {"thresholds": {"database-down": threshold}}, **more}
    file = overlaid(read_environment("reference", project=ROOT), document)
    try:
        _held(file)
    except UsageError as error:
        return error.problems
    return ()


def _held(file: EnvironmentFile) -> None:
    suite = project_suite(ROOT, bundled=file.environment.service.bundled, declared=[file.environment])
    check_signals(file, suite, installed_families(ROOT).kinds)


@pytest.mark.parametrize("name", ["reference", "staging", "production"])
def test_signals_of_workme_are_made_of_checks_that_are_asked(name: str) -> None:
    """One that is not planned is never asked, and nobody could say anything on launch day."""
    _held(read_environment(name, project=ROOT))


def test_a_need_that_is_not_named_is_refused_with_its_name() -> None:
    """When it fails, what it blocks says nothing, and a database that is down would read as one that nobody can ask."""
    (problem,) = problems(["mongo-primary", "redis-reachable"])
    assert problem == (
        f"{KEY}: these checks need mongo-reachable, redis-listening as well; add them: a check whose need fails says "
        "nothing, so that what fails must be in the signal"
    )


def test_a_check_that_is_not_there_is_refused_with_the_nearest() -> None:
    """It would be no value for ever."""
    assert problems(["mongo-reachabel"]) == (f"{KEY}: no check 'mongo-reachabel'; did you mean mongo-reachable?",)


def test_a_check_that_is_not_asked_here_is_refused() -> None:
    """The same, for a part that the service does not have; needs of that part are not missed."""
    without = {"service": {"without": ["redis"]}}
    (problem,) = problems(["mongo-reachable", "redis-listening"], **without)
    assert problem == (
        f"{KEY}: redis-listening does not run in this environment, which declares nothing that it could check; "
        "leave it out"
    )


def test_a_step_of_a_journey_that_is_never_walked_is_refused() -> None:
    """The key that is missing is another one."""
    (needs, never) = problems(["client-registers"])
    assert "need" in needs
    assert never == f"{KEY}: client-registers is a step of a journey; say in watch.journeys_every how often it runs"
