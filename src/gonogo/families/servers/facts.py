"""Reads output of a Debian or Ubuntu server's programs into facts. What is not understood is no fact."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from gonogo.clients.ssh import CommandOutput
from gonogo.evidence.server import Container, JailLogs, LogFile, Rotation, RunningProcess

_COMM_CHARACTERS = 15
"""What the kernel keeps of a command's name (proc(5), comm)."""
_MOST = 50


def os_release(output: CommandOutput) -> str | None:
    """Name and version (os-release(5))."""
    values = {}
    for line in output.text.splitlines():
        name, _, value = line.partition("=")
        with suppress(ValueError):  # an open quote
            values[name] = "".join(shlex.split(value))
    return " ".join(values[key] for key in ("NAME", "VERSION_ID") if values.get(key)) or None


def codename(output: CommandOutput) -> str:
    """The name of the release (os-release(5), VERSION_CODENAME); empty if there is none."""
    match = re.search(r"^VERSION_CODENAME=[\"']?(\w+)", output.output, re.MULTILINE)
    return match[1] if match else ""


def number(output: CommandOutput) -> int | None:
    """The one that it printed."""
    return int(output.text) if output.status == 0 and output.text.strip().isdecimal() else None


def memory(output: CommandOutput) -> tuple[int, float] | None:
    """Size in bytes, and the share in use (proc(5), meminfo)."""
    amounts = {
        name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+): +(\d+) kB$", output.text, re.MULTILINE)
    }
    total, available = amounts.get("MemTotal"), amounts.get("MemAvailable")
    if not total or available is None:
        return None
    return total, 1 - available / total


def disk(output: CommandOutput) -> tuple[int, float] | None:
    """Size in bytes, and the share in use, as df -P prints it: what is reserved for root counts as used."""
    rows = [line.split() for line in output.text.splitlines()[1:]]
    for row in rows:
        with suppress(ValueError, IndexError, ZeroDivisionError):
            size, used, free = (int(column) for column in row[1:4])
            return size, used / (used + free)
    return None


def load(output: CommandOutput) -> float | None:
    """The mean of five minutes (proc(5), loadavg)."""
    with suppress(ValueError, IndexError):
        return float(output.text.split()[1])
    return None


def jails(output: CommandOutput) -> tuple[str, ...]:
    """Names of fail2ban's jails; none if its server does not answer."""
    match = re.search(r"Jail list:\s*(.*)$", output.text, re.MULTILINE)
    return tuple(name.strip() for name in match[1].split(",") if name.strip()) if match else ()


def jail_sources(output: CommandOutput) -> tuple[tuple[str, ...], str] | None:
    """The files that a jail reads, or else the journal's entries (``fail2ban-client status JAIL``)."""
    files = re.search(r"File list:[ \t]*(.*)$", output.output, re.MULTILINE)
    journal = re.search(r"Journal matches:[ \t]*(.*)$", output.output, re.MULTILINE)
    if output.status or (files is None and journal is None):
        return None
    return tuple(files[1].split()[:_MOST]) if files else (), journal[1].strip()[:200] if journal else ""


def jail_logs(name: str, sources: tuple[tuple[str, ...], str], files: Sequence[LogFile]) -> JailLogs:
    """Select the files that this jail reads."""
    paths, journal = sources
    return JailLogs(name=name, journal=journal, files=tuple(file for file in files if file.path in paths))


def periodic(output: CommandOutput) -> dict[str, str] | None:
    """The settings of apt's own timetable (apt.conf(5), APT::Periodic)."""
    return dict(re.findall(r'^APT::Periodic::([\w-]+) "([^"\n]{0,100})";$', output.text, re.MULTILINE)) or None


def upgrades(output: CommandOutput) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] | None:
    """From where unattended-upgrades installs, on which days only, and which packages it leaves alone."""
    if output.status:
        return None
    lists = ("Allowed-Origins|Origins-Pattern", "Update-Days", "Package-Blacklist")
    origins, days, blacklist = (
        re.findall(rf'^Unattended-Upgrade::(?:{name}):: "([^"\n]{{0,200}})";$', output.output, re.MULTILINE)[:_MOST]
        for name in lists
    )
    return tuple(origins), tuple(days), tuple(blacklist)


