"""The machine that the service runs on, as it is seen over SSH: answers commands, and runs none of them."""

import re
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import asyncssh

USER = "gonogo"
_GIB = 2**30
_LOG = "/var/log/workme/api.log"
_UNITS = (
    *("docker.service", "nginx.service", "certbot.timer", "certbot.service", "apt-daily.timer"),
    *("apt-daily-upgrade.timer", "apt-daily-upgrade.service", "logrotate.timer", "logrotate.service", "cron.service"),
)
_FAILED_AT = "Wed 2026-01-14 03:12:09 UTC"
_ACCOUNTS = (
    "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
    "gonogo:x:1000:1000::/home/gonogo:/bin/bash\ndeploy:x:1001:1001::/home/deploy:/bin/bash\n"
)
_IPTABLES = (
    "-P INPUT DROP\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N ufw-before-input\n-N ufw-user-input\n"
    "-N DOCKER\n-N DOCKER-FORWARD\n-N DOCKER-USER\n-A FORWARD -j DOCKER-USER\n-A FORWARD -j DOCKER-FORWARD\n"
    "-A DOCKER-FORWARD -o docker0 -j DOCKER\n"
    "-A INPUT -j ufw-before-input\n-A ufw-before-input -i lo -j ACCEPT\n"
    "-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
    "-A ufw-before-input -p icmp -m icmp --icmp-type 8 -j ACCEPT\n"
    "-A ufw-before-input -p udp -m udp --sport 67 --dport 68 -j ACCEPT\n"
    "-A ufw-before-input -d 224.0.0.251/32 -p udp -m udp --dport 5353 -j ACCEPT\n"
)
_NOT_FOUND, _NO_SERVER = 127, 255


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """The defaults are healthy."""

    running: bool = True
    """Whether sshd listens."""
    passwords: bool = False
    """Whether one may log in with a password."""
    root_login: str = "prohibit-password"
    trusts_word_of: str = ""
    """The user whom a Match block of sshd's configuration lets in with a password."""
    version: str = "22.04"
    cpus: int = 2
    memory: float = 3.82
    """In GiB: what the kernel leaves of four."""
    disk: float = 77.35
    """In GiB: what the file system leaves of eighty."""
    disk_used: float = 0.31
    firewall: bool = True
    incoming: str = "deny"
    open_ports: tuple[str, ...] = ("22/tcp", "80/tcp", "443/tcp")
    more_rules: tuple[str, ...] = ()
    """Lines of ``ufw status``."""
    before_rules: tuple[str, ...] = ()
    """Lines of ``/etc/ufw/before.rules``."""
    user_rules: tuple[str, ...] = ()
    """Lines that somebody wrote into ``/etc/ufw/user.rules``, and that are not loaded yet."""
    redis_published: bool = False
    """Whether Docker publishes Redis to everybody, past ufw."""
    jails: tuple[str, ...] = ("sshd", "workme-api")
    jail_log_silent: int = 4
    """Seconds, of what the jail of the API reads."""
    upgrades: bool = True
    periodic: tuple[str, ...] = ()
    """More of apt's timetable."""
    upgrader: str = "ii "
    """As dpkg abbreviates the state of unattended-upgrades."""
    user: str = "workme"
    """Whose process the service is."""
    stopped: frozenset[str] = frozenset()
    """Units and containers."""
    log_silent: int = 4
    """Seconds."""
    rotated: bool = True
    rotation_error: str = ""
    failed: frozenset[str] = frozenset()
    """Units whose last run failed."""
    elapsed: frozenset[str] = frozenset()
    """Timers that are active, and will not trigger any more."""
    flapping: bool = False
    """Whether the container of the API is started again and again."""
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
                server_factory=lambda: _SshServer(self._settings, self._visitor),
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


class _SshServer(asyncssh.SSHServer):
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
    """Exit status and output of a session: a shell with the commands in it, between marks."""
    words = shlex.split(command)
    opened = re.search(r'printf "%s\\n" ([\w-]+)', words[2]) if words[:2] == ["sh", "-c"] else None
    if opened is None:
        return _NOT_FOUND, f"bash: line 1: {command}: command not found\n"
    mark = opened[1]
    text = f"{mark}\n"
    for subcommand in words[2][opened.end() :].split(f'; printf "\\n%s %s\\n" {mark} $?')[:-1]:
        status, output = _run(shlex.split(subcommand.removeprefix("; ")), settings)
        text += f"{output}\n{mark} {status}\n"
    return 0, text


