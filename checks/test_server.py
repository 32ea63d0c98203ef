"""The machines that the service runs on, asked over SSH: what was ordered, who gets in, what runs, and as whom."""

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.server import FirewallRule, ServerEvidence
from gonogo.families.servers.section import Server

_KEYS_ONLY = {"publickey"}
_NEARLY = 0.9
"""Of what was ordered: the kernel keeps some memory, the file system some of the disk."""
_FULL = 0.9
_INWARD = ("lo", "wg", "tun", "tailscale", "docker", "br-", "veth")
"""Interfaces that do not lead to the internet."""
_OPENS = {"ALLOW", "ALLOW IN", "LIMIT", "LIMIT IN"}


@pytest.mark.check("server-login-methods")
def test_keys_are_the_only_way_in(server: ServerEvidence) -> None:
    """A server that asks for passwords is being asked for them around the clock, by everybody.

    Fix: in sshd_config: PasswordAuthentication no, KbdInteractiveAuthentication no; then systemctl reload ssh.
    """
    for login in server.logins:
        others = sorted(set(login.methods) - _KEYS_ONLY)
        assert not others, f"{server.address}: {login.user} may try to log in by {', '.join(others)}"
        assert login.methods, f"{server.address}: offers {login.user} no way to log in at all"


@pytest.mark.check("server-sshd")
def test_sshd_is_configured_for_keys(server: ServerEvidence) -> None:
    """What sshd is told, also for those whom it would not ask today.

    Fix: in sshd_config: PasswordAuthentication no, KbdInteractiveAuthentication no, PermitRootLogin
    prohibit-password; `sshd -T` shows what holds; then systemctl reload ssh.
    """
    told = server.sshd
    if told is None:
        raise _not_shown(server, "sshd")
    # Before OpenSSH 8.7 keyboard-interactive had the other name.
    interactive = told.get("kbdinteractiveauthentication", told.get("challengeresponseauthentication", ""))
    for keyword, value in (
        ("passwordauthentication", told.get("passwordauthentication", "")),
        ("kbdinteractiveauthentication", interactive),
        ("permitemptypasswords", told.get("permitemptypasswords", "")),
    ):
        assert value == "no", f"{server.address}: sshd has {keyword} {value or 'at its default'}"
    root = told.get("permitrootlogin", "")
    assert root in {"no", "prohibit-password", "without-password", "forced-commands-only"}, (
        f"{server.address}: sshd has permitrootlogin {root or 'at its default'}"
    )


@pytest.mark.check("server-os")
def test_operating_system_is_the_declared_one(server: ServerEvidence, environment: Environment) -> None:
    """Another version than was tested has other libraries, other defaults and another end of support.

    Fix: rebuild the server from the right image, or correct the server's os in the environment file.
    """
    declared = _declared(server, environment)
    if declared.os is None:
        raise _undeclared(server, "os")
    if server.os is None:
        raise _not_shown(server, "os")
    assert server.os == declared.os, f"{server.address} runs {server.os}, not {declared.os}"


@pytest.mark.check("server-size")
def test_server_is_as_large_as_ordered(server: ServerEvidence, environment: Environment) -> None:
    """A resize that was never done shows up as memory that runs out on the first busy evening.

    Fix: resize the server at the provider, or correct the server's size in the environment file.
    """
    declared = _declared(server, environment)
    if declared.cpus is None or declared.memory is None or declared.disk is None:
        raise _undeclared(server, "cpus, memory and disk")
    if server.cpus is None or server.memory is None or server.disk is None:
        raise _not_shown(server, "cpus, memory or disk")
    assert server.cpus >= declared.cpus, f"{server.address}: processors: {server.cpus}, not {declared.cpus}"
    assert server.memory >= _NEARLY * declared.memory, (
        f"{server.address} has {_gib(server.memory)} of memory, not {_gib(declared.memory)}"
    )
    assert server.disk >= _NEARLY * declared.disk, (
        f"{server.address} has a disk of {_gib(server.disk)}, not {_gib(declared.disk)}"
    )


