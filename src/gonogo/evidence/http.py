"""What a service says over HTTP, at one address of one name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request, and what came of it. The body is not kept: only what was looked for in it."""

    url: str
    status: int | None
    """None when no reply came."""
    problem: str = ""
    """Why no reply came, or why it was not read to its end."""
    elapsed: timedelta
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that checks look at, names in lower case."""
    body_bytes: int = 0
    truncated: bool = False
    """The body went on after the most that is read."""
    excerpt: str = ""
    """The beginning of a body that was not what was expected."""

    @property
    def served(self) -> bool:
        """A reply of the 2xx kind, whether or not it was read to its end."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - 2xx

    @property
    def ok(self) -> bool:
        """A complete reply of the 2xx kind."""
        return self.served and not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHttpEvidence(Evidence):
    """What answers without TLS."""

    exchange: Exchange
    refused: bool
    """Nobody listens: as good as a redirect."""
    filtered: bool = False
    """Packets to this port are swallowed, while the address answers on that of https: a firewall closed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvidence(Evidence):
    """Shallow health, three times; deep health, once."""

    shallow: tuple[Exchange, ...]
    deep: Exchange
    """The last shallow one where the environment declares no deep health; checks of it are not planned then."""
    status: str | None
    """What shallow health calls itself; None if its body is no JSON object with a status."""
    deep_status: str | None
    dependencies: Mapping[str, str]
    """Name to status, as deep health tells them."""
    release: str | None
    clock_offset: timedelta | None
    """The Date header less our own clock; None without the header."""
    leaked: tuple[str, ...]
    """Names of our secrets whose values stood in a health body."""
    suspicious: tuple[str, ...]
    """What else stood there that is nobody's business: a URL with a password, a stack trace."""

    @property
    def median_elapsed(self) -> timedelta:
        """Of the shallow requests."""
        return sorted(exchange.elapsed for exchange in self.shallow)[len(self.shallow) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesEvidence(Evidence):
    """Paths that should be closed, and one that nobody ever made."""

    control: Exchange
    pages: Mapping[str, Exchange]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsEvidence(Evidence):
    """Two scrapes with a request between them, and one without the token."""

    without_token: Exchange | None
    """None when the environment declares no token."""
    exchange: Exchange
    parse_error: str
    """Empty when the text parses."""
    samples: int
    series: tuple[str, ...]
    """Names of the samples."""
    before: Mapping[str, float]
    """Sums over all labels of the series that must move, at the first scrape."""
    after: Mapping[str, float]
    started_at: datetime | None = None
    """When the oldest of its processes started (process_start_time_seconds); None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiEvidence(Evidence):
    """The service's description of itself."""

    exchange: Exchange
    parse_error: str
    version: str | None
    title: str | None
    paths: tuple[str, ...]
    undocumented: tuple[str, ...]
    """Operations without a description of any response."""
