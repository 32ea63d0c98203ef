"""A project of Docker Compose: what its file declares, and what its containers are."""

from dataclasses import dataclass

from gonogo.evidence.base import PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPort:
    """A port that a service publishes, by the file."""

    host: str = ""
    """Address of the machine; empty for all."""
    first: int = 0
    """The machine's port, or the first that the engine may choose from; 0: any."""
    last: int = 0
    target: int
    """The container's port."""
    protocol: str = "tcp"

    def __str__(self) -> str:
        port = "any" if not self.first else str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.host + ':' if self.host else ''}{port}:{self.target}/{self.protocol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredService:
    """A service of the file, as far as it is held against what runs."""

    name: str
    image: str = ""
    """With its variables filled in; empty where it is built from a folder."""
    ports: tuple[DeclaredPort, ...] = ()
    restart: str = "no"
    """Name of the restart policy: no, always, unless-stopped or on-failure."""
    copies: int = 1
    once: bool = False
    """Whether it does its work once, and ends."""
    healthcheck: bool = False
    """Whether the file declares one; the image may bring another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPort:
    """A port of the machine that leads into a container now."""

    host: str
    """Address of the machine; empty for all."""
    port: int
    target: int
    protocol: str

    def __str__(self) -> str:
        return f"{self.host + ':' if self.host else ''}{self.port}:{self.target}/{self.protocol}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeContainer:
    """One container of the project, whatever its state."""

    name: str
    service: str
    image: str
    """As it was named when the container was made."""
    image_id: str
    newest_id: str = ""
    """What that name means on this machine now; empty where it means nothing any more."""
    status: str
    """created, running, paused, restarting, removing, exited or dead."""
    exit_code: int
    restarts: int
    """How often the engine started it again by itself."""
    started: int | None = None
    """Seconds since its last start, by the machine's clock; None if it never was started."""
    health: str = ""
    """starting, healthy or unhealthy; empty: nobody looks."""
    restart: str
    ports: tuple[PublishedPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeEvidence(PartialEvidence):
    """The project on its machine."""

    address: str
    project: str
    services: tuple[DeclaredService, ...]
    containers: tuple[ComposeContainer, ...] = ()
    problem: str = ""
    """Why there can be no container: the engine does not run."""

    def containers_of(self, service: DeclaredService) -> tuple[ComposeContainer, ...]:
        """The containers of one service."""
        return tuple(container for container in self.containers if container.service == service.name)

    @property
    def orphans(self) -> tuple[ComposeContainer, ...]:
        """Containers of services that the file does not have (any more)."""
        names = {service.name for service in self.services}
        return tuple(container for container in self.containers if container.service not in names)