@pytest.mark.check("server-room")
def test_server_has_room_left(server: ServerEvidence) -> None:
    """A disk that is full stops the database; memory that is full lets the kernel choose what to kill.

    Fix: find what grows (du -x / | sort -n, ps aux --sort=-rss), and remove it, or enlarge the server.
    """
    if server.disk_used is None or server.memory_used is None or server.load is None or not server.cpus:
        raise _not_shown(server, "disk, memory or load")
    assert server.disk_used < _FULL, f"{server.address}: the disk is {server.disk_used:.0%} full"
    assert server.memory_used < _FULL, f"{server.address}: {server.memory_used:.0%} of the memory is in use"
    busy = server.load / server.cpus
    assert busy < _FULL, (
        f"{server.address}: {server.load:.2f} processes want {server.cpus} processors (mean of five minutes)"
    )


@pytest.mark.check("server-firewall")
def test_firewall_lets_in_what_is_declared_only(server: ServerEvidence, environment: Environment) -> None:
    """Whatever listens on this machine tomorrow is on the internet, unless the firewall says no by itself.

    Fix: ufw default deny incoming; ufw delete the rule that is named here; ufw enable.
    """
    declared, firewall = _declared(server, environment), server.firewall
    _must_be_shown(server, "firewall")
    assert firewall is not None, f"{server.address}: ufw is not installed"
    assert firewall.active, f"{server.address}: ufw is not active"
    assert firewall.incoming in {"deny", "reject"}, (
        f"{server.address}: by default, ufw would {firewall.incoming or 'do nobody knows what'} with incoming packets"
    )
    open_to_all = [rule for rule in firewall.rules if rule.action in _OPENS and rule.source.startswith("Anywhere")]
    wrong = sorted({_without_v6(rule.to) for rule in open_to_all if not _permitted(rule, declared)})
    assert not wrong, f"{server.address}: ufw lets everybody in at {', '.join(wrong)}"


@pytest.mark.check("server-bans")
def test_attackers_are_banned(server: ServerEvidence, environment: Environment) -> None:
    """Guessing goes on for as long as it costs nothing.

    Fix: apt install fail2ban; enable the jail in /etc/fail2ban/jail.local; systemctl restart fail2ban.
    """
    declared = _declared(server, environment)
    _must_be_shown(server, "jails")
    assert server.jails is not None, f"{server.address}: fail2ban is not installed"
    missing = sorted(set(declared.jails) - set(server.jails))
    assert not missing, f"{server.address}: fail2ban has no active jail {', '.join(missing)}"


@pytest.mark.check("server-updates")
def test_security_updates_come_by_themselves(server: ServerEvidence) -> None:
    """Nobody logs in every night to install what was repaired yesterday.

    Fix: apt install unattended-upgrades; dpkg-reconfigure -plow unattended-upgrades.
    """
    if server.updates is None:
        raise _not_shown(server, "updates")
    for task in ("Update-Package-Lists", "Unattended-Upgrade"):
        every = server.updates.get(task, "0")
        assert every not in {"", "0"}, f"{server.address}: apt never runs {task} by itself"
    _active(server, "apt-daily-upgrade.timer")


@pytest.mark.check("server-non-root")
def test_service_does_not_run_as_root(server: ServerEvidence, environment: Environment) -> None:
    """A hole in a process of root is a hole in the whole machine.

    Fix: User= in the unit file, USER in the Dockerfile; then restart.
    """
    declared = _declared(server, environment)
    if not declared.processes:
        raise _undeclared(server, "processes")
    running = {process.name for process in server.processes}
    missing = sorted(set(declared.processes) - running)
    assert not missing, f"{server.address}: no process {', '.join(missing)} is running"
    as_root = sorted(process.name for process in server.processes if process.user == "root")
    assert not as_root, f"{server.address}: {', '.join(as_root)} runs as root"


