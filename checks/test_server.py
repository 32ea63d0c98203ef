"""The machines that the service runs on, asked over SSH: what was ordered, who gets in, what runs, and as whom."""

import re
from datetime import timedelta

import pytest

from gonogo.base.comparing import at_least, at_most, below, equal, nothing, one_of, shown, so, there
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.firewall import FirewallRule, openings
from gonogo.evidence.server import JailLogs, ServerEvidence
from gonogo.families.servers.section import Server
from gonogo.families.servers.showing import must_be_shown, not_shown
from gonogo.families.servers.upgrades import is_daily, upgrade_fault

_NEARLY = 0.9
"""Share of what was ordered that must be there: the kernel keeps some memory, the file system some of the disk."""
_FULL = 0.9
_EVERYBODY = 1 / 256
"""Share of the internet: nobody's own network is as large."""
_STALE = timedelta(days=1)
"""A log that nobody has written for so long is not the one that attackers are seen in."""
_UPGRADED_WITHIN = timedelta(days=3)
_RESTARTS = 3
_CLOCKS_DIFFER_SECONDS = 300
_JUST_STARTED = re.compile(r"^Up (?:Less than|\d+ second|About a minute|[1-9] minute)")


@pytest.mark.check("server-os")
def test_operating_system_is_the_declared_one(server: ServerEvidence, environment: Environment) -> None:
    """Another version than the tested one has other libraries, other defaults and another end of support.

    Fix: rebuild the server from the right image, or correct the server's os in the environment file.
    """
    declared = _declared(server, environment)
    if declared.os is None:
        raise _undeclared(server, "os")
    if server.os is None:
        raise not_shown(server, "os")
    assert equal(server.os, declared.os, "operating system"), f"{server.address} runs {server.os}, not {declared.os}"


@pytest.mark.check("server-size")
def test_server_is_as_large_as_ordered(server: ServerEvidence, environment: Environment) -> None:
    """If a resize was forgotten, memory runs out on the first busy evening.

    Fix: resize the server at the provider, or correct the server's size in the environment file.
    """
    declared = _declared(server, environment)
    if declared.cpus is None or declared.memory is None or declared.disk is None:
        raise _undeclared(server, "cpus, memory and disk")
    if server.cpus is None or server.memory is None or server.disk is None:
        raise not_shown(server, "cpus, memory or disk")
    assert at_least(server.cpus, declared.cpus, "processors"), (
        f"{server.address}: processors: {server.cpus}, not {declared.cpus}"
    )
    assert at_least(server.memory, _NEARLY * declared.memory, "memory", "B"), (
        f"{server.address} has {_gib(server.memory)} of memory, not {_gib(declared.memory)}"
    )
    assert at_least(server.disk, _NEARLY * declared.disk, "disk", "B"), (
        f"{server.address} has a disk of {_gib(server.disk)}, not {_gib(declared.disk)}"
    )


@pytest.mark.check("server-room")
def test_server_has_room_left(server: ServerEvidence) -> None:
    """A full disk stops the database; when memory is full, the kernel kills a process of its choice.

    Fix: find what grows (du -x / | sort -n, ps aux --sort=-rss), and remove it; or enlarge the server.
    """
    if server.disk_used is None or server.memory_used is None or server.load is None or not server.cpus:
        raise not_shown(server, "disk, memory or load")
    assert below(server.disk_used, _FULL, "disk in use", "share"), (
        f"{server.address}: the disk is {server.disk_used:.0%} full"
    )
    assert below(server.memory_used, _FULL, "memory in use", "share"), (
        f"{server.address}: {server.memory_used:.0%} of the memory is in use"
    )
    busy = server.load / server.cpus
    assert below(busy, _FULL, "processors wanted (mean of five minutes)", "share"), (
        f"{server.address}: {server.load:.2f} processes need {server.cpus} processors (mean of five minutes)"
    )


