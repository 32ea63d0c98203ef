"""What programs of Debian and Ubuntu print, word for word, and what is read of it."""

from ipaddress import ip_network

import pytest

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.firewall import Firewall, FirewallRule, share_of_the_internet
from gonogo.evidence.server import Container, LogFile, RunningProcess
from gonogo.families.servers import facts, firewall_facts, sshd_facts

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
FAIL2BAN_DOWN = (
    "2026-11-25 13:25:15,870 fail2ban                [17429]: ERROR   Failed to access socket path: "
    "/var/run/fail2ban/fail2ban.sock. Is fail2ban running?\n"
)
LOGROTATE = """\
warning: logrotate in debug mode does nothing except printing debug messages!  Consider using verbose mode (-v) instead
reading config file /etc/logrotate.conf
including /etc/logrotate.d
error: /etc/logrotate.d/broken:3 unknown option 'dayly' -- ignoring line

Handling 2 logs

rotating pattern: /var/log/unattended-upgrades/unattended-upgrades.log 
/var/log/unattended-upgrades/unattended-upgrades-dpkg.log
 monthly (6 rotations)
considering log /var/log/unattended-upgrades/unattended-upgrades.log
  log /var/log/unattended-upgrades/unattended-upgrades.log does not exist -- skipping

rotating pattern: /var/log/workme/*.log  after 1 days (14 rotations)
empty log files are rotated, old logs are removed
considering log /var/log/workme/api.log
"""  # noqa: W291 - as logrotate has it
DF = """\
Filesystem        1-blocks        Used    Available Capacity Mounted on
/dev/vda1      83057684480 25718267904  57322639360      31% /
"""


def said(text: str, status: int = 0) -> CommandOutput:
    """What came."""
    return CommandOutput(status=status, text=text)


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


def test_bans() -> None:
    """A server that is down has no jail."""
    assert facts.jails(said("Status\n|- Number of jail:\t2\n`- Jail list:\tnginx-limit-req, sshd\n")) == (
        "nginx-limit-req",
        "sshd",
    )
    assert facts.jails(said("Status\n|- Number of jail:\t0\n`- Jail list:\t\n")) == ()
    assert facts.jails(said(FAIL2BAN_DOWN, 255)) == ()


def test_operating_systems() -> None:
    """Quoted or not; a rolling release has no version."""
    assert facts.os_release(said('NAME="Ubuntu"\nVERSION_ID="22.04"\nID=ubuntu\n')) == "Ubuntu 22.04"
    assert facts.os_release(said("NAME=Fedora\nVERSION_ID=41\n")) == "Fedora 41"
    assert facts.os_release(said('NAME="Arch Linux"\n')) == "Arch Linux"
    assert facts.os_release(said('NAME="open\ncat: nothing\n', 1)) is None


def test_sizes() -> None:
    """In bytes; what cannot be read is no fact."""
    assert facts.memory(said("MemTotal:        4005000 kB\nMemFree: 1 kB\nMemAvailable:    2002500 kB\n")) == (
        4005000 * 1024,
        0.5,
    )
    assert facts.disk(said(DF)) == pytest.approx((83057684480, 0.3097), abs=1e-4)
    assert facts.number(said("2\n")) == 2
    assert facts.load(said("0.31 0.24 0.19 1/214 81244\n")) == 0.24
    for read in (facts.memory, facts.disk):
        assert read(said("bash: no such file\n", 1)) is None
    assert facts.disk(said("Filesystem 1-blocks\nnone 0 0 0 - /\n")) is None
    assert facts.number(said("two\n")) is None
    assert facts.load(said("")) is None


def test_sshd() -> None:
    """The keywords about logging in, and no others."""
    text = "port 22\npermitrootlogin without-password\npasswordauthentication no\nciphers aes256-ctr\n"
    assert sshd_facts.settings(said(text)) == {"permitrootlogin": "without-password", "passwordauthentication": "no"}
    assert sshd_facts.settings(said("sshd: no hostkeys available -- exiting.\n", 1)) is None


MATCH_LINES = (
    "User deploy,backup*",
    "LocalPort 2222",
    "Address 10.0.0.0/8,!10.1.0.0/16",
    "Address 192.168.*",
    'Group "sudo users" Host *.example.com',
    "Address 2001:db8::/32 User root",
    "User *,!root",
    "all",
)


def test_match_lines() -> None:
    """As sshd itself tells of them, those of included files too, once each."""
    text = "".join(f"debug3: checking syntax for 'Match {line}'\r\n" for line in MATCH_LINES)
    text += "debug3: checking match for 'User deploy,backup*' user x host h addr 192.0.2.1 laddr 192.0.2.2 lport 22\r\n"
    assert sshd_facts.match_lines(said(text)) == MATCH_LINES