@pytest.mark.check("server-services")
def test_everything_is_running(server: ServerEvidence, environment: Environment) -> None:
    """A worker that died on Friday is missed on launch day.

    Fix: systemctl status, or docker logs, of what is named here.
    """
    declared = _declared(server, environment)
    if not declared.units and not declared.containers:
        raise _undeclared(server, "units or containers")
    for unit in declared.units:
        _active(server, unit)
    if declared.containers and server.containers is None:
        raise _not_shown(server, "containers")
    for name in declared.containers:
        status = (server.containers or {}).get(name)
        assert status is not None, f"{server.address}: there is no container {name}"
        well = status.startswith("Up ") and "unhealthy" not in status
        assert well, f"{server.address}: the container {name} is not well: {status}"


@pytest.mark.check("server-renewal")
def test_certificates_are_renewed_by_themselves(server: ServerEvidence, environment: Environment) -> None:
    """A certificate that somebody has to remember will be forgotten once, and once is enough.

    Fix: systemctl enable --now certbot.timer, or whatever renews here; certbot renew --dry-run shows that it would.
    """
    renewal = _declared(server, environment).renewal
    if renewal is None:
        raise _undeclared(server, "renewal")
    _active(server, renewal)


@pytest.mark.check("server-logs-written")
def test_logs_are_being_written(server: ServerEvidence, environment: Environment) -> None:
    """When something breaks, the first question is what the log says. An old log says nothing.

    Fix: look where the service writes its log, who owns the file, and whether the disk is full.
    """
    declared = _declared(server, environment)
    if not declared.logs:
        raise _undeclared(server, "logs")
    if server.logs is None:
        raise _not_shown(server, "logs")
    longest = declared.log_silence.total_seconds()
    for log in server.logs:
        assert log.size is not None, f"{server.address}: there is no {log.path}"
        assert log.silent is not None
        assert log.silent <= longest, f"{server.address}: nothing was written to {log.path} for {log.silent} s"


@pytest.mark.check("server-logs-rotated")
def test_logs_are_rotated(server: ServerEvidence, environment: Environment) -> None:
    """A log without an end fills the disk, on the busiest day of all.

    Fix: a file in /etc/logrotate.d that names the log; logrotate --debug /etc/logrotate.conf tells what it would do.
    """
    declared = _declared(server, environment)
    if not declared.logs:
        raise _undeclared(server, "logs")
    _must_be_shown(server, "rotation")
    assert server.rotation is not None, f"{server.address}: logrotate is not installed"
    forgotten = [path for path in declared.logs if path not in server.rotation.considered]
    said = f"; logrotate says: {server.rotation.errors[0]}" if server.rotation.errors else ""
    assert not forgotten, f"{server.address}: nobody rotates {', '.join(forgotten)}{said}"


def _declared(server: ServerEvidence, environment: Environment) -> Server:
    return environment.table(Server)[server.scope[1]]


def _undeclared(server: ServerEvidence, what: str) -> Unobserved:
    return Unobserved(
        f"servers.{server.scope[1]} does not say what to expect", hint=f"declare {what} in the environment file"
    )


def _must_be_shown(server: ServerEvidence, what: str) -> None:
    """What is not there is a fact; what we were not shown is none."""
    if any(one.what == what for one in server.unseen):
        raise _not_shown(server, what)


def _not_shown(server: ServerEvidence, what: str) -> Unobserved:
    said = next((one.said for one in server.unseen if one.what in what), "it printed nothing that can be read")
    return Unobserved(
        f"{server.address} does not show {what}: {said}",
        hint=f"log in as servers.{server.scope[1]}.user, and try; what needs root is asked through sudo -n",
    )


def _active(server: ServerEvidence, unit: str) -> None:
    if unit not in server.units:
        raise _not_shown(server, "units")
    state = server.units[unit]
    assert state == "active", f"{server.address}: {unit} is {state}"


def _permitted(rule: FirewallRule, declared: Server) -> bool:
    """Whether a rule that is for everybody opens declared ports only, or does not lead to the internet."""
    what, _, interface = _without_v6(rule.to).partition(" on ")
    if interface.startswith(_INWARD):
        return True
    ports, _, _ = what.split(" ")[0].partition("/")
    numbers = [number for part in ports.split(",") for number in part.split(":")]
    ranges = ":" in ports
    return not ranges and all(number.isdecimal() and int(number) in declared.open_ports for number in numbers)


def _without_v6(to: str) -> str:
    return to.replace(" (v6)", "")


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
