"""Servers as Debian makes them: a real sshd, sudo, ufw, fail2ban, apt and logrotate, healthy and with one thing wrong."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.server import ServerEvidence
from gonogo.families.registry import environment_from
from gonogo.families.servers.probe import probe_server, server_questions
from tests.checks.conftest import Judge
from tests.lab import verdicts
from tests.lab.machine import LOG, USER, Machine
from tests.lab.table import found


def environment(machine: Machine, **declared: Any) -> Environment:  # noqa: ANN401 - keys of the section
    """The machine, as a file declares it."""
    server = {
        "address": "127.0.0.1",
        "port": machine.port,
        "user": USER,
        "key": "SERVER_KEY",
        "host_key": machine.host_key.export_public_key().decode().strip(),
        "logs": [LOG],
        "jails": ["workme-api"],
        **declared,
    }
    service = {"name": "S", "base_url": "https://a.test"}
    return environment_from({"service": service, "servers": {"lab": server}})


def seen(machine: Machine) -> ServerEvidence:
    """What the probe sees."""
    secrets = Secrets({"SERVER_KEY": machine.visitor.export_private_key().decode()})
    (question,) = server_questions(environment(machine), secrets)
    return asyncio.run(probe_server(question))


def verdict(judge: Judge, check: str, evidence: ServerEvidence, machine: Machine) -> str:
    """``PASS``, the failure's message, or what could not be seen."""
    said = verdicts.verdict(judge, check, {"server": evidence}, environment(machine))
    found({} if said == "PASS" else {check: said})
    return said


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One for all tests of this module; each leaves it as it was."""
    with tempfile.TemporaryDirectory(prefix="gonogo-lab-") as folder, Machine(Path(folder) / "m").running() as one:
        yield one


def conf(text: str) -> tuple[str, str]:
    """A file that sshd includes, and its removal."""
    return f"printf '{text}' > /etc/ssh/lab.d/a.conf", "rm /etc/ssh/lab.d/a.conf"


SSHD = [
    (conf(""), "PASS"),
    (
        conf("Match User deploy\\n  PasswordAuthentication yes\\n"),
        "for deploy, by Match User deploy: sshd has password",
    ),
    (conf("Match Group deploy\\n  PasswordAuthentication yes\\n"), "for deploy, by Match Group deploy"),
    (
        conf("Match Address 10.0.0.0/8\\n  PasswordAuthentication yes\\n  PermitRootLogin yes\\n"),
        "(from 10.0.0.1), by Match Address 10.0.0.0/8: sshd has passwordauthentication yes",
    ),
    (conf("Match Address 10.0.0.0/8\\n  PermitRootLogin yes\\n"), "sshd has permitrootlogin yes"),
    (conf("Match LocalPort 2222\\n  PasswordAuthentication yes\\n"), "(port 2222), by Match LocalPort 2222"),
    (conf("Match LocalPort 2222\\n  X11Forwarding no\\n"), "PASS"),
    (conf("Match RDomain blue\\n  X11Forwarding no\\n"), "PASS"),
    (conf("Match User deploy LocalAddress 10.9.0.0/16\\n  KbdInteractiveAuthentication yes\\n"), "kbdinteractive"),
    (conf("Match User *,!root\\n  PermitEmptyPasswords yes\\n"), "permitemptypasswords yes"),
    (conf("HostbasedAuthentication yes\\n"), "sshd has hostbasedauthentication yes"),
    (conf("Match User deploy\\n  GSSAPIAuthentication yes\\n"), "for deploy, by Match User deploy: sshd has gssapi"),
    (
        conf("Match User deploy\\n  PasswordAuthentication yes\\n  AuthenticationMethods publickey,password\\n"),
        "PASS",
    ),
    (conf("Match Host *.example.net\\n  PasswordAuthentication yes\\n"), "(host a.example.net), by Match Host"),
]


@pytest.mark.parametrize(("change", "expected"), SSHD)
def test_match_blocks(machine: Machine, judge: Judge, change: tuple[str, str], expected: str) -> None:
    """One block in an included file lets somebody guess passwords, and ``sshd -T`` alone says no."""
    with machine.changed(*change):
        assert expected in verdict(judge, "server-sshd", seen(machine), machine)


NEEDING_ROOT = ("server-sshd", "server-firewall", "server-bans", "server-logs-written", "server-logs-rotated")
SUDO = [
    ("chmod 666 /etc/sudoers", "chmod 440 /etc/sudoers", "world writable"),
    ("mv /etc/sudoers.d/lab /tmp/lab-sudo", "mv /tmp/lab-sudo /etc/sudoers.d/lab", "a password is required"),
    (
        f"mv /etc/sudoers.d/lab /tmp/lab-sudo; echo 'deploy ALL=(ALL) ALL' > /etc/sudoers.d/x; hostname > {LOG}.h",
        f"rm /etc/sudoers.d/x {LOG}.h; mv /tmp/lab-sudo /etc/sudoers.d/lab",
        "a password is required",
    ),
    (
        f"echo '{USER} ALL=(ALL) NOPASSWD: /usr/bin/true' > /etc/sudoers.d/lab",
        f"echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab",
        "a password is required",
    ),
]


@pytest.mark.parametrize(("script", "back", "words"), SUDO)
def test_what_sudo_refuses_is_not_absent(machine: Machine, judge: Judge, script: str, back: str, words: str) -> None:
    """A server that does not show itself would be told to have no firewall: a wrong NO-GO."""
    with machine.changed(script, back):
        evidence = seen(machine)
    for check in NEEDING_ROOT:
        said = verdict(judge, check, evidence, machine)
        assert said.startswith("ERROR"), said
        assert words in said


def test_machine_without_sudo(machine: Machine, judge: Judge) -> None:
    """Debian's default where root has a password."""
    hidden = "mount --bind /dev/null /usr/bin/sudo"  # of this namespace alone
    with machine.changed(hidden, "umount /usr/bin/sudo"):
        evidence = seen(machine)
    for check in NEEDING_ROOT:
        assert "there is no sudo on this machine" in verdict(judge, check, evidence, machine)