def test_connections_that_match_lines_tell_apart() -> None:
    """A block that nobody asks about lets somebody in with a password, and nobody hears of it."""
    usual = sshd_facts.Connection()
    told = {one.difference(usual) for one in sshd_facts.connections(MATCH_LINES, usual)}
    assert told == {"", "port 2222", "from 10.0.0.1", "from 192.168.1.1", "host a.example.com", "from 2001:db8::1"}


def test_accounts_that_may_log_in() -> None:
    """Those whom a block names come first; system accounts without a shell do not come at all."""
    passwd = (
        "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/usr/sbin:/usr/sbin/nologin\n"
        "files:x:1003:1003::/srv:/usr/sbin/nologin\nbackup2:x:34:34::/var:/usr/sbin/nologin\n"
        "nobody:x:65534:65534::/:/usr/sbin/nologin\npostgres:x:105:112::/var/lib/postgresql:/bin/bash\n"
    )
    assert sshd_facts.accounts([said(passwd)], MATCH_LINES, ["root", "gonogo"]) == [
        *("root", "backup2", "gonogo", "files", "postgres"),
    ]


def test_updates() -> None:
    """Apt's own timetable."""
    text = 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "0";\n'
    assert facts.periodic(said(text)) == {"Update-Package-Lists": "1", "Unattended-Upgrade": "0"}
    assert facts.periodic(said('APT::Periodic "";\n')) is None


def test_units() -> None:
    """In the order in which they were asked for: systemd may know one by another name."""
    text = "LoadState=loaded\nActiveState=active\nResult=success\n\nLoadState=not-found\nActiveState=inactive\n"
    assert facts.units(said(text), ["mysql.service", "gone.service"]) == {
        "mysql.service": "active",
        "gone.service": "not-found",
    }
    no_systemd = "System has not been booted with systemd as init system (PID 1). Can't operate.\n"
    assert facts.units(said(no_systemd, 1), ["a.service"]) is None


def test_processes() -> None:
    """The declared ones only, by what the kernel keeps of their names."""
    text = "root                             sshd\nworkme                           uvicorn\n"
    text += "workme                           uvicorn\nroot                             a-very-long-nam\n"
    assert facts.processes(said(text), ["uvicorn", "a-very-long-name-indeed"]) == (
        RunningProcess(name="a-very-long-name-indeed", user="root"),
        RunningProcess(name="uvicorn", user="workme"),
    )


def test_runs_that_failed() -> None:
    """A timer that is active says nothing about what it started."""
    text = "LoadState=loaded\nActiveState=failed\nResult=exit-code\nExecMainExitTimestamp=Mon 2026-01-12 03:00:01 UTC\n"
    assert facts.failures(said(text), ["certbot.service"]) == {
        "certbot.service": "exit-code, Mon 2026-01-12 03:00:01 UTC"
    }
    assert facts.failures(said("LoadState=loaded\nActiveState=active\nResult=success\n"), ["a.service"]) == {}


def test_containers() -> None:
    """Docker's own words; a daemon that does not answer is no empty list."""
    listed = said("api|Up 3 days (healthy)\nredis|Exited (1) 2 hours ago\n")
    assert facts.containers(listed, said("/api|214\nError: No such object: redis\n", 1)) == {
        "api": Container(status="Up 3 days (healthy)", restarts=214),
        "redis": Container(status="Exited (1) 2 hours ago"),
    }
    assert facts.containers(said("Cannot connect to the Docker daemon\n", 1), said("", 1)) is None


def test_logs() -> None:
    """By the server's clock; a file that is not there is named."""
    text = "1000 812 /var/log/a b.log\nstat: cannot statx '/var/log/gone': No such file or directory\n"
    assert facts.logs(said(text, 1), ["/var/log/a b.log", "/var/log/gone"], 1060) == (
        LogFile(path="/var/log/a b.log", size=812, silent=60),
        LogFile(path="/var/log/gone"),
    )


def test_rotation() -> None:
    """What is looked at, and what is wrong."""
    found = facts.rotation(said(LOGROTATE))
    assert "/var/log/workme/api.log" in found.considered
    assert found.errors == ("/etc/logrotate.d/broken:3 unknown option 'dayly' -- ignoring line",)


