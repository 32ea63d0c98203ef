"""Evidence about a machine over SSH: its state, and how it lets people in."""

from dataclasses import dataclass, field

from gonogo.evidence.base import Evidence
from gonogo.evidence.firewall import Firewall


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOffer:
    """How somebody may prove who they are, as the server offers it before anything is known of them."""

    user: str
    methods: tuple[str, ...]
    """Names of RFC 4252, such as ``publickey`` and ``password``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshdException:
    """Somebody whom a ``Match`` block of sshd's configuration treats differently from everybody else."""

    user: str
    connection: str
    """From where, to which port, as ``sshd -T -C`` takes it; empty for any connection."""
    blocks: tuple[str, ...] = ()
    """The ``Match`` lines that may be the cause."""
    settings: dict[str, str] = field(default_factory=dict)
    """All keywords, as in ``ServerEvidence.sshd``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file that the service writes."""

    path: str
    size: int | None = None
    """In bytes; None if it is not there."""
    silent: int | None = None
    """Seconds since it was last written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JailLogs:
    """The logs that a jail of fail2ban reads."""

    name: str
    files: tuple[LogFile, ...] = ()
    journal: str = ""
    """The journal's entries that it reads instead of files, as fail2ban writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of Docker."""

    status: str
    """As in ``Up 3 days (healthy)``."""
    restarts: int | None = None
    """How often Docker has started it again since it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProcess:
    """A command name, and whose it is."""

    name: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The result of a dry run of logrotate."""

    considered: tuple[str, ...] = ()
    """Files that it looks at."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Those of them that it would leave as they are, and why, in its words."""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """Something that this user is not shown."""

    what: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEvidence(Evidence):
    """One machine. What is None is not installed, or was refused: ``unseen`` tells which."""

    address: str
    logins: tuple[LoginOffer, ...] = ()
    os: str | None = None
    codename: str = ""
    """Of the operating system's release, as ``bookworm``."""
    cpus: int | None = None
    """Processors that the kernel lets us use (nproc(1))."""
    memory: int | None = None
    """In bytes."""
    memory_used: float | None = None
    """Share that programs cannot have any more."""
    disk: int | None = None
    """Size of the root file system, in bytes."""
    disk_used: float | None = None
    load: float | None = None
    """Processes that ran or waited, mean of five minutes."""
    sshd: dict[str, str] | None = None
    """Keywords of ``sshd -T`` in lower case, for somebody whom no ``Match`` block names."""
    sshd_exceptions: tuple[SshdException, ...] = ()
    """Those for whom a keyword has another value."""
    firewall: Firewall | None = None
    uplinks: tuple[str, ...] | None = None
    """Interfaces that lead to the internet: the default route's, and those with a public address."""
    jails: tuple[str, ...] | None = None
    jail_logs: tuple[JailLogs, ...] | None = None
    """Logs of the declared jails that are active."""
    updates: dict[str, str] | None = None
    """Settings of apt's periodic tasks."""
    upgrader: str | None = None
    """The state of the package unattended-upgrades, as dpkg abbreviates it: ``ii`` is installed; empty: unknown to it."""
    upgrade_origins: tuple[str, ...] | None = None
    """The origins that unattended-upgrades installs from."""
    upgrade_days: tuple[str, ...] = ()
    """The days of the week on which it does; empty for every day."""
    upgrade_blacklist: tuple[str, ...] = ()
    """Patterns of packages that it leaves as they are."""
    upgraded: int | None = None
    """Seconds since it last ran to its end; None if it never did."""
    units: dict[str, str] = field(default_factory=dict)
    """States by systemd unit: ``active``, ``inactive``, ``failed``, ``not-found``; ``exited`` for a service that is active
    without a process, ``elapsed`` for a timer that will not trigger any more."""
    failures: dict[str, str] = field(default_factory=dict)
    """Units whose last run failed, with systemd's ``Result``, as in ``exit-code``; and when."""
    containers: dict[str, Container] | None = None
    processes: tuple[RunningProcess, ...] = ()
    """Processes of the declared names only."""
    logs: tuple[LogFile, ...] | None = None
    rotation: Rotation | None = None
    unseen: tuple[Unseen, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEvidence(Evidence):
    """One declared file; its scope is ``servers``, the server, and the entry. Its content is not kept."""

    exists: bool
    mode: str = ""
    """Four octal digits."""
    owner: str = ""
    group: str = ""
    kind: str = ""
    """Kind by stat(1): ``regular file``, ``directory``."""
    contains: bool | None = None
    """Whether the declared text stands in a line; None if none is declared."""
    never: bool | None = None
    """Likewise, for the text that must not."""
