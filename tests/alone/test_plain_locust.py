"""Locust itself, with gonogo's scenarios: a missed budget is told by its exit code."""

import pytest

from gonogo.runs.reference_instance import ReferenceProcess
from tests.load.test_ends import ended, locust


@pytest.mark.usefixtures("instance")
def test_missed_budget_is_no_success(process: ReferenceProcess) -> None:
    """A pipeline looks at the exit code only."""
    process.set_faults(["load-slow-tail"])
    code, said = ended([locust("--headless", "-u", "10", "-r", "10", "-t", "8s")])
    assert code != 0
    assert "500 ms or longer; fewer than 0.05 of all may" in said, said
