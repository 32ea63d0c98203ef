"""What Docker prints of its ports, and what iptables makes of them, word for word."""

import pytest

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.firewall import FirewallRule
from gonogo.families.servers.docker_facts import Binding, Fate, bindings, fate, published

INSPECTED = """\
/mongo|{"27017/tcp":[{"HostIp":"0.0.0.0","HostPort":"27018"},{"HostIp":"::","HostPort":"27018"}]}|172.18.0.3  
/redis|{"6379/tcp":[{"HostIp":"127.0.0.1","HostPort":"6379"}]}|172.18.0.4  
/api|{"8000/tcp":null,"9000/udp":[{"HostIp":"","HostPort":"9000"}]}|172.18.0.5 fd00:1::5 
/by-the-host|{}| 
"""  # noqa: W291 - as Docker prints it
FILTER = """\
-P INPUT DROP
-P FORWARD DROP
-N DOCKER
-N DOCKER-FORWARD
-N DOCKER-USER
-N ufw-before-forward
-N ufw-user-forward
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A FORWARD -j ufw-before-forward
-A DOCKER -d 172.18.0.3/32 ! -i br-1 -o br-1 -p tcp -m tcp --dport 27017 -j ACCEPT
{}
"""
MONGO = Binding(container="mongo", host="", port=27018, inner="172.18.0.3", inner_port=27017, protocol="tcp")


def said(text: str, status: int = 0) -> CommandOutput:
    """Of a program."""
    return CommandOutput(status=status, text=text)


def test_ports_that_are_bound() -> None:
    """An exposed port is not published; what is bound to :: leads into a container that has such an address only."""
    found = bindings(said(INSPECTED))
    assert found is not None
    assert [(one.container, one.host, one.port, one.inner, one.protocol) for one in found] == [
        ("mongo", "", 27018, "172.18.0.3", "tcp"),
        ("redis", "127.0.0.1", 6379, "172.18.0.4", "tcp"),
        ("api", "", 9000, "172.18.0.5", "udp"),
        ("api", "", 9000, "fd00:1::5", "udp"),
    ]
    assert bindings(said("Cannot connect to the Docker daemon at unix:///var/run/docker.sock.", 1)) is None
    assert bindings(said("/mongo|{|172.18.0.3 \n")) is None


UFW_DOCKER = """\
-A DOCKER-USER -j ufw-user-forward
-A DOCKER-USER -s 172.16.0.0/12 -j RETURN
-A DOCKER-USER -p udp -m udp --sport 53 --dport 1024:65535 -j RETURN
-A DOCKER-USER -d 172.16.0.0/12 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ufw-docker-logging-deny
-A DOCKER-USER -j RETURN
-A ufw-docker-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix "[UFW DOCKER BLOCK] "
-A ufw-docker-logging-deny -j DROP
"""


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("-A DOCKER-USER -j RETURN", Fate.PASSES),
        ("-A DOCKER-USER -i eth0 -j DROP", Fate.DROPPED),
        ("-A DOCKER-USER -i eth1 -j DROP", Fate.PASSES),
        ("-A DOCKER-USER ! -i eth0 -j RETURN\n-A DOCKER-USER -j DROP", Fate.DROPPED),
        ("-A DOCKER-USER ! -s 203.0.113.9/32 -i eth0 -j DROP", Fate.DROPPED),
        ("-A DOCKER-USER -s 203.0.113.9/32 -j DROP", Fate.PASSES),
        ("-A DOCKER-USER -m set ! --match-set office src -j REJECT", Fate.DROPPED),
        ("-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 27018 --ctdir ORIGINAL -j DROP", Fate.DROPPED),
        ("-A DOCKER-USER -p tcp -m conntrack --ctorigdstport 27017 --ctdir ORIGINAL -j DROP", Fate.PASSES),
        ("-A DOCKER-USER -p tcp -m multiport --dports 5432,27000:27100 -j DROP", Fate.DROPPED),
        ("-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j DROP", Fate.PASSES),
        ("-A DOCKER-USER -m mac --mac-source 02:42:ac:11:00:02 -j DROP", Fate.UNKNOWN),
        (UFW_DOCKER, Fate.DROPPED),
        ("-A ufw-user-forward -d 172.18.0.3/32 -p tcp -m tcp --dport 27017 -j ACCEPT\n" + UFW_DOCKER, Fate.PASSES),
    ],
)
def test_what_comes_before_dockers_own_chains(rules: str, expected: Fate) -> None:
    """A port that is turned away in DOCKER-USER is none that is open, and one that is limited for some is."""
    assert fate(said(FILTER.format(rules)), MONGO, ("eth0",)) is expected


def test_no_chain_of_docker() -> None:
    """Docker's own tables accept, and those of iptables have the last word all the same."""
    rules = "-P INPUT DROP\n-P FORWARD DROP\n-A FORWARD -s 10.0.0.0/8 -j ACCEPT\n"
    assert fate(said(rules), MONGO, ("eth0",)) is Fate.DROPPED
    assert fate(said(rules.replace("FORWARD DROP", "FORWARD ACCEPT")), MONGO, ("eth0",)) is Fate.PASSES


def test_what_is_published_to_everybody() -> None:
    """With what is not clear told as such."""
    found = bindings(said(INSPECTED))
    assert found is not None
    open_filter = said(FILTER.format("-A DOCKER-USER -p udp -m ttl --ttl-lt 9 -j DROP"))
    rules, unclear = published(found, {4: open_filter, 6: open_filter}, ("eth0",))
    assert rules == (
        FirewallRule(to="27018/tcp", action="PUBLISH mongo", source="Anywhere"),
        FirewallRule(to="127.0.0.1 6379/tcp", action="PUBLISH redis", source="Anywhere"),
    )
    assert not rules[1].meets_the_internet(("eth0",))
    assert unclear.endswith("at 9000/udp of the container api, 9000/udp (v6) of the container api")
