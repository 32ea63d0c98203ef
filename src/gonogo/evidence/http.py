"""Evidence about HTTP: answers of a service at one address of one name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from gonogo.evidence.base import Evidence

CACHE_HEADERS = (
    *("cache-status", "cdn-cache", "cf-cache-status", "x-cache", "x-cache-status", "x-drupal-cache"),
    *("x-litespeed-cache", "x-nextjs-cache", "x-proxy-cache", "x-vercel-cache"),
)
"""Headers in which caches say whether an answer is one that they kept."""
_LATEST_TIME = 1e11
"""Seconds since 1970: what is larger is no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request, and what came of it. The body is not kept: only what was looked for in it."""

    url: str
    """Where the answer came from: the end of the redirects, if there were any."""
    status: int | None
    """None when no reply came."""
    problem: str = ""
    """Why no reply came, or why it was not read to its end."""
    elapsed: timedelta
    """From the beginning of the request, connecting included, to the end of the body or to the failure."""
    own: timedelta = timedelta()
    """The part of that in which this machine could not work."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that checks look at, names in lower case."""
    cookies: tuple[str, ...] = ()
    """Name and attributes of each cookie that was set, on the way here too, never its value: ``sid; Path=/; HttpOnly``."""
    body_bytes: int = 0
    """Length of the body as far as it was read."""
    truncated: bool = False
    """The body went on after the most that is read."""
    excerpt: str = ""
    """The beginning of a body that was not what was expected."""
    hurried: bool = False
    """No reply came, and there was less than the usual time for one: the probe's own time was over."""
    cut: bool = False
    """The connection was refused, closed or reset before a request could be sent: no answer by itself."""
    closed: bool = False
    """The server ended the connection without a reply, or reset it."""
    broken_off: bool = False
    """A reply began, and its connection ended before it was whole."""
    earlier: tuple[int, ...] = ()
    """Statuses of the same request before this one: each said that it should be asked again."""
    hops: tuple[str, ...] = ()
    """URLs that led here by redirects."""
    digest: str = ""
    """SHA-256 of the body, without what was asked for and without what changes from request to request."""
    marks: tuple[str, ...] = ()
    """Well-known kinds of page that the body is one of: ``login form``, ``environment variables``."""

    @property
    def served(self) -> bool:
        """A reply of the 2xx kind, whether or not it was read to its end."""
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - 2xx

    @property
    def ok(self) -> bool:
        """A complete reply of the 2xx kind."""
        return self.served and not self.problem

    @property
    def summary(self) -> str:
        """The result in words, with the redirects that led there."""
        redirected = f" (by redirect from {self.hops[0]})" if self.hops else ""
        if self.status is None:
            return f"{self.url}{redirected}: {self.problem}"
        retried = f" after {', '.join(map(str, self.earlier))}" if self.earlier else ""
        return f"{self.url}{redirected} answers {self.status}{retried}{f', and {self.problem}' if self.problem else ''}"

    @property
    def beginning(self) -> str:
        """The beginning of a body that was not what was expected, as the end of a sentence."""
        return f"; it begins with {self.excerpt[:80]!r}" if self.excerpt else ""

    @property
    def failed(self) -> bool:
        """No reply although there was time for one, or half of one, or a reply of the 5xx kind."""
        return not self.hurried and (self.status is None or self.broken_off or self.status >= 500)  # noqa: PLR2004 - 5xx


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHttpEvidence(Evidence):
    """The answer of the port for plain http."""

    exchanges: tuple[Exchange, ...]
    """The front page, health, and a page that does not exist; the first alone if nobody listens."""
    refused: bool
    """Nobody listens: as good as a redirect."""
    filtered: bool = False
    """Packets to this port are swallowed, while the address answers on that of https: a firewall closed it."""

    @property
    def exchange(self) -> Exchange:
        """The answer of the front page."""
        return self.exchanges[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAnswer:
    """A page, and in what its answer departs from the declared one."""

    exchange: Exchange
    departures: tuple[str, ...] = ()
    """Empty if it is what the environment file declares, or if that declares nothing."""
    unwell: str = ""
    """What health says against itself, where this is health in a usual dialect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWord:
    """A word by which the service names the release that it runs."""

    where: str
    """The key, header, label or path: ``releaseId of /health``."""
    value: str
    declared: bool = False
    """True where it stands at the place that http.release names."""
    certain: bool = True
    """The word is for releases; False for ``version``, which is often that of the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginAnswer:
    """The service's answer to a request from a foreign origin (CORS)."""

    origin: str
    exchange: Exchange
    allowed: str
    """Access-Control-Allow-Origin, as it came."""
    credentials: str
    """Access-Control-Allow-Credentials, as it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvidence(Evidence):
    """Answers over many new connections, as new visitors get them."""

    connections: tuple[PageAnswer, ...]
    """The known page, each time over a connection of its own."""
    wanted: int
    """How many connections should have been made."""
    front: Exchange
    """The base URL's own path, or the front page of another host."""
    pages: tuple[PageAnswer, ...]
    """Further pages that are declared."""
    releases: tuple[tuple[ReleaseWord, ...], ...]
    """The words of each connection that gave an answer."""
    origins: tuple[OriginAnswer, ...]
    """Origins that no page of the service has."""
    again: tuple[Exchange, ...] = ()
    """Answers of this address, to any probe, that came at a further time of asking only."""
    slowest: Exchange | None = None
    """The answer of this address, to any probe, that took longest."""


class Meaning(StrEnum):
    """The meaning of a word of health, in the three words of application/health+json."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPart:
    """The health of one thing that the service depends on, as the health page states it."""

    word: str
    meaning: Meaning


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReading:
    """A health page as understood, whatever its dialect."""

    word: str
    """What the service calls itself, as it is written."""
    meaning: Meaning
    parts: Mapping[str, HealthPart] = field(default_factory=dict)
    """All that are not well, and the first hundred of the others."""
    parts_total: int = 0
    errors: tuple[str, ...] = ()
    """Errors that it lists."""
    written: datetime | None = None
    """When it says that it was written, in UTC; None if it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthEvidence(Evidence):
    """Shallow health, three times; deep health, once; and a page that does not exist."""

    shallow: tuple[Exchange, ...]
    deep: Exchange
    """The last shallow one where the environment declares no deep health; checks of it are not planned then."""
    reading: HealthReading
    deep_reading: HealthReading
    departures: tuple[str, ...] = ()
    """Differences of the shallow replies from what the environment file declares."""
    deep_departures: tuple[str, ...] = ()
    control: Exchange
    """A page that does not exist."""
    clock_offset: timedelta | None
    """The Date header and the Age of the copy, less our own clock; None without the header."""
    leaked: tuple[str, ...]
    """Names of our secrets whose values stood in a health body."""
    suspicious: tuple[str, ...]
    """What else stood there that is nobody's business: a URL with a password, a stack trace."""

    @property
    def median(self) -> Exchange:
        """The shallow request that took the median time."""
        return sorted(self.shallow, key=lambda exchange: exchange.elapsed)[len(self.shallow) // 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class PagesEvidence(Evidence):
    """Paths that should be closed, and one that nobody ever made."""

    control: Exchange
    pages: Mapping[str, Exchange]
    siblings: Mapping[str, Exchange] = field(default_factory=dict)
    """Paths that usually lie beside the declared ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsEvidence(Evidence):
    """Scrapes over new connections with a request between them, and one without the token."""

    without_token: Exchange | None
    """None when the environment declares no token."""
    exchange: Exchange
    parse_error: str
    """Empty when the text parses."""
    remarks: tuple[str, ...] = ()
    """What Prometheus takes, and promtool does not."""
    samples: int
    series: tuple[str, ...]
    """Names of the samples."""
    scrapes: tuple[Mapping[str, float], ...]
    """Sums over all labels of the series that must move, at each scrape."""
    starts: tuple[float | None, ...]
    """``process_start_time_seconds`` at each scrape."""

    @property
    def started_at(self) -> datetime | None:
        """When the oldest process that was scraped started, in UTC; None where none says so."""
        plausible = [start for start in self.starts if start is not None and 0 < start < _LATEST_TIME]
        return datetime.fromtimestamp(min(plausible), UTC) if plausible else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenApiEvidence(Evidence):
    """The service's description of itself."""

    exchange: Exchange
    parse_error: str
    version: str | None
    title: str | None
    paths: tuple[str, ...]
    problems: tuple[str, ...]
    """Where it departs from the specification."""
    remarks: tuple[str, ...]
    """What is valid, and of no use to those who build against it."""