def test_rights_as_narrow_as_the_document_asks_for(machine: Machine, judge: Judge) -> None:
    """The user of docs/environments.md: everything is seen, and nothing else may be done."""
    text = (Path(__file__).parents[2] / "docs" / "environments.md").read_text()
    lines = text.partition("```text\n")[2].partition("```")[0].replace("gonogo ALL", f"{USER} ALL", 1)
    assert lines.startswith(f"  {USER} ALL=(root) NOPASSWD: /usr/sbin/sshd")
    back = f"echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab"
    block = "printf 'Match User deploy\\n  X11Forwarding no\\n' > /etc/ssh/lab.d/a.conf"
    narrow = f"{block}; cat > /etc/sudoers.d/lab <<'END'\n{lines}END\nvisudo --check --file=/etc/sudoers.d/lab"
    with machine.changed(narrow, f"{back}; rm /etc/ssh/lab.d/a.conf"):
        evidence = seen(machine)
    assert not {one.what for one in evidence.unseen} - {"units"}, evidence.unseen
    assert verdict(judge, "server-sshd", evidence, machine) == "PASS"


@pytest.mark.parametrize("sessions", [1, 2])
def test_few_sessions(machine: Machine, judge: Judge, sessions: int) -> None:
    """Hardening guides lower MaxSessions; everything is seen all the same."""
    with machine.changed(*conf(f"MaxSessions {sessions}\\n")):
        evidence = seen(machine)
    assert not {one.what for one in evidence.unseen} - {"units"}
    assert verdict(judge, "server-sshd", evidence, machine) == "PASS"


def test_shell_that_prints(machine: Machine) -> None:
    """What .bashrc prints is nobody's answer."""
    bashrc = 'echo hello; echo there >&2; echo "passwordauthentication yes"'
    with machine.changed(
        f"echo '{bashrc}' > /run/home/.bashrc; chown {USER} /run/home/.bashrc", "rm /run/home/.bashrc"
    ):
        evidence = seen(machine)
    assert not {one.what for one in evidence.unseen} - {"units"}
    assert evidence.cpus
    assert evidence.logs is not None
    assert evidence.logs[0].silent is not None


