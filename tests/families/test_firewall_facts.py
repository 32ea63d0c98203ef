"""What ufw and iptables print, word for word, and what is read of it."""

from ipaddress import ip_network

import pytest

from gonogo.evidence.firewall import Firewall, FirewallRule, share_of_the_internet
from gonogo.families.servers import firewall_facts
from tests.families.test_server_facts import said

UFW = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere                  
5432                       ALLOW IN    Anywhere                   # the analysts
6379                       ALLOW IN    10.0.0.0/8                
22/tcp (OpenSSH)           LIMIT IN    Anywhere                  
Anywhere on wg0            ALLOW IN    Anywhere                  
5432 (v6)                  ALLOW IN    Anywhere (v6)             
80,443/tcp (Nginx Full (v6)) ALLOW IN    Anywhere (v6)             
"""  # noqa: W291 - as ufw pads


def test_firewall() -> None:
    """Every column, however wide the first is; comments are nobody's source."""
    found = firewall_facts.firewall(said(UFW))
    assert found is not None
    assert (found.active, found.incoming, len(found.rules)) == (True, "deny", 7)
    assert found.rules[1] == FirewallRule(to="5432", action="ALLOW IN", source="Anywhere")
    assert found.rules[2].source == "10.0.0.0/8"
    assert found.rules[-1].to == "80,443/tcp (Nginx Full (v6))"
    assert firewall_facts.firewall(said("Status: inactive\n")) == Firewall(active=False)
    assert firewall_facts.firewall(said("ERROR: problem running iptables\n", 1)) is None


IPTABLES = """\
-P INPUT DROP
-P FORWARD DROP
-N ufw-before-input
-A INPUT -j ufw-before-input
-A INPUT -i eth0 -p tcp -m multiport --dports 5432,6432 -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT
-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT
-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT
-A ufw-before-input -p tcp -m tcp --dport 27017 -j ACCEPT
-A ufw-before-forward -d 10.0.0.5/32 -p tcp -m tcp --dport 3306 -j ACCEPT
-A ufw-before-input -m set --match-set office src -j ACCEPT
-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT
-A ufw-track-output -p tcp -m conntrack --ctstate NEW -j ACCEPT
"""


def test_rules_that_ufw_does_not_list() -> None:
    """Before.rules go first, and ``ufw status`` says nothing of them."""
    found = firewall_facts.beside(said(IPTABLES), 4)
    assert found is not None
    assert [(rule.to, rule.action, rule.source) for rule in found] == [
        ("5432,6432/tcp on eth0", "ACCEPT INPUT", "Anywhere"),
        ("Anywhere", "ACCEPT FORWARD", "Anywhere on docker0"),
        ("Anywhere on lo", "ACCEPT ufw-before-input", "Anywhere"),
        ("224.0.0.251 5353/udp", "ACCEPT ufw-before-input", "Anywhere"),
        ("27017/tcp", "ACCEPT ufw-before-input", "Anywhere"),
        ("10.0.0.5 3306/tcp", "ACCEPT ufw-before-forward", "Anywhere"),
    ]
    assert firewall_facts.beside(said("iptables: Permission denied\n", 4), 4) is None


UFW_FILES = """\
/etc/ufw/ufw.conf:# Set to yes to start on boot. If setting this remotely, be sure to add a rule
/etc/ufw/ufw.conf:ENABLED=yes
/etc/default/ufw:IPV6=yes
/etc/ufw/before.rules:*nat
/etc/ufw/before.rules:-A POSTROUTING -p tcp --dport 25 -j ACCEPT
/etc/ufw/before.rules:COMMIT
/etc/ufw/before.rules:*filter
/etc/ufw/before.rules:-A ufw-before-input -m conntrack --ctstate INVALID -j DROP
/etc/ufw/before.rules:-A ufw-before-input -i lo -j ACCEPT
/etc/ufw/user.rules:*filter
/etc/ufw/user.rules:### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
/etc/ufw/user.rules:-A ufw-user-input -p tcp --dport 22 -j ACCEPT
/etc/ufw/user.rules:-A ufw-user-input -p tcp --dport 25 -j REJECT --reject-with icmp-port-unreachable
/etc/ufw/user.rules:-I ufw-user-forward --protocol tcp --destination-port=mysql --source 10.0.0.0/8,0.0.0.0/1 --jump ACCEPT
/etc/ufw/user.rules:-A ufw-user-limit-accept -j ACCEPT
/etc/ufw/user6.rules:*filter
/etc/ufw/user6.rules:-A ufw6-user-input -p tcp --dport 443 -j ufw6-user-limit-accept
"""


