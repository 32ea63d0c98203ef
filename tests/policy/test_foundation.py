"""Every gate stands on the same: the service answers, with the release that is given."""

from pathlib import Path

import pytest

from gonogo.environment.model import Service
from gonogo.environment.types import Effect
from gonogo.planning.gate_demands import demanded_checks, read_gate_demands
from gonogo.planning.suite import project_suite

ROOT = Path(__file__).parents[2]
SUITE = project_suite(ROOT)
GATES = ["pre-deploy", "post-deploy", "launch", "watch", "sign-off", "smoke", "load"]


def planned(gate: str, release: str | None) -> frozenset[str]:
    """What this gate demands of the reference."""
    service = Service(name="S", base_url="https://a.test", bundled=True, stands_for=("staging", "production"))
    demands = read_gate_demands(ROOT, SUITE, environment="reference", service=service, gate=gate)
    return demanded_checks(SUITE, demands, release=release)


@pytest.mark.parametrize("gate", GATES)
def test_foundation_is_planned_in_every_gate(gate: str) -> None:
    """A GO over a service that answers nothing, or that serves another release, is the worst that can happen."""
    assert {"service-answers", "tls-handshake"} <= planned(gate, None)
    assert {"service-answers", "release-under-review"} <= planned(gate, "abc1234")


def test_after_the_launch_nobody_loads_a_service_that_has_users() -> None:
    """The watch's own run would be NO-GO on a machine that is busy, and the load would be in what was watched."""
    effects = {name: SUITE.catalogue[name].effect for name in planned("watch", None)}
    assert {"watch-journal", "server-room", "service-answers"} <= effects.keys()
    assert set(effects.values()) <= {Effect.READ, Effect.WRITE}
    assert "load-failures" in planned("sign-off", None)
