"""Locust itself, with gonogo's scenarios: nobody is asked for in vain, and a missed budget is told by the exit code."""

import subprocess
from collections.abc import Callable, Sequence

import pytest

from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from tests.load.test_ends import distributed, ended, locust
from tests.smoke.endurance import contents


def alone(*options: str) -> Sequence["subprocess.Popen[str]"]:
    """One process."""
    return [locust("--headless", *options)]


@pytest.mark.parametrize("start", [alone, pytest.param(distributed, marks=pytest.mark.whole)])
def test_healthy_service_is_walked_without_a_failure(
    instance: ReferenceInstance, start: Callable[..., Sequence["subprocess.Popen[str]"]]
) -> None:
    """Whose users still walk when their people are removed sees a 401 for each, and newcomers stay behind."""
    before = contents(instance)
    code, said = ended(start("-u", "20", "-r", "20", "-t", "8s"))
    assert "status 401" not in said, said
    assert "remaining nothing" in said, said
    assert code == 0 or "took 500 ms or longer" in said, said
    assert contents(instance) == before


@pytest.mark.usefixtures("instance")
def test_missed_budget_is_no_success(process: ReferenceProcess) -> None:
    """A pipeline looks at the exit code only."""
    process.set_faults(["load-slow-tail"])
    # The fault shows after four seconds of more than twelve requests a second: ten users make hardly as many.
    code, said = ended([locust("--headless", "-u", "30", "-r", "30", "-t", "10s")])
    assert code != 0, said
    assert "500 ms or longer; fewer than 0.05 of all may" in said, said