def package(output: CommandOutput) -> str | None:
    """The status of a package by dpkg; empty for one that it does not know."""
    unknown = "no packages found" in output.output
    return None if output.status and not unknown else "" if unknown else output.output.strip()[:10]


def units(output: CommandOutput, names: Sequence[str]) -> dict[str, str] | None:
    """Systemctl answers in the order in which it was asked, with an empty line in between."""
    units = {}
    for name, states in _blocks(output, names):
        loaded, active = states.get("LoadState", ""), states.get("ActiveState", "")
        if loaded and active:
            units[name] = _state(active, states) if loaded == "loaded" else loaded
    return units or None


def _state(active: str, states: Mapping[str, str]) -> str:
    """The state of a unit that is there; what calls itself active, and does nothing any more, has ended."""
    ended = states.get("SubState") == "exited" and states.get("Type") != "oneshot"
    return "exited" if ended else "elapsed" if states.get("SubState") == "elapsed" else active


def failures(output: CommandOutput, names: Sequence[str]) -> dict[str, str]:
    """Select the units whose last run did not end well, each with its Result (systemd.service(5))."""
    return {
        name: ", ".join(filter(None, (states["Result"], states.get("ExecMainExitTimestamp"))))[:200]
        for name, states in _blocks(output, names)
        if states.get("Result", "success") not in {"success", ""}
    }


def _blocks(output: CommandOutput, names: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    for name, block in zip(names, output.output.strip().split("\n\n"), strict=False):
        yield name, dict(line.partition("=")[::2] for line in block.splitlines())


def processes(output: CommandOutput, names: Sequence[str]) -> tuple[RunningProcess, ...]:
    """The declared ones; a name and a user once."""
    wanted = {name[:_COMM_CHARACTERS]: name for name in names}
    running = {
        (comm.strip(), user) for user, _, comm in (line.strip().partition(" ") for line in output.output.splitlines())
    }
    return tuple(RunningProcess(name=wanted[comm], user=user) for comm, user in sorted(running) if comm in wanted)


def containers(listed: CommandOutput, inspected: CommandOutput) -> dict[str, Container] | None:
    """Name to status, with the restarts of those that were inspected."""
    if listed.status:
        return None
    restarts = dict(re.findall(r"^/?(\S+)\|(\d+)$", inspected.output, re.MULTILINE))
    rows = (line.partition("|")[::2] for line in listed.output.splitlines())
    return {
        name: Container(status=status[:100], restarts=int(restarts[name]) if name in restarts else None)
        for name, status in rows
    }


def logs(output: CommandOutput, paths: Sequence[str], clock: int) -> tuple[LogFile, ...]:
    """Facts of ``stat`` about each file, and the time of asking; files that do not exist are among them."""
    files = {
        match[3]: LogFile(path=match[3], size=int(match[2]), silent=clock - int(match[1]))
        for match in re.finditer(r"^(\d+) (\d+) (/.*)$", output.output, re.MULTILINE)
    }
    return tuple(files.get(path, LogFile(path=path)) for path in paths)


def rotation(output: CommandOutput) -> Rotation:
    """The files that logrotate handles, those that it skips, and its complaints."""
    blocks = re.split(r"^considering log (.+)$", output.output, flags=re.MULTILINE)
    considered = [(log.strip()[:300], text) for log, text in zip(blocks[1::2], blocks[2::2], strict=True)]
    errors = [line.strip()[:300] for line in re.findall(r"^error: (.+)$", output.output, re.MULTILINE)]
    return Rotation(
        considered=tuple(dict.fromkeys(log for log, _ in considered)),
        skipped={log: why for log, text in considered if (why := _skipped(text))},
        errors=tuple(dict.fromkeys(errors))[:_MOST],
    )


def _skipped(text: str) -> str:
    """Why logrotate leaves a log as it is: in what it prints before it comes to the next pattern."""
    own = text.partition("\nrotating pattern: ")[0]
    match = re.search(r"^(?:error: )?\s*(skipping .*|.*-- skipping.*)$", own, re.MULTILINE)
    return match[1].strip()[:300] if match else ""
