"""The machine that the service runs on, as it is seen over SSH: answers commands, and runs none of them."""

import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncssh

USER = "gonogo"
_GIB = 2**30
_LOG = "/var/log/workme/api.log"
_UNITS = ("docker.service", "nginx.service", "certbot.timer", "apt-daily-upgrade.timer")
_NOT_FOUND, _NO_SERVER = 127, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The defaults are healthy."""

    running: bool = True
    """Whether sshd listens."""
    passwords: bool = False
    """Whether one may log in with a password."""
    root_login: str = "prohibit-password"
    version: str = "22.04"
    cpus: int = 2
    memory: float = 3.82
    """In GiB: what the kernel leaves of four."""
    disk_used: float = 0.31
    firewall: bool = True
    incoming: str = "deny"
    open_ports: tuple[str, ...] = ("22/tcp", "80/tcp", "443/tcp")
    jails: tuple[str, ...] = ("sshd", "workme-api")
    upgrades: bool = True
    user: str = "workme"
    """Whose process the service is."""
    stopped: frozenset[str] = frozenset()
    """Units and containers."""
    log_silent: int = 4
    """Seconds."""
    rotated: bool = True
    sudo: bool = True
    """Whether the visitor may do what needs root."""


class HostDouble:
    """Keys in, text out."""

    def __init__(
        self, settings: HostSettings, *, port: int, host_key: asyncssh.SSHKey, visitor: asyncssh.SSHKey
    ) -> None:
        self._settings = settings
        self._port = port
        self._host_key = host_key
        self._visitor = visitor.convert_to_public()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    async def start(self) -> None:
        """Listen, if there is an sshd."""
        if self._settings.running:
            self._acceptor = await asyncssh.listen(
                "127.0.0.1",
                self._port,
                server_factory=lambda: _Doorman(self._settings, self._visitor),
                process_factory=self._process,
                server_host_keys=[self._host_key],
            )

    async def stop(self) -> None:
        """End; whoever is logged in is thrown out."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()

    def _process(self, process: asyncssh.SSHServerProcess[str]) -> None:
        status, text = answer(process.command or "", self._settings)
        process.stdout.write(text)
        process.exit(status)


class _Doorman(asyncssh.SSHServer):
    def __init__(self, settings: HostSettings, visitor: asyncssh.SSHKey) -> None:
        self._settings = settings
        self._visitor = visitor

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and key == self._visitor

    def password_auth_supported(self) -> bool:
        return self._settings.passwords

    def validate_password(self, username: str, password: str) -> bool:
        del username, password
        return False


def answer(command: str, settings: HostSettings) -> tuple[int, str]:
    """Exit status and output of a command line."""
    words = shlex.split(command)
    while words and "=" in words[0]:
        del words[0]
    if words[:2] == ["sudo", "-n"]:
        if not settings.sudo:
            return 1, "sudo: a password is required\n"
        del words[:2]
    program = _PROGRAMS.get(words[0] if words else "")
    if program is None:
        return _NOT_FOUND, f"bash: line 1: {words[0] if words else ''}: command not found\n"
    return program(words[1:], settings)