def test_what_ufw_loads_at_its_next_start() -> None:
    """Its files are those of iptables-restore: several tables, long options, names of ports, lists of addresses."""
    start = firewall_facts.start(said(UFW_FILES))
    assert start is not None
    assert start.enabled
    user = "RESTORE ufw-user-{} /etc/ufw/user.rules"
    assert [(rule.to, rule.action, rule.source) for rule in start.rules] == [
        ("Anywhere on lo", "RESTORE ufw-before-input /etc/ufw/before.rules", "Anywhere"),
        ("22/tcp", user.format("input"), "Anywhere"),
        ("25/tcp", "DENY IN", "Anywhere"),
        ("3306/tcp", user.format("forward"), "10.0.0.0/8"),
        ("3306/tcp", user.format("forward"), "0.0.0.0/1"),
        ("443/tcp (v6)", "RESTORE ufw6-user-input /etc/ufw/user6.rules", "Anywhere (v6)"),
    ]
    without_ipv6 = firewall_facts.start(
        said(UFW_FILES.replace("IPV6=yes", "IPV6=no").replace("ENABLED=yes", "ENABLED=no"))
    )
    assert without_ipv6 is not None
    assert (without_ipv6.enabled, len(without_ipv6.rules)) == (False, 5)
    assert firewall_facts.start(said("grep: /etc/ufw/user.rules: Permission denied\n" + UFW_FILES, 2)) is None
    assert firewall_facts.start(said("sudo: a password is required\n", 1)) is None


def test_interfaces_that_lead_to_the_internet() -> None:
    """By the default routes, and by public addresses; a bridge may be the uplink."""
    addresses = said(
        "1: lo    inet 127.0.0.1/8 scope host lo\n2: br-uplink    inet 10.0.0.2/24 scope global br-uplink\n"
        "3: eth1@if9    inet6 2a01:4f8::2/64 scope global \n4: br-7d1    inet 172.18.0.1/16 scope global br-7d1\n"
    )
    routes = [said("default via 10.0.0.1 dev br-uplink proto static\n"), said("")]
    assert firewall_facts.uplinks(routes, addresses) == ("br-uplink", "eth1")
    assert firewall_facts.uplinks([said("sh: 1: ip: not found\n", 127), said("")], addresses) is None


@pytest.mark.parametrize(
    ("to", "source", "ports", "network", "interface"),
    [
        ("203.0.113.10 443/tcp", "Anywhere", ((443, 443),), "0.0.0.0/0", ""),
        ("203.0.113.10 80,443/tcp on eth0", "10.0.0.0/8", ((80, 80), (443, 443)), "10.0.0.0/8", "eth0"),
        ("6000:6007/tcp (v6)", "Anywhere (v6)", ((6000, 6007),), "::/0", ""),
        ("27017 (v6) on br-uplink", "Anywhere (v6)", ((27017, 27017),), "::/0", "br-uplink"),
        ("22/tcp (OpenSSH (v6))", "Anywhere (v6)", ((22, 22),), "::/0", ""),
        ("2001:db8::1 443/tcp", "2001:db8::/32", ((443, 443),), "2001:db8::/32", ""),
        ("Anywhere", "10.0.0.0/8 22/tcp (OpenSSH)", ((0, 65535),), "10.0.0.0/8", ""),
        ("Anywhere", "53", ((0, 65535),), "0.0.0.0/0", ""),
        ("Anywhere/esp", "Anywhere/esp", (), "0.0.0.0/0", ""),
        ("Anywhere", "10.0.0.0/8/gre", ((0, 65535),), "10.0.0.0/8", ""),
        ("Anywhere/tcp", "Anywhere/tcp", ((0, 65535),), "0.0.0.0/0", ""),
    ],
)
def test_spellings_of_ufw(
    to: str, source: str, ports: tuple[tuple[int, int], ...], network: str, interface: str
) -> None:
    """A target address before the port, applications, protocols and interfaces behind it (ufw 0.36)."""
    rule = FirewallRule(to=to, action="ALLOW IN", source=source)
    assert (rule.ports, str(rule.network), rule.interface) == (ports, network, interface)


@pytest.mark.parametrize(
    ("networks", "share"),
    [
        (("0.0.0.0/1", "128.0.0.0/1"), 0.99),
        (("0.0.0.0/0",), 0.99),
        (("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"), 0.99),
        (("2000::/4", "3000::/4"), 0.99),
        (("::/0",), 0.99),
        (("10.0.0.0/8", "192.168.0.0/16", "fd00::/8"), 0),
        (("203.0.113.0/24",), 0),
        (("64.0.0.0/2",), 0.25),
    ],
)
def test_how_much_of_the_internet(networks: tuple[str, ...], share: float) -> None:
    """Halves are everybody; private networks are nobody of the internet."""
    assert share_of_the_internet(map(ip_network, networks)) == pytest.approx(share, abs=0.02)