@pytest.mark.check("server-firewall")
def test_firewall_lets_in_what_is_declared_only(server: ServerEvidence, environment: Environment) -> None:
    """Unless the firewall refuses by default, everything that listens on this machine is on the internet.

    Fix: ufw default deny incoming; ufw delete the rule that is named here; ufw enable. What Docker publishes is bound
    to 127.0.0.1 (ports: "127.0.0.1:6379:6379"), or dropped in the chain DOCKER-USER.
    """
    declared, firewall = _declared(server, environment), server.firewall
    must_be_shown(server, "firewall")
    assert there(firewall, "ufw", "installed", "not installed"), f"{server.address}: ufw is not installed"
    assert so(firewall.active, "ufw now", "active", "not active"), f"{server.address}: ufw is not active"
    assert so(firewall.enabled, "ufw at the start of the machine", "enabled", "not enabled"), (
        f"{server.address}: ufw is active now, but does not start with the machine: ENABLED=no in /etc/ufw/ufw.conf; run ufw enable"
    )
    assert one_of(firewall.incoming, ("deny", "reject"), "incoming packets by default"), (
        f"{server.address}: by default, ufw would {firewall.incoming or 'do something unknown'} with incoming packets"
    )
    open_to_all = " and ".join(f"IPv{version}" for version in firewall.unfiltered)
    assert nothing(firewall.unfiltered, "IP versions whose packets are all taken in"), (
        f"{server.address}: ufw reports that it is active, but the kernel accepts all packets of {open_to_all} that no rule is "
        "about (-P INPUT ACCEPT): something emptied the filter; run ufw disable, then ufw enable, to fill it again"
    )
    wide = openings(firewall, server.uplinks, declared.open_ports, at_least=_EVERYBODY)
    wrong = list(dict.fromkeys(_told(rule, share) for rule, share in wide))
    assert nothing(wrong, "openings that are not declared"), f"{server.address}: ufw {', '.join(wrong)}"
    for subject in ("filter", "start", "published"):
        must_be_shown(server, subject)
    unclear = sorted({rule.interface for rule in firewall.rules if server.uplinks is None and rule.by_a_bridge})
    if unclear:
        raise Unobserved(
            f"{server.address}: it is not known whether {', '.join(unclear)} leads to the internet",
            hint="ip route show default, as servers.NAME.user, shows which interface does",
        )


@pytest.mark.check("server-bans")
def test_attackers_are_banned(server: ServerEvidence, environment: Environment) -> None:
    """Attackers guess passwords until something stops them, and a jail that reads an unused log sees no attack.

    Fix: apt install fail2ban; enable the jail in /etc/fail2ban/jail.local, with the logpath that the service writes
    (or backend = systemd); systemctl restart fail2ban; fail2ban-client status JAIL shows what it reads.
    """
    declared = _declared(server, environment)
    must_be_shown(server, "jails")
    assert there(server.jails, "fail2ban", "installed", "not installed"), f"{server.address}: fail2ban is not installed"
    missing = sorted(set(declared.jails) - set(server.jails))
    assert nothing(missing, "jails that are not active", of=len(declared.jails)), (
        f"{server.address}: fail2ban has no active jail {', '.join(missing)}"
    )
    for jail in server.jail_logs or ():
        _reads_a_log(jail, server, declared)
    must_be_shown(server, "jail_logs")
    if server.jail_logs is None and declared.jails:
        raise not_shown(server, "jail_logs")


@pytest.mark.check("server-updates")
def test_security_updates_come_by_themselves(server: ServerEvidence) -> None:
    """Nobody installs security fixes by hand every night.

    Fix: apt install unattended-upgrades; dpkg-reconfigure -plow unattended-upgrades; apt-config dump APT::Periodic
    shows "1" for both tasks, and no Enable "0"; unattended-upgrade --dry-run -v shows what it would install.
    """
    if server.updates is None:
        raise not_shown(server, "updates")
    assert so(server.updates.get("Enable", "1") != "0", "apt by itself", "enabled", "off"), (
        f'{server.address}: APT::Periodic::Enable is "0": apt does nothing'
    )
    for task in ("Update-Package-Lists", "Unattended-Upgrade"):
        every = server.updates.get(task, "0")
        assert so(every not in {"", "0"}, f"{task} by itself", "runs", "never"), (
            f"{server.address}: apt never runs {task} by itself"
        )
        assert shown(is_daily(every), f"days between {task}", every, "1"), (
            f'{server.address}: apt runs {task} every "{every}" days; every day ("1") is expected'
        )
    must_be_shown(server, "upgrader")
    installed = server.upgrader is None or server.upgrader.startswith("ii")
    assert so(installed, "package unattended-upgrades", "installed, or not told", "not installed"), (
        f"{server.address}: the package unattended-upgrades is not installed: the timer runs, but installs nothing"
    )
    fault = upgrade_fault(server)
    assert so(not fault, "what is upgraded", "security updates", fault), (
        f"{server.address}: unattended-upgrades {fault}"
    )
    for timer in ("apt-daily.timer", "apt-daily-upgrade.timer"):
        _active(server, timer)
    failure = server.failures.get("apt-daily-upgrade.service")
    assert so(not failure, "last upgrade", "no failure told", "failed"), (
        f"{server.address}: the last unattended upgrade failed: {failure}"
    )
    assert server.upgraded is None or at_most(_ago(server.upgraded), _UPGRADED_WITHIN, "last upgrade ago"), (
        f"{server.address}: unattended-upgrades last ran {_days(server.upgraded)} ago; at most 3 days are allowed"
    )