def test_shell_that_runs_nothing(machine: Machine) -> None:
    """An account for files only: nothing was observed, and it says why."""
    with (
        machine.changed(f"usermod --shell /usr/sbin/nologin {USER}", f"usermod --shell /bin/bash {USER}"),
        pytest.raises(Unobserved, match="This account is currently not available"),
    ):
        seen(machine)


def by_hand(*lines: str, file: str = "user.rules", loaded: bool = True) -> tuple[str, str]:
    """Lines that somebody wrote into a file of ufw, without the comments by which ufw knows its own."""
    written = "; ".join(f"sed -i '/^### RULES/a {line}' /etc/ufw/{file}" for line in reversed(lines))
    load = "; ufw reload" * loaded
    return f"{written}{load}", f"sed -i '/27017/d; /https/d' /etc/ufw/{file}{load}"


FIREWALL = [
    ("true", "true", "PASS"),
    (
        "ufw allow from 0.0.0.0/1 to any port 27017; ufw allow from 128.0.0.0/1 to any port 27017",
        "ufw delete allow from 0.0.0.0/1 to any port 27017; ufw delete allow from 128.0.0.0/1 to any port 27017",
        "lets everybody in at 27017",
    ),
    (
        "ufw route allow proto tcp from any to any port 27017",
        "ufw route delete allow proto tcp from any to any port 27017",
        "forwards everybody to 27017/tcp",
    ),
    (
        "ufw allow proto tcp from any to 203.0.113.10 port 443",
        "ufw delete allow proto tcp from any to 203.0.113.10 port 443",
        "PASS",
    ),
    ("ufw allow in on wg0 to any port 27017", "ufw delete allow in on wg0 to any port 27017", "PASS"),
    ("ufw limit log 22/tcp comment 'for # all'", "ufw allow 22/tcp", "PASS"),
    (
        "sed -i '/^# don.t delete/i -A ufw-before-input -p tcp --dport 27017 -j ACCEPT' /etc/ufw/before.rules; ufw reload",
        "sed -i '/27017/d' /etc/ufw/before.rules; ufw reload",
        "27017/tcp, by a rule of ufw-before-input",
    ),
    (
        "iptables -I INPUT -p tcp -m multiport --dports 5432,6432 -j ACCEPT",
        "iptables -D INPUT -p tcp -m multiport --dports 5432,6432 -j ACCEPT",
        "5432,6432/tcp, by a rule of INPUT",
    ),
    (
        "iptables -F ufw-before-input; iptables -D INPUT -j ufw-before-input; iptables -P INPUT ACCEPT",
        "ufw disable; ufw --force enable",
        "the kernel accepts all packets of IPv4 that no rule is about",
    ),
    (
        "ip6tables -P INPUT ACCEPT; ip addr add 2001:db8::5/64 dev lo",
        "ip addr del 2001:db8::5/64 dev lo; ufw disable; ufw --force enable",
        "the kernel accepts all packets of IPv6 that no rule is about",
    ),
    ("ip6tables -P INPUT ACCEPT", "ufw disable; ufw --force enable", "PASS"),  # and no address of IPv6
    (
        # ufw then drops all of IPv6 but loopback's.
        "ufw disable; sed -i s/^IPV6=yes/IPV6=no/ /etc/default/ufw; ufw --force enable; ip addr add 2001:db8::5/64 dev lo",
        "ip addr del 2001:db8::5/64 dev lo; ufw disable; sed -i s/^IPV6=no/IPV6=yes/ /etc/default/ufw; ufw --force enable",
        "PASS",
    ),
    (
        *by_hand("-A ufw-user-input -p tcp --dport 27017 -j ACCEPT"),
        "lets everybody in at 27017/tcp, by a rule of ufw-user-input that ufw status does not list",
    ),
    (
        *by_hand("-A ufw-user-input --protocol tcp --destination-port=27017 --jump ACCEPT", loaded=False),
        "27017/tcp, by a rule of ufw-user-input in /etc/ufw/user.rules, which ufw loads at its next start or reload",
    ),
    (*by_hand(*(f"-A ufw-user-input -p tcp --dport 27017 -j {target}" for target in ("DROP", "ACCEPT"))), "PASS"),
    (*by_hand("-A ufw-user-input -p tcp --dport https -j ACCEPT", loaded=False), "PASS"),
    (
        *by_hand("-A ufw6-user-input -p tcp --dport 27017 -j ACCEPT", file="user6.rules"),
        "27017/tcp, by a rule of ufw6-user-input that ufw status does not list",
    ),
    (  # loaded, and in no file
        "iptables -I ufw-user-input -p tcp --dport 27017 -j ACCEPT",
        "iptables -D ufw-user-input -p tcp --dport 27017 -j ACCEPT",
        "27017/tcp, by a rule of ufw-user-input that ufw status does not list",
    ),
    (
        "iptables -I ufw-user-input -p tcp --dport 27017 -j ufw-user-limit-accept",
        "iptables -D ufw-user-input -p tcp --dport 27017 -j ufw-user-limit-accept",
        "27017/tcp, by a rule of ufw-user-input that ufw status does not list",
    ),
    (  # listed, and no longer loaded: what closes the port
        "ufw deny 27017/tcp; ufw allow 27017; iptables -D ufw-user-input -p tcp --dport 27017 -j DROP",
        "ufw delete deny 27017/tcp; ufw delete allow 27017",
        "lets everybody in at 27017",
    ),
    ("ufw deny 27017; ufw allow 27017/tcp", "ufw delete deny 27017; ufw delete allow 27017/tcp", "PASS"),
    (  # UDP alone is turned away
        "ufw deny 27017/udp; ufw allow 27017",
        "ufw delete deny 27017/udp; ufw delete allow 27017",
        "lets everybody in at 27017",
    ),
    (  # IPv4 alone is turned away
        "ufw deny from 0.0.0.0/0 to any port 27017; ufw allow 27017",
        "ufw delete deny from 0.0.0.0/0 to any port 27017; ufw delete allow 27017",
        "lets everybody in at 27017",
    ),
    (
        "sed -i '/^# don.t delete/i -A ufw-before-input -p tcp --dport 27017 -j ACCEPT' /etc/ufw/before.rules",
        "sed -i '/27017/d' /etc/ufw/before.rules",
        "by a rule of ufw-before-input in /etc/ufw/before.rules, which ufw loads at its next start or reload",
    ),
    ("sed -i s/^ENABLED=yes/ENABLED=no/ /etc/ufw/ufw.conf", "ufw --force enable", "does not start with the machine"),
    (
        "ufw limit 2222/tcp; ufw allow 80,443/tcp",
        "ufw delete limit 2222/tcp; ufw delete allow 80,443/tcp",
        "at 2222/tcp",
    ),
    ("ufw allow 80,443/tcp; ufw allow OpenSSH", "ufw delete allow 80,443/tcp; ufw delete allow OpenSSH", "PASS"),
    ("ufw default allow incoming", "ufw default deny incoming", "would allow"),
    ("ufw disable", "ufw --force enable", "ufw is not active"),
]
_QUICK = 3
"""The first of each list run in the gate, the others in the whole laboratory."""