def test_rotation_that_does_not_happen() -> None:
    """Logrotate looks at a log, and leaves it as it is: it says so behind its name."""
    text = (
        'considering log /var/log/workme/api.log\nerror: skipping "/var/log/workme/api.log" because parent directory '
        'has insecure permissions (It\'s world writable or writable by group which is not "root")\n\n'
        "rotating pattern: /var/log/other.log  weekly (4 rotations)\nconsidering log /var/log/other.log\n"
        "  log /var/log/other.log does not exist -- skipping\nconsidering log /var/log/good.log\n  Now: 2026-11-25 22:20\n"
    )
    found = facts.rotation(said(text))
    assert set(found.skipped) == {"/var/log/workme/api.log", "/var/log/other.log"}
    assert "insecure permissions" in found.skipped["/var/log/workme/api.log"]


JAIL = """\
Status for the jail: workme-api
|- Filter
|  |- Currently failed:\t0
|  |- Total failed:\t0
|  `- File list:\t/var/log/workme/api.log /var/log/workme/old.log
`- Actions
   `- Banned IP list:\t
"""
JOURNAL = "Status for the jail: sshd\n|- Filter\n|  `- Journal matches:\t_SYSTEMD_UNIT=sshd.service + _COMM=sshd\n"


def test_what_jails_read() -> None:
    """Files, or the journal; a jail that is not there reads neither."""
    assert facts.jail_sources(said(JAIL)) == (("/var/log/workme/api.log", "/var/log/workme/old.log"), "")
    assert facts.jail_sources(said(JOURNAL)) == ((), "_SYSTEMD_UNIT=sshd.service + _COMM=sshd")
    assert facts.jail_sources(said("Sorry but the jail 'x' does not exist\n", 255)) is None


def test_upgrades() -> None:
    """The package that installs, and from where."""
    assert facts.package(said("ii ")) == "ii"
    assert facts.package(said("dpkg-query: no packages found matching unattended-upgrades\n", 1)) == ""
    assert facts.package(said("dpkg-query: error: lock\n", 2)) is None
    text = (
        'Unattended-Upgrade "";\nUnattended-Upgrade::Origins-Pattern "";\n'
        'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian-Security";\n'
        'Unattended-Upgrade::Package-Blacklist "";\n'
    )
    assert facts.upgrades(said(text)) == (("origin=Debian,codename=${distro_codename},label=Debian-Security",), (), ())


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


NAMELESS = "sudo: unable to resolve host vm: Temporary failure in name resolution\n"


@pytest.mark.parametrize(
    ("text", "status", "missing", "refused"),
    [
        ("sudo: a password is required\n", 1, False, True),
        (
            "Sorry, user gonogo is not allowed to execute '/usr/sbin/ufw status verbose' as root on api. (sudo)\n",
            1,
            False,
            True,
        ),
        ("sudo: ufw: command not found\n", 1, True, False),
        ("bash: line 1: ufw: command not found\n", 127, True, False),
        ("sh: 1: ufw: not found\n", 127, True, False),
        ("sh: 1: sudo: not found\n", 127, False, True),
        ("bash: line 1: sudo: command not found\n", 127, False, True),
        ("sh: 1: sudo: Permission denied\n", 126, False, True),
        ("sudo: /etc/sudoers is world writable\nsudo: no valid sudoers sources found, quitting\n", 1, False, True),
        ("sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set\n", 1, False, True),
        (
            "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set\n",
            1,
            False,
            True,
        ),
        (NAMELESS + "sudo: a password is required\n", 1, False, True),
        (NAMELESS + "gonogo is not in the sudoers file.\n", 1, False, True),
        ("sudo: interactive authentication is required\n", 1, False, True),
        (NAMELESS + "sudo: ufw: command not found\n", 1, True, False),
        ("sudo: unable to resolve host api: Name or service not known\n" + FAIL2BAN_DOWN, 255, False, False),
        ("sudo: unable to resolve host api: Name or service not known\n" + UFW, 0, False, False),
    ],
)
def test_refused_missing_or_said(text: str, status: int, missing: bool, refused: bool) -> None:  # noqa: FBT001 - a table
    """What is not installed is a fact, what sudo forbids is none."""
    one = said(text, status)
    assert (one.missing, one.refused) == (missing, refused)


def test_refusals_behind_warnings() -> None:
    """A machine that cannot resolve its own name warns first; what sudo refused stands behind it."""
    assert said(NAMELESS + "sudo: a password is required\n", 1).first_line == "sudo: a password is required"
    assert said(NAMELESS + FAIL2BAN_DOWN, 255).first_line.endswith("Is fail2ban running?")
    assert said(NAMELESS + "Ubuntu\n").output == "Ubuntu\n"
    assert said("sh: 1: sudo: not found\n", 127).first_line.startswith("there is no sudo on this machine")