def _cat(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    total = int(settings.memory * 2**20)
    files = {
        "/etc/os-release": f'PRETTY_NAME="Ubuntu {settings.version}.5 LTS"\nNAME="Ubuntu"\n'
        f'VERSION_ID="{settings.version}"\nID=ubuntu\nID_LIKE=debian\n',
        "/proc/meminfo": f"MemTotal:     {total:>10} kB\nMemFree:      {total // 5:>10} kB\n"
        f"MemAvailable: {total // 2:>10} kB\nBuffers:           91236 kB\n",
        "/proc/loadavg": "0.31 0.24 0.19 1/214 81244\n",
    }
    return (0, files[words[0]]) if words[0] in files else (1, f"cat: {words[0]}: No such file or directory\n")


def _df(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    size = round(77.35 * _GIB)
    used = round(settings.disk_used * size)
    return 0, (
        "Filesystem        1-blocks        Used    Available Capacity Mounted on\n"
        f"/dev/vda1      {size} {used} {size - used}      {settings.disk_used:.0%} /\n"
    )


def _sshd(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    passwords = "yes" if settings.passwords else "no"
    return 0, (
        "port 22\naddressfamily any\nlistenaddress 0.0.0.0:22\nusepam yes\nlogingracetime 120\n"
        f"permitrootlogin {settings.root_login}\npubkeyauthentication yes\npasswordauthentication {passwords}\n"
        "kbdinteractiveauthentication no\npermitemptypasswords no\nmaxsessions 10\n"
    )


def _ufw(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    if not settings.firewall:
        return 0, "Status: inactive\n"
    rules = [
        f"{port + suffix:<26} ALLOW IN    Anywhere{suffix}" for suffix in ("", " (v6)") for port in settings.open_ports
    ]
    return 0, (
        "Status: active\nLogging: on (low)\n"
        f"Default: {settings.incoming} (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n\n"
        "To                         Action      From\n--                         ------      ----\n"
        + "".join(f"{rule}\n" for rule in rules)
        + "\n"
    )


def _fail2ban(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    if not settings.jails:
        return _NO_SERVER, "Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?\n"
    return 0, (f"Status\n|- Number of jail:\t{len(settings.jails)}\n`- Jail list:\t{', '.join(settings.jails)}\n")


def _apt_config(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    every = "1" if settings.upgrades else "0"
    return 0, (
        'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\n'
        f'APT::Periodic::Download-Upgradeable-Packages "0";\nAPT::Periodic::Unattended-Upgrade "{every}";\n'
    )


def _systemctl(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    units = words[words.index("--") + 1 :]
    blocks = []
    for unit in units:
        loaded = "loaded" if unit in _UNITS else "not-found"
        active = "active" if unit in _UNITS and unit not in settings.stopped else "inactive"
        blocks.append(f"LoadState={loaded}\nActiveState={active}\n")
    return 0, "\n".join(blocks)


def _ps(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    processes = (("root", "systemd"), ("root", "sshd"), ("root", "nginx"), ("www-data", "nginx"))
    return 0, "".join(f"{user:<32} {name}\n" for user, name in (*processes, (settings.user, "granian")))


def _docker(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    status = "Restarting (1) 21 seconds ago" if "workme-api" in settings.stopped else "Up 3 days (healthy)"
    return 0, f"workme-api|{status}\nworkme-redis|Up 3 days\n"


def _logrotate(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    ours = (
        "rotating pattern: /var/log/workme/*.log  after 1 days (14 rotations)\n"
        f"empty log files are not rotated, old logs are removed\nconsidering log {_LOG}\n"
        "  Now: 2026-01-15 12:00\n  Last rotated at 2026-01-15 00:00\n  log does not need rotating\n"
    )
    return 0, (
        "warning: logrotate in debug mode does nothing except printing debug messages!\n\n"
        "reading config file /etc/logrotate.conf\nincluding /etc/logrotate.d\n\nHandling 2 logs\n\n"
        "considering log /var/log/syslog\n" + (ours if settings.rotated else "")
    )


def _stat(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    lines = [
        f"{int(time.time()) - settings.log_silent} 81244 {path}\n"
        if path == _LOG
        else f"stat: cannot statx '{path}': No such file or directory\n"
        for path in words[words.index("--") + 1 :]
    ]
    return int(any(line.startswith("stat:") for line in lines)), "".join(lines)


_PROGRAMS: Mapping[str, Callable[[Sequence[str], HostSettings], tuple[int, str]]] = {
    "apt-config": _apt_config,
    "cat": _cat,
    "date": lambda _words, _settings: (0, f"{int(time.time())}\n"),
    "df": _df,
    "docker": _docker,
    "fail2ban-client": _fail2ban,
    "logrotate": _logrotate,
    "nproc": lambda _words, settings: (0, f"{settings.cpus}\n"),
    "ps": _ps,
    "sshd": _sshd,
    "stat": _stat,
    "systemctl": _systemctl,
    "ufw": _ufw,
}
