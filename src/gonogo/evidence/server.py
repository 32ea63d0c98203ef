"""What a machine of the service says of itself over SSH, and how it lets people in."""

from dataclasses import dataclass, field

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How somebody may prove who they are, as the server offers it before anything is known of them."""

    user: str
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """A line of ``ufw status``."""

    to: str
    action: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall:
    """ufw."""

    active: bool
    incoming: str = ""
    """What happens to what no rule is about."""
    rules: tuple[FirewallRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProcess:
    """A command name, and whose it is."""

    name: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A file that the service writes."""

    path: str
    size: int | None = None
    """In bytes; None if it is not there."""
    silent: int | None = None
    """Seconds since it was last written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """What logrotate would do now."""

    considered: tuple[str, ...] = ()
    """Files that it looks at."""
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
    logins: tuple[Login, ...] = ()
    os: str | None = None
    cpus: int | None = None
    memory: int | None = None
    """In bytes."""
    memory_used: float | None = None
    """Share that programs cannot have any more."""
    disk: int | None = None
    """Of the root file system, in bytes."""
    disk_used: float | None = None
    load: float | None = None
    """Processes that ran or waited, mean of five minutes."""
    sshd: dict[str, str] | None = None
    """Keywords of ``sshd -T``, in lower case."""
    firewall: Firewall | None = None
    jails: tuple[str, ...] | None = None
    updates: dict[str, str] | None = None
    """Of apt's periodic tasks."""
    units: dict[str, str] = field(default_factory=dict)
    """Of systemd: ``active``, ``inactive``, ``failed``, ``not-found``."""
    containers: dict[str, str] | None = None
    """Of Docker: as in ``Up 3 days (healthy)``."""
    processes: tuple[RunningProcess, ...] = ()
    """Of the declared names only."""
    logs: tuple[LogFile, ...] | None = None
    rotation: Rotation | None = None
    unseen: tuple[Unseen, ...] = ()
