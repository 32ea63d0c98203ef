"""Ports that Docker publishes past ufw: what is read of the rules beside what the kernel lets through.

There is no engine here. Its rules are iptables' own, as Docker documents and writes them, and its program prints what it
prints of such a container; whether the port can be reached is asked with a packet.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checks.conftest import Judge
from tests.lab.machine import Machine
from tests.lab.test_servers import quick_first, seen, verdict

_PROGRAM = """#!/bin/sh
[ "$1" = ps ] && echo cache && exit
[ "$1" = inspect ] && echo '/cache|{"6379/tcp":[{"HostIp":"0.0.0.0","HostPort":"16379"}]}|172.17.0.2 '
"""
_SET_UP = """
set -e
ip netns add world; ip netns add box
ip link add up0 type veth peer name w0 netns world
ip link add docker0 type veth peer name b0 netns box
ip addr add 198.51.100.1/24 dev up0; ip addr add 172.17.0.1/16 dev docker0
ip link set up0 up; ip link set docker0 up
ip -n world addr add 198.51.100.2/24 dev w0; ip -n world link set w0 up
ip -n box addr add 172.17.0.2/16 dev b0; ip -n box link set lo up; ip -n box link set b0 up; ip -n box route add default via 172.17.0.1
ip route add default via 198.51.100.2
echo 1 > /proc/sys/net/ipv4/ip_forward
mount -t tmpfs none /usr/local/bin
ufw default deny incoming; ufw allow 22/tcp; ufw --force enable
iptables -t nat -N DOCKER
iptables -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 16379 -j DNAT --to-destination 172.17.0.2:6379
iptables -N DOCKER; iptables -N DOCKER-USER
iptables -I FORWARD -o docker0 -j DOCKER
iptables -I FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -I FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -I FORWARD -j DOCKER-USER
iptables -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 6379 -j ACCEPT
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """With a container's network, and a neighbour on the internet."""
    with tempfile.TemporaryDirectory(prefix="gonogo-lab-") as folder, Machine(Path(folder) / "m").running() as one:
        one.sh(_SET_UP)
        program = one.folder / "docker"
        program.write_text(_PROGRAM)
        one.sh('install -m 755 "$LAB/docker" /usr/local/bin/docker')
        with one.inside("box", sys.executable, "-m", "http.server", "6379", "--bind", "172.17.0.2"):
            one.sh(_until("ip netns exec box", "172.17.0.2/6379"))
            yield one


def _until(where: str, place: str) -> str:
    return f"for i in $(seq 100); do {where} bash -c '</dev/tcp/{place}' 2>/dev/null && exit 0; sleep 0.1; done; exit 1"


def _reached(machine: Machine) -> bool:
    """Whether somebody on the internet gets a connection."""
    asked = "ip netns exec world timeout 3 bash -c '</dev/tcp/198.51.100.1/16379' 2>/dev/null && echo yes || true"
    return machine.sh(asked).strip() == "yes"


@pytest.mark.parametrize(
    ("rules", "opened"),
    quick_first(
        [
            ((), True),
            (("-i up0 -j DROP",), False),
            (("! -s 198.51.100.9/32 -i up0 -j DROP",), False),
            (("-s 198.51.100.9/32 -j DROP",), True),
            (("-p tcp -m conntrack --ctorigdstport 16379 --ctdir ORIGINAL -j REJECT",), False),
            (("-p tcp -m tcp --dport 16379 -j DROP",), True),
            (("-p tcp -m tcp --dport 6379 -m conntrack --ctstate NEW -j DROP",), False),
            (("-i up0 -j RETURN", "-i up0 -j DROP"), True),
            (("! -i up0 -j RETURN", "-d 172.16.0.0/12 -p tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP"), False),
        ]
    ),
    ids=lambda case: " / ".join(case) or "nothing" if isinstance(case, tuple) else "",
)
def test_published_port(machine: Machine, judge: Judge, rules: tuple[str, ...], *, opened: bool) -> None:
    """The kernel is asked as well: a wrong word here is a database on the internet, or a launch that waits for nothing."""
    script = "; ".join(("true", *(f"iptables -A DOCKER-USER {rule}" for rule in rules)))
    with machine.changed(script, "iptables -F DOCKER-USER"):
        assert _reached(machine) is opened
        said = verdict(judge, "server-firewall", seen(machine), machine)
    expected = "lets everybody in at 16379/tcp, which Docker publishes past ufw for the container cache"
    assert expected in said if opened else said == "PASS"


def test_docker_that_does_not_answer(machine: Machine, judge: Judge) -> None:
    """Rules of a stopped engine may stand; what cannot be read is not nothing."""
    broken = "printf '#!/bin/sh\\necho Cannot connect to the Docker daemon; exit 1\\n' > /usr/local/bin/docker"
    with machine.changed(broken, 'install -m 755 "$LAB/docker" /usr/local/bin/docker'):
        said = verdict(judge, "server-firewall", seen(machine), machine)
    assert said.startswith("ERROR")
    assert "Cannot connect to the Docker daemon" in said
