"""What must not be reachable, judged from where the world stands."""

import ipaddress

import pytest

from gonogo.base.comparing import nothing
from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import HINT
from gonogo.environment.model import Environment
from gonogo.evidence.ports import PortsEvidence, PortState
from gonogo.families.ports.section import Ports


@pytest.mark.check("ports-closed")
def test_no_database_is_reachable(ports: PortsEvidence, environment: Environment) -> None:
    """Scanners find an open database within hours, and attackers empty it within days.

    Fix: bind the server to a private address, and open only 22, 80 and 443 in the firewall.
    """
    reached = [port for port in ports.ports if port.state is PortState.OPEN]
    assert nothing([port.number for port in reached], "ports open to us", of=len(ports.ports)), (
        f"{ports.address}: "
        + "; ".join(f"{port.service}'s port {port.number} is open to us: {port.identified}" for port in reached)
    )
    if ports.control_state is not PortState.OPEN:
        raise Unobserved(
            f"{ports.address}: not even port {ports.control_port} can be reached, so closed ports prove nothing",
            hint="look at tls-handshake first",
        )
    if ports.control_after is not PortState.OPEN:
        raise Unobserved(
            f"{ports.address}: port {ports.control_port} could be reached before, but not after: this machine was blocked "
            "while it asked",
            hint="allow the address of the machine that runs gonogo in what blocked it, such as fail2ban",
        )
    if unknown := [port for port in ports.ports if port.state is PortState.UNKNOWN]:
        problems = "; ".join(f"port {port.number} ({port.service}): {port.problem}" for port in unknown)
        raise Unobserved(f"{ports.address}: not every port could be asked: {problems}", hint=HINT)
    if not ports.ports:
        raise Unobserved("no port is declared that should be closed", hint="declare some under [ports.closed]")
    address = ipaddress.ip_address(ports.address)
    section = environment.section(Ports)
    wanted = section.vantage if section else "outside"
    inside = not address.is_global or ports.source == ports.address
    if wanted == "outside" and inside:
        raise Unobserved(
            f"{ports.address} was asked from inside (from {ports.source}): this shows nothing about access from outside",
            hint="run gonogo on a machine outside the provider's network",
        )
    if wanted == "loopback" and not address.is_loopback:
        raise Unobserved(
            f'{ports.address} is not a loopback address, but ports.vantage is "loopback"', hint='set it to "outside"'
        )