@pytest.mark.check("server-non-root")
def test_service_does_not_run_as_root(server: ServerEvidence, environment: Environment) -> None:
    """A vulnerability in a process that runs as root gives away the whole server.

    Fix: User= in the unit file, USER in the Dockerfile; then restart.
    """
    declared = _declared(server, environment)
    if not declared.processes:
        raise _undeclared(server, "processes")
    running = {process.name for process in server.processes}
    missing = sorted(set(declared.processes) - running)
    assert nothing(missing, "processes that do not run", of=len(declared.processes)), (
        f"{server.address}: no process {', '.join(missing)} is running"
    )
    as_root = sorted(process.name for process in server.processes if process.user == "root")
    assert nothing(as_root, "processes that run as root", of=len(server.processes)), (
        f"{server.address}: {', '.join(as_root)} runs as root"
    )


@pytest.mark.check("server-services")
def test_everything_is_running(server: ServerEvidence, environment: Environment) -> None:
    """A worker that stopped on Friday is missing on launch day.

    Fix: run systemctl status, or docker logs, for what is named here.
    """
    declared = _declared(server, environment)
    if not declared.units and not declared.containers:
        raise _undeclared(server, "units or containers")
    for unit in declared.units:
        _active(server, unit)
    if declared.containers and server.containers is None:
        raise not_shown(server, "containers")
    for name in declared.containers:
        container = (server.containers or {}).get(name)
        assert there(container, f"container {name}"), f"{server.address}: there is no container {name}"
        waits = "health: starting" in container.status and not _JUST_STARTED.match(container.status)
        well = container.status.startswith("Up ") and not re.search("unhealthy|Paused", container.status) and not waits
        assert shown(well, f"state of {name}", container.status, "up and well"), (
            f"{server.address}: the container {name} does not run well: {container.status}"
        )
        again = (container.restarts or 0) >= _RESTARTS and _JUST_STARTED.match(container.status)
        assert so(not again, "starts again and again", "no", "yes"), (
            f"{server.address}: the container {name} restarts repeatedly: {container.status}, "
            f"after {container.restarts} restarts"
        )


@pytest.mark.check("server-renewal")
def test_certificates_are_renewed_by_themselves(server: ServerEvidence, environment: Environment) -> None:
    """If somebody has to renew a certificate by hand, one day they will forget.

    Fix: systemctl enable --now certbot.timer, or whatever renews here; certbot renew --dry-run shows whether it works.
    """
    renewal = _declared(server, environment).renewal
    if renewal is None:
        raise _undeclared(server, "renewal")
    _active(server, renewal)
    service = renewal.removesuffix(".timer") + ".service"
    failure = server.failures.get(service)
    assert so(not failure, "last renewal", "no failure told", "failed"), (
        f"{server.address}: the last renewal failed: {service}: {failure}"
    )


@pytest.mark.check("server-logs-written")
def test_logs_are_being_written(server: ServerEvidence, environment: Environment) -> None:
    """When something breaks, the first question is what the log says. An old log says nothing.

    Fix: look where the service writes its log, who owns the file, and whether the disk is full.
    """
    declared = _declared(server, environment)
    if not declared.logs:
        raise _undeclared(server, "logs")
    if server.logs is None:
        raise not_shown(server, "logs")
    for log in server.logs:
        assert so(log.size is not None, "logs", "there", f"{log.path} missing"), (
            f"{server.address}: there is no {log.path}"
        )
        assert there(log.silent, "last line of a log"), f"{server.address}: {log.path} is empty"
        if log.silent < -_CLOCKS_DIFFER_SECONDS:
            raise Unobserved(
                f"{server.address}: {log.path} is dated in the future",
                hint="check the clock of this machine, and the server's",
            )
        if not log.size:
            raise Unobserved(
                f"{server.address}: {log.path} is empty", hint="it was just rotated, or the service writes elsewhere"
            )
        assert at_most(_ago(log.silent), declared.log_silence, f"last line of {log.path} ago", kind="silence"), (
            f"{server.address}: nothing was written to {log.path} for {log.silent} s"
        )


