"""What programs of Debian and Ubuntu print, word for word, and what is read of it."""

import pytest

from gonogo.clients.ssh import Said
from gonogo.evidence.server import Firewall, FirewallRule, LogFile, RunningProcess
from gonogo.families.servers import facts

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


def said(text: str, status: int = 0) -> Said:
    """What came."""
    return Said(status=status, text=text)


def test_firewall() -> None:
    """Every column, however wide the first is; comments are nobody's source."""
    found = facts.firewall(said(UFW))
    assert found is not None
    assert (found.active, found.incoming, len(found.rules)) == (True, "deny", 7)
    assert found.rules[1] == FirewallRule(to="5432", action="ALLOW IN", source="Anywhere")
    assert found.rules[2].source == "10.0.0.0/8"
    assert found.rules[-1].to == "80,443/tcp (Nginx Full (v6))"
    assert facts.firewall(said("Status: inactive\n")) == Firewall(active=False)
    assert facts.firewall(said("ERROR: problem running iptables\n", 1)) is None


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
    assert facts.memory(said("MemTotal:        4005000 kB\nMemFree: 1 kB\nMemAvailable:    2002500 kB\n")) == {
        "memory": 4005000 * 1024,
        "memory_used": 0.5,
    }
    assert facts.disk(said(DF)) == {"disk": 83057684480, "disk_used": pytest.approx(0.3097, abs=1e-4)}
    assert facts.number(said("2\n")) == 2
    assert facts.load(said("0.31 0.24 0.19 1/214 81244\n")) == 0.24
    for read in (facts.memory, facts.disk):
        assert read(said("bash: no such file\n", 1)) == {}
    assert facts.disk(said("Filesystem 1-blocks\nnone 0 0 0 - /\n")) == {}
    assert facts.number(said("two\n")) is None
    assert facts.load(said("")) is None


def test_sshd() -> None:
    """The keywords about logging in, and no others."""
    text = "port 22\npermitrootlogin without-password\npasswordauthentication no\nciphers aes256-ctr\n"
    assert facts.sshd(said(text)) == {"permitrootlogin": "without-password", "passwordauthentication": "no"}
    assert facts.sshd(said("sshd: no hostkeys available -- exiting.\n", 1)) is None


def test_updates() -> None:
    """Apt's own timetable."""
    text = 'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "0";\n'
    assert facts.periodic(said(text)) == {"Update-Package-Lists": "1", "Unattended-Upgrade": "0"}
    assert facts.periodic(said('APT::Periodic "";\n')) is None


def test_units() -> None:
    """In the order in which they were asked for: systemd may know one by another name."""
    text = "LoadState=loaded\nActiveState=active\n\nLoadState=not-found\nActiveState=inactive\n"
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


def test_containers() -> None:
    """Docker's own words; a daemon that does not answer is no empty list."""
    assert facts.containers(said("api|Up 3 days (healthy)\nredis|Exited (1) 2 hours ago\n")) == {
        "api": "Up 3 days (healthy)",
        "redis": "Exited (1) 2 hours ago",
    }
    assert facts.containers(said("Cannot connect to the Docker daemon\n", 1)) is None


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
        ("sudo: unable to resolve host api: Name or service not known\n" + FAIL2BAN_DOWN, 255, False, False),
        ("sudo: unable to resolve host api: Name or service not known\n" + UFW, 0, False, False),
    ],
)
def test_refused_missing_or_said(text: str, status: int, missing: bool, refused: bool) -> None:  # noqa: FBT001 - a table
    """What is not installed is a fact, what sudo forbids is none."""
    one = said(text, status)
    assert (one.missing, one.refused) == (missing, refused)
