"""What the programs of a Debian or Ubuntu server print, read into facts. What is not understood is no fact."""

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from gonogo.clients.ssh import Said
from gonogo.evidence.server import Firewall, FirewallRule, LogFile, Rotation, RunningProcess

_COMM_CHARACTERS = 15
"""What the kernel keeps of a command's name (proc(5), comm)."""
_MOST = 50
_RULE = re.compile(
    r"^(?P<to>\S.*?)\s+(?P<action>(?:ALLOW|LIMIT|DENY|REJECT)(?: IN| OUT| FWD)?)\s{2,}(?P<source>\S.*?)(?:\s+#.*)?$"
)
_SSHD = {
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "permitrootlogin",
    "permitemptypasswords",
    "pubkeyauthentication",
}


def os_release(said: Said) -> str | None:
    """Name and version (os-release(5))."""
    values = {}
    for line in said.text.splitlines():
        name, _, value = line.partition("=")
        with suppress(ValueError):  # an open quote
            values[name] = "".join(shlex.split(value))
    return " ".join(values[key] for key in ("NAME", "VERSION_ID") if values.get(key)) or None


def number(said: Said) -> int | None:
    """The one that it printed."""
    return int(said.text) if said.status == 0 and said.text.strip().isdecimal() else None


def memory(said: Said) -> dict[str, Any]:
    """In bytes (proc(5), meminfo)."""
    found = {
        name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+): +(\d+) kB$", said.text, re.MULTILINE)
    }
    total, available = found.get("MemTotal"), found.get("MemAvailable")
    if not total or available is None:
        return {}
    return {"memory": total, "memory_used": 1 - available / total}


def disk(said: Said) -> dict[str, Any]:
    """In bytes, as df -P prints it: what is reserved for root counts as used."""
    rows = [line.split() for line in said.text.splitlines()[1:]]
    for row in rows:
        with suppress(ValueError, IndexError, ZeroDivisionError):
            size, used, free = (int(column) for column in row[1:4])
            return {"disk": size, "disk_used": used / (used + free)}
    return {}


def load(said: Said) -> float | None:
    """The mean of five minutes (proc(5), loadavg)."""
    with suppress(ValueError, IndexError):
        return float(said.text.split()[1])
    return None


def sshd(said: Said) -> dict[str, str] | None:
    """Those keywords that tell how one may log in."""
    pairs = (line.partition(" ")[::2] for line in said.text.splitlines())
    return {name: value for name, value in pairs if name in _SSHD} or None


def firewall(said: Said) -> Firewall | None:
    """Of ``ufw status verbose``; None if it said nothing of the kind."""
    status = re.search(r"^Status: (\w+)", said.text, re.MULTILINE)
    if status is None:
        return None
    default = re.search(r"^Default: (\w+) \(incoming\)", said.text, re.MULTILINE)
    rules = (_RULE.match(line.rstrip()) for line in said.text.splitlines())
    return Firewall(
        active=status[1] == "active",
        incoming=default[1] if default else "",
        rules=tuple(FirewallRule(**rule.groupdict()) for rule in rules if rule),
    )


def jails(said: Said) -> tuple[str, ...]:
    """Of fail2ban; none if its server does not answer."""
    found = re.search(r"Jail list:\s*(.*)$", said.text, re.MULTILINE)
    return tuple(name.strip() for name in found[1].split(",") if name.strip()) if found else ()


def periodic(said: Said) -> dict[str, str] | None:
    """Of apt's own timetable (apt.conf(5), APT::Periodic)."""
    return dict(re.findall(r'^APT::Periodic::([\w-]+) "([^"\n]{0,100})";$', said.text, re.MULTILINE)) or None


def units(said: Said, names: Sequence[str]) -> dict[str, str] | None:
    """Systemctl answers in the order in which it was asked, with an empty line in between."""
    found = {}
    for name, block in zip(names, said.text.strip().split("\n\n"), strict=False):
        states = dict(line.partition("=")[::2] for line in block.splitlines())
        loaded, active = states.get("LoadState", ""), states.get("ActiveState", "")
        if loaded and active:
            found[name] = active if loaded == "loaded" else loaded
    return found or None


def processes(said: Said, names: Sequence[str]) -> tuple[RunningProcess, ...]:
    """The declared ones; a name and a user once."""
    wanted = {name[:_COMM_CHARACTERS]: name for name in names}
    found = {(comm.strip(), user) for user, _, comm in (line.strip().partition(" ") for line in said.text.splitlines())}
    return tuple(RunningProcess(name=wanted[comm], user=user) for comm, user in sorted(found) if comm in wanted)


def containers(said: Said) -> dict[str, str] | None:
    """Name to status."""
    if said.status:
        return None
    return {name: status[:100] for name, _, status in (line.partition("|") for line in said.text.splitlines())}


def logs(said: Said, paths: Sequence[str], clock: int) -> tuple[LogFile, ...]:
    """What ``stat`` says of each, and at what time it was asked; files that are not there among them."""
    found = {
        match[3]: LogFile(path=match[3], size=int(match[2]), silent=clock - int(match[1]))
        for match in re.finditer(r"^(\d+) (\d+) (/.*)$", said.text, re.MULTILINE)
    }
    return tuple(found.get(path, LogFile(path=path)) for path in paths)


def rotation(said: Said) -> Rotation:
    """What logrotate looks at, and what it complains of."""

    def lines(pattern: str) -> Iterator[str]:
        return (match.strip()[:300] for match in re.findall(pattern, said.text, re.MULTILINE))

    return Rotation(
        considered=tuple(dict.fromkeys(lines(r"^considering log (.+)$"))),
        errors=tuple(list(lines(r"^error: (.+)$"))[:_MOST]),
    )
