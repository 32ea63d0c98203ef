"""Ports judged on literals: a closed port seen from the wrong place proves nothing."""

from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.ports import Port, PortsEvidence, PortState
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT


def seen(address: str = "198.18.0.1", *states: PortState, **changes: Any) -> PortsEvidence:  # noqa: ANN401 - fields
    """An address with these ports."""
    ports = tuple(
        Port(service="mongodb", number=27017 + index, state=state, identified="MongoDB, which answers hello")
        for index, state in enumerate(states or (PortState.REFUSED, PortState.FILTERED))
    )
    fields: dict[str, Any] = {
        "control_port": 443,
        "control_state": PortState.OPEN,
        "control_after": PortState.OPEN,
        "source": "192.0.2.9",
        "ports": ports,
    }
    return PortsEvidence(scope=("a.test", address), taken_at=AT, address=address, **{**fields, **changes})


def environment(vantage: str = "outside") -> Environment:
    """Looking from there."""
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "ports": {"vantage": vantage, "closed": {"mongodb": [1]}},
        }
    )


PUBLIC = "8.8.8.8"


def test_refused_and_filtered_are_closed(judge: Judge) -> None:
    """A firewall may answer, or swallow."""
    assert judge("ports-closed", ports=seen(PUBLIC), environment=environment()) is None
    assert judge("ports-closed", ports=seen("127.0.0.1"), environment=environment("loopback")) is None


def test_open_port_is_named(judge: Judge) -> None:
    """Which one, and who answers: that is what the fix needs. From inside as well: open is open."""
    said = judge("ports-closed", ports=seen(PUBLIC, PortState.OPEN), environment=environment())
    assert said == "8.8.8.8: mongodb's port 27017 is open to us: MongoDB, which answers hello"
    assert judge("ports-closed", ports=seen("10.0.0.1", PortState.OPEN), environment=environment()) is not None


@pytest.mark.parametrize(
    ("evidence", "vantage", "expected"),
    [
        (seen(PUBLIC, ports=()), "outside", "no port is declared"),
        (seen(PUBLIC, control_state=PortState.FILTERED), "outside", "closed ports prove nothing"),
        (seen(PUBLIC, control_state=PortState.REFUSED), "outside", "closed ports prove nothing"),
        (seen(PUBLIC, control_after=PortState.FILTERED), "outside", "was blocked while it asked"),
        (seen("10.0.0.1"), "outside", "from inside"),
        (seen("127.0.0.1"), "outside", "from inside"),
        (seen(PUBLIC, source=PUBLIC), "outside", "from inside"),
        (seen(PUBLIC), "loopback", "not a loopback address"),
    ],
)
def test_wrong_place_to_look_from_is_an_error(
    judge: Judge, evidence: PortsEvidence, vantage: str, expected: str
) -> None:
    """A machine beside the database passes the firewall; green from there would be a lie."""
    with pytest.raises(Unobserved, match=expected):
        judge("ports-closed", ports=evidence, environment=environment(vantage))