def quick_first(cases: Sequence[Any]) -> list[Any]:
    """All cases; those behind the first few marked as long."""
    marks = ([] if number < _QUICK else [pytest.mark.whole] for number in range(len(cases)))
    return [pytest.param(*case, marks=some) for case, some in zip(cases, marks, strict=True)]


@pytest.fixture(scope="module")
def firewalled(machine: Machine) -> Machine:
    """With ufw on: Debian's own rules, and SSH."""
    machine.sh("ufw default deny incoming; ufw allow 22/tcp; ufw --force enable")
    return machine


@pytest.mark.parametrize(("script", "back", "expected"), quick_first(FIREWALL))
def test_firewall(firewalled: Machine, judge: Judge, script: str, back: str, expected: str) -> None:
    """Two halves are everybody, rules that ufw does not list are rules, and a declared port is no hole."""
    with firewalled.changed(script, back):
        assert expected in verdict(judge, "server-firewall", seen(firewalled), firewalled)


ROTATION = [
    ("true", "true", "PASS"),
    ("chmod 777 /var/log/workme", "chmod 755 /var/log/workme", "insecure permissions"),
    (
        "printf 'minsize\\nnonsense\\n' >> /etc/logrotate.d/workme",
        "sed -i '/minsize/d; /nonsense/d' /etc/logrotate.d/workme",
        "logrotate says:",
    ),
    ("mv /etc/logrotate.d/workme /tmp/lab-rotate", "mv /tmp/lab-rotate /etc/logrotate.d/workme", "nobody rotates"),
]