def _run(words: list[str], settings: HostSettings) -> tuple[int, str]:
    if words[:2] == ["sudo", "-n"]:
        if not settings.sudo:
            return 1, "sudo: a password is required\n"
        del words[:2]
    program = _PROGRAMS.get(words[0] if words else "")
    if program is None:
        return _NOT_FOUND, f"sh: 1: {words[0] if words else ''}: not found\n"
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
    size = round(settings.disk * _GIB)
    used = round(settings.disk_used * size)
    return 0, (
        "Filesystem        1-blocks        Used    Available Capacity Mounted on\n"
        f"/dev/vda1      {size} {used} {size - used}      {settings.disk_used:.0%} /\n"
    )


def _sshd(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    named = f"user={settings.trusts_word_of}," in words[-1] if settings.trusts_word_of else False
    passwords = "yes" if settings.passwords or named else "no"
    match = f"debug3: checking syntax for 'Match User {settings.trusts_word_of}'\n" if settings.trusts_word_of else ""
    return 0, (match if "-ddd" in words else "") + (
        "port 22\naddressfamily any\nlistenaddress 0.0.0.0:22\nusepam yes\nlogingracetime 120\n"
        f"permitrootlogin {settings.root_login}\npubkeyauthentication yes\npasswordauthentication {passwords}\n"
        "kbdinteractiveauthentication no\npermitemptypasswords no\nauthenticationmethods any\nmaxsessions 10\n"
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
        + "".join(f"{rule}\n" for rule in (*rules, *settings.more_rules))
        + "\n"
    )


def _iptables(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    return 0, "".join((_IPTABLES, *(f"{rule}\n" for rule in (*settings.before_rules, *_user_rules(settings)))))


def _user_rules(settings: HostSettings) -> list[str]:
    """As ufw writes what it lists; the protocol of a port is given."""
    ports = (port.partition("/")[::2] for port in settings.open_ports)
    return [f"-A ufw-user-input -p {protocol or 'tcp'} -m tcp --dport {port} -j ACCEPT" for port, protocol in ports]


def _ufw_files(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    files = {
        "/etc/ufw/ufw.conf": ("ENABLED=yes",),
        "/etc/default/ufw": ("IPV6=no",),
        "/etc/ufw/before.rules": ("*filter", *settings.before_rules, "COMMIT"),
        "/etc/ufw/user.rules": ("*filter", *_user_rules(settings), *settings.user_rules, "COMMIT"),
    }
    return 0, "".join(f"{path}:{line}\n" for path, lines in files.items() for line in lines)


def _ip(words: Sequence[str], _: HostSettings) -> tuple[int, str]:
    if "addr" in words:
        return 0, "1: lo    inet 127.0.0.1/8 scope host lo\n2: eth0    inet 10.20.0.5/16 scope global eth0\n"
    return 0, "" if "-6" in words else "default via 10.20.0.1 dev eth0 proto static\n"


def _fail2ban(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    if not settings.jails:
        return _NO_SERVER, "Failed to access socket path: /var/run/fail2ban/fail2ban.sock. Is fail2ban running?\n"
    if len(words) == 1:
        listed = ", ".join(settings.jails)
        return 0, f"Status\n|- Number of jail:\t{len(settings.jails)}\n`- Jail list:\t{listed}\n"
    source = "Journal matches:\t_SYSTEMD_UNIT=ssh.service + _COMM=sshd" if words[1] == "sshd" else f"File list:\t{_LOG}"
    return 0, (
        f"Status for the jail: {words[1]}\n|- Filter\n|  |- Currently failed:\t1\n|  |- Total failed:\t31\n"
        f"|  `- {source}\n`- Actions\n   |- Currently banned:\t2\n   |- Total banned:\t9\n   `- Banned IP list:\t\n"
    )


def _apt_config(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    if words[-1] == "Unattended-Upgrade":
        return 0, (
            'Unattended-Upgrade "";\nUnattended-Upgrade::Allowed-Origins "";\n'
            'Unattended-Upgrade::Allowed-Origins:: "${distro_id}:${distro_codename}";\n'
            'Unattended-Upgrade::Allowed-Origins:: "${distro_id}:${distro_codename}-security";\n'
        )
    every = "1" if settings.upgrades else "0"
    return 0, (
        'APT::Periodic "";\nAPT::Periodic::Update-Package-Lists "1";\n'
        f'APT::Periodic::Download-Upgradeable-Packages "0";\nAPT::Periodic::Unattended-Upgrade "{every}";\n'
        + "".join(f"{line}\n" for line in settings.periodic)
    )


def _dpkg_query(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    return 0, settings.upgrader


def _systemctl(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    units = words[words.index("--") + 1 :]
    blocks = []
    for unit in units:
        loaded = "loaded" if unit in _UNITS else "not-found"
        resting = unit in settings.stopped or unit in {
            "certbot.service",
            "apt-daily-upgrade.service",
            "logrotate.service",
        }
        active = "active" if unit in _UNITS and not resting else "inactive"
        result = f"exit-code\nExecMainExitTimestamp={_FAILED_AT}" if unit in settings.failed else "success"
        usual = "waiting" if unit.endswith(".timer") else "running"
        sub = "dead" if active == "inactive" else "elapsed" if unit in settings.elapsed else usual
        blocks.append(f"LoadState={loaded}\nActiveState={active}\nSubState={sub}\nResult={result}\n")
    return 0, "\n".join(blocks)


def _ps(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    processes = (("root", "systemd"), ("root", "sshd"), ("root", "nginx"), ("www-data", "nginx"))
    return 0, "".join(f"{user:<32} {name}\n" for user, name in (*processes, (settings.user, "granian")))


_PUBLISHED = '{"6379/tcp":[{"HostIp":"0.0.0.0","HostPort":"6379"}]}'


def _docker(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    if words[0] == "inspect" and "NetworkSettings" in words[2]:
        ports = {"workme-api": '{"8000/tcp":[{"HostIp":"127.0.0.1","HostPort":"8000"}]}'}
        ports |= {} if not settings.redis_published else {"workme-redis": _PUBLISHED}
        names = words[words.index("--") + 1 :]
        return 0, "".join(f"/{name}|{ports.get(name, '{}')}|172.17.0.{place} \n" for place, name in enumerate(names, 2))
    if words == ["ps", "--format", "{{.Names}}"]:
        return 0, "workme-api\nworkme-redis\n"
    if words[0] == "inspect":
        restarts = {"workme-api": 214 if settings.flapping else 1}
        return 0, "".join(f"/{name}|{restarts.get(name, 0)}\n" for name in words[words.index("--") + 1 :])
    status = "Restarting (1) 21 seconds ago" if "workme-api" in settings.stopped else "Up 3 days (healthy)"
    status = "Up 1 second" if settings.flapping else status
    return 0, f"workme-api|{status}\nworkme-redis|Up 3 days\n"


def _logrotate(_: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    error = f'error: skipping "{_LOG}" because {settings.rotation_error}\n' if settings.rotation_error else ""
    ours = (
        "rotating pattern: /var/log/workme/*.log  after 1 days (14 rotations)\n"
        f"empty log files are not rotated, old logs are removed\nconsidering log {_LOG}\n{error}"
        "  Now: 2026-01-15 12:00\n  Last rotated at 2026-01-15 00:00\n  log does not need rotating\n"
    )
    return 0, (
        "warning: logrotate in debug mode does nothing except printing debug messages!\n\n"
        "reading config file /etc/logrotate.conf\nincluding /etc/logrotate.d\n\nHandling 2 logs\n\n"
        "considering log /var/log/syslog\n" + (ours if settings.rotated else "")
    )


def _stat(words: Sequence[str], settings: HostSettings) -> tuple[int, str]:
    silent = max(settings.log_silent, settings.jail_log_silent)
    lines = [
        f"{int(time.time()) - silent} 81244 {path}\n"
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
    "dpkg-query": _dpkg_query,
    "fail2ban-client": _fail2ban,
    "grep": _ufw_files,
    "getent": lambda _words, _settings: (0, _ACCOUNTS),
    "ip": _ip,
    "ip6tables": lambda _words, _settings: (0, _IPTABLES.replace("224.0.0.251/32", "ff02::fb/128")),
    "iptables": _iptables,
    "logrotate": _logrotate,
    "nproc": lambda _words, settings: (0, f"{settings.cpus}\n"),
    "ps": _ps,
    "sshd": _sshd,
    "stat": _stat,
    "systemctl": _systemctl,
    "ufw": _ufw,
}