@pytest.mark.check("server-logs-rotated")
def test_logs_are_rotated(server: ServerEvidence, environment: Environment) -> None:
    """A log that is never rotated fills the disk, on the busiest day.

    Fix: a file in /etc/logrotate.d that names the log; logrotate --debug /etc/logrotate.conf shows what it would do.
    """
    declared = _declared(server, environment)
    if not declared.logs:
        raise _undeclared(server, "logs")
    must_be_shown(server, "rotation")
    assert there(server.rotation, "logrotate", "installed", "not installed"), (
        f"{server.address}: logrotate is not installed"
    )
    errors = server.rotation.errors
    logrotate_error = f"; logrotate says: {errors[0]}" if errors else ""
    forgotten = [path for path in declared.logs if path not in server.rotation.considered]
    assert nothing(forgotten, "logs that nobody rotates", of=len(declared.logs)), (
        f"{server.address}: nothing rotates {', '.join(forgotten)}{logrotate_error}"
    )
    for path in declared.logs:
        skipped = server.rotation.skipped.get(path)
        assert so(not skipped, f"{path}", "rotated", "skipped"), (
            f"{server.address}: {path} is not rotated; logrotate says: {skipped}"
        )
    assert nothing(errors, "errors of logrotate"), f"{server.address}: logrotate says: {'; '.join(errors[:3])}"
    states = server.units
    runs = states.get("logrotate.timer") == "active" or (
        states.get("logrotate.timer") == "not-found" and states.get("cron.service") == "active"
    )
    assert so(runs or not states, "logrotate runs by itself", "yes, or not told", "no"), (
        f"{server.address}: logrotate.timer is {states.get('logrotate.timer')}: nothing runs logrotate"
    )
    failure = server.failures.get("logrotate.service")
    assert so(not failure, "last run of logrotate", "no failure told", "failed"), (
        f"{server.address}: the last run of logrotate failed: {failure}"
    )


def _declared(server: ServerEvidence, environment: Environment) -> Server:
    return environment.table(Server)[server.scope[1]]


def _undeclared(server: ServerEvidence, subject: str) -> Unobserved:
    return Unobserved(
        f"servers.{server.scope[1]} does not say what to expect", hint=f"declare {subject} in the environment file"
    )


def _active(server: ServerEvidence, unit: str) -> None:
    if unit not in server.units:
        raise not_shown(server, "units")
    state = server.units[unit]
    assert equal(state, "active", unit), f"{server.address}: {unit} is {state}"


def _told(rule: FirewallRule, share: float) -> str:
    whom = "everybody" if share > 0.99 else f"{share:.0%} of the internet"  # noqa: PLR2004 - but for some reserved addresses
    effect = f"forwards {whom} to" if rule.forwards else f"lets {whom} in at"
    return ", ".join(filter(None, (f"{effect} {rule.to.replace(' (v6)', '')}", rule.past_ufw)))


def _reads_a_log(jail: JailLogs, server: ServerEvidence, declared: Server) -> None:
    """Judge what the jail reads: the log that is declared for it, or one that is being written."""
    where = f"{server.address}: fail2ban's jail {jail.name}"
    paths = [file.path for file in jail.files]
    wanted = declared.jail_logs.get(jail.name)
    if wanted is not None:
        assert shown(wanted in paths, f"logs that jail {jail.name} reads", paths, wanted), (
            f"{where} does not read {wanted}, but {', '.join(paths) or jail.journal or 'nothing'}"
        )
        return
    if jail.journal:
        return
    assert shown(paths, f"logs that jail {jail.name} reads", paths, "some"), f"{where} reads no log at all"
    silent = [file.silent for file in jail.files if file.silent is not None]
    assert shown(silent, f"logs of jail {jail.name} that are there", len(silent), "1 at least"), (
        f"{where} reads {', '.join(paths)}, which is not there"
    )
    longest = declared.log_silence if set(paths) & set(declared.logs) else _STALE
    assert at_most(_ago(min(silent)), longest, f"last line that jail {jail.name} saw ago", kind="jail"), (
        f"{where} reads {', '.join(paths)}, to which nothing was written for {_days(min(silent))}"
    )


def _ago(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


def _days(seconds: int) -> str:
    if seconds < 2 * 3600:
        return f"{seconds} s"
    return f"{seconds // 86400} d" if seconds >= 2 * 86400 else f"{seconds // 3600} h"


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