@pytest.mark.parametrize(("script", "back", "expected"), quick_first(ROTATION))
def test_rotation(machine: Machine, judge: Judge, script: str, back: str, expected: str) -> None:
    """A line that exists is not yet a log that is rotated."""
    with machine.changed(script, back):
        assert expected in verdict(judge, "server-logs-rotated", seen(machine), machine)


APT = "/etc/apt/apt.conf.d/99lab"
PERIODIC = 'APT::Periodic::Update-Package-Lists "1"; APT::Periodic::Unattended-Upgrade "{}"; {}'
UPDATES = [
    (PERIODIC.format("1", ""), "does not show units"),  # here is no systemd, whose timers come last
    (PERIODIC.format("1", 'APT::Periodic::Enable "0";'), "apt does nothing"),
    (PERIODIC.format("30", ""), 'every "30" days'),
    (PERIODIC.format("0", ""), "never runs Unattended-Upgrade"),
    (PERIODIC.format("1", "#clear Unattended-Upgrade::Origins-Pattern;"), "only from: nowhere"),
    (
        PERIODIC.format(
            "1",
            "#clear Unattended-Upgrade::Origins-Pattern; Unattended-Upgrade::Origins-Pattern "
            '{"origin=Debian,codename=buster,label=Debian-Security";};',
        ),
        "nothing from a security archive of this release, only from: origin=Debian,codename=buster",
    ),
    (PERIODIC.format("1", 'Unattended-Upgrade::Update-Days {"Sun";};'), "installs on Sun only"),
    (PERIODIC.format("1", 'Unattended-Upgrade::Package-Blacklist {".*";};'), "leaves every package alone"),
    (PERIODIC.format("1", 'Unattended-Upgrade::Package-Blacklist {"linux-";};'), "does not show units"),
]


@pytest.mark.parametrize(("text", "expected"), quick_first(UPDATES))
def test_updates(machine: Machine, judge: Judge, text: str, expected: str) -> None:
    """Two settings that say yes, beside one that says no."""
    with machine.changed(f"printf '%s\\n' '{text}' > {APT}", f"rm {APT}"):
        assert expected in verdict(judge, "server-updates", seen(machine), machine)


def test_upgrades_without_the_program(machine: Machine, judge: Judge) -> None:
    """Its settings were left behind when it was removed."""
    gone = "sed '/^Package: unattended-upgrades$/,/^$/d' /var/lib/dpkg/status > $LAB/status"
    with machine.changed(f"{gone}; mount --bind $LAB/status /var/lib/dpkg/status", "umount /var/lib/dpkg/status"):
        said = verdict(judge, "server-updates", seen(machine), machine)
    assert "unattended-upgrades is not installed" in said


JAIL = """[DEFAULT]
banaction = noop
[sshd]
enabled = false
[workme-api]
enabled = true
backend = polling
filter = workme
logpath = LOGPATH
"""


@pytest.mark.parametrize(
    ("log", "expected"),
    [(LOG, "PASS"), ("/var/log/workme/old.log", "/var/log/workme/old.log, to which nothing was written for 30 d")],
)
def test_bans(machine: Machine, judge: Judge, log: str, expected: str) -> None:
    """The API moved, and its jail watches what it left behind."""
    start = f"""touch -d '30 days ago' /var/log/workme/old.log
printf '[Definition]\\nfailregex = refused <HOST>\\n' > /etc/fail2ban/filter.d/workme.conf
printf '[Definition]\\nactionban =\\n' > /etc/fail2ban/action.d/noop.conf
printf '%s' '{JAIL.replace("LOGPATH", log)}' > /etc/fail2ban/jail.local
rm -f /etc/fail2ban/jail.d/*
fail2ban-server -b >/dev/null 2>&1
for i in $(seq 100); do fail2ban-client status workme-api >/dev/null 2>&1 && break; sleep 0.1; done
touch {LOG}"""
    with machine.changed(start, "fail2ban-client stop; rm /var/log/workme/old.log"):
        assert expected in verdict(judge, "server-bans", seen(machine), machine)
