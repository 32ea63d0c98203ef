"""What programs of Debian and Ubuntu print, word for word, and what is read of it."""

import pytest

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.server import Container, LogFile, RunningProcess
from gonogo.families.servers import facts, sshd_facts

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
    ended = "LoadState=loaded\nActiveState=active\nSubState={}\nType={}\n"
    kinds = [("exited", "simple"), ("exited", "oneshot"), ("elapsed", ""), ("waiting", ""), ("running", "notify")]
    seen = facts.units(said("\n".join(ended.format(*kind) for kind in kinds)), [*"abcde"])
    assert seen == {"a": "exited", "b": "active", "c": "elapsed", "d": "active", "e": "active"}
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
        ("sudo: unable to resolve host api: Name or service not known\n" + DF, 0, False, False),
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
