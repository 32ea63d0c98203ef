"""The service's faults and doubles are what they say: nothing is declared that is not built, and the reverse."""

from reference.api.faults_logic import LOGIC_FAULTS
from reference.api.faults_replies import REPLY_FAULTS
from reference.faults import FAULTS
from reference.settings import Settings


def test_every_fault_of_the_service_is_built() -> None:
    """A fault by a name that nobody implements would be green for the wrong reason."""
    declared = set[str]()
    for fault in FAULTS.values():
        declared |= fault.change(Settings()).api
    assert declared == {*REPLY_FAULTS, *LOGIC_FAULTS}
