"""How MongoDB is asked: questions, connections that are always closed, and what a failure of the driver means."""

import asyncio
import secrets as entropy
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Protocol, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit, urlunsplit

import anyio
import dns.resolver
from bson.errors import BSONError
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from gonogo.base.errors import Unobserved
from gonogo.base.several_hosts import split_url
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.knock import knock
from gonogo.evidence.base import Scope

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]
Found = TypeVar("Found")
FOREIGN_ERRORS = (PyMongoError, BSONError)
"""All that the driver raises while it talks; BSONError when what it hears is not BSON."""
LONGEST = 300
_MOST_MEMBERS = 50
_CLOSING = timedelta(seconds=1)
_FILES = {"tlscafile", "tlscertificatekeyfile", "tlscrlfile", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
"""Options of a URL that name a file."""
_WITHOUT_PASSWORD = {"MONGODB-X509", "MONGODB-AWS", "MONGODB-OIDC", "GSSAPI"}
"""Mechanisms whose counter-example is no wrong password."""


CURE = (
    "it looks like mongodb+srv://user:password@cluster.example.com/; "
    "reserved characters in user and password are percent-encoded"
)


class WantedIndex(Protocol):
    """An index that the service relies on."""

    @property
    def collection(self) -> str:
        """The collection's name."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """Fields in the order of the index."""
        ...

    @property
    def unique(self) -> bool:
        """Whether it must refuse a second document of the same key."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MongoQuestion:
    """One deployment, with the URL of one of its users."""

    url: str = field(repr=False)
    ca_file: str | None
    database: str
    indexes: tuple[WantedIndex, ...]
    patience: timedelta
    """For finding the deployment, and for each answer; a probe takes a few of them."""

    @property
    def sample(self) -> str:
        """The collection that is read: one that the service relies on, as far as that is declared."""
        return self.indexes[0].collection if self.indexes else "users"

    @property
    def scope(self) -> Scope:
        """An environment has one deployment of MongoDB, so its scope has no further part."""
        return ("mongodb",)

    @property
    def host(self) -> str:
        """All questions to the one deployment are bounded together."""
        return "mongodb"


def is_connection_string(url: str) -> bool:
    """Whether it is one, as far as can be told without DNS, which the driver asks to parse mongodb+srv."""
    try:
        if url.startswith("mongodb+srv://"):
            return bool(urlsplit(url).hostname) and urlsplit(url).port is None
        _seeds(url)
    except (PyMongoError, ValueError, OSError):  # a port that is no number, a file that is not there
        return False
    return True


@asynccontextmanager
async def connected(question: MongoQuestion) -> AsyncIterator[Client]:
    """A client that is closed in any case, in bounded time, when it is cancelled as well."""
    client = _client(question)
    try:
        yield client
    finally:
        with anyio.move_on_after(_CLOSING.total_seconds(), shield=True):
            await client.close()


def _client(question: MongoQuestion) -> Client:
    milliseconds = int(question.patience / timedelta(milliseconds=1))
    trust: dict[str, Any] = {"tlsCAFile": question.ca_file} if question.ca_file else {}
    try:
        with _foreign_options():
            return AsyncMongoClient(
                question.url,
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                socketTimeoutMS=milliseconds,
                appname="gonogo",
                retryReads=False,
                retryWrites=False,
                **trust,
            )
    except (ConfigurationError, ValueError):  # its text may repeat parts of the URL
        raise Unobserved("the driver does not accept the connection string", hint=CURE) from None


async def command(database: Database, name: str, value: object = 1, **options: Any) -> Any:  # noqa: ANN401 - a document
    """Sends a command to any member: without a primary there is all the more to see. The driver's default is the primary, always."""
    return await database.command(name, value, read_preference=ReadPreference.NEAREST, **options)


async def asked(question: MongoQuestion, work: Callable[[Client], Awaitable[Found]]) -> tuple[Found | None, str]:
    """The result of the work, or the target's refusal. Raises Unobserved if the target was never reached."""
    doors = await knocked(_seeds(question.url), question.patience / 2)
    if doors and all(problem for _, problem in doors):
        return None, _closed(doors)
    started = time.monotonic()
    async with connected(question) as client:
        try:
            return await work(client), ""
        except FOREIGN_ERRORS as error:
            if isinstance(error, ConnectionFailure):
                WAKEFULNESS.demand(started)  # silence may be our own, and whoever waits for us too long hangs up
            return None, await explained(question, client, error)


async def explained(question: MongoQuestion, client: Client, error: Exception) -> str:
    """The refusal that this failure is. Raises Unobserved if the target was never reached."""
    if isinstance(error, ConfigurationError):
        return _explained_lookup(error)
    if not isinstance(error, ConnectionFailure):
        return words(error)
    doors = await knocked(_servers(client), question.patience / 2)
    if any(problem for _, problem in doors):
        return _closed(doors)
    problem = words(error)
    silent = "timed out" in problem or "No servers found" in problem
    return f"connections are accepted, and nothing follows: {problem}" if silent else problem


async def knocked(servers: Iterable[tuple[str, int]], patience: timedelta) -> Sequence[tuple[str, str]]:
    """Give each server's address and what stands against it. Raises Unobserved if nothing is known of any of them."""
    knocks = list(servers)
    answers = await asyncio.gather(*(knock(host, port, patience) for host, port in knocks), return_exceptions=True)
    greetings = [
        (f"{host}:{port}", answer)
        for (host, port), answer in zip(knocks, answers, strict=True)
        if isinstance(answer, str)
    ]
    for failure in answers:
        if isinstance(failure, BaseException) and not (greetings and isinstance(failure, Unobserved)):
            raise failure
    return greetings


def _closed(doors: Iterable[tuple[str, str]]) -> str:
    return "; ".join(f"{where}: {problem}" for where, problem in doors if problem)[:LONGEST]


def _seeds(url: str) -> Sequence[tuple[str, int]]:
    """The members that the URL names; none for mongodb+srv, whose names only the driver looks up."""
    if url.startswith("mongodb+srv://"):
        return []
    with _foreign_options():
        nodes = parse_uri(url, warn=True)["nodelist"]
    return [(host, port) for host, port in nodes if port is not None][:_MOST_MEMBERS]


@contextmanager
def _foreign_options() -> Iterator[None]:
    """An option that this driver does not know is another driver's: nothing to warn of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _servers(client: Client) -> Sequence[tuple[str, int]]:
    servers = client.topology_description.server_descriptions()
    return [(host, port) for host, port in sorted(servers) if port is not None][:_MOST_MEMBERS]


def _explained_lookup(error: ConfigurationError) -> str:
    """SRV records that do not exist are the zone's answer; a resolver that does not answer is ours."""
    cause = error.__cause__
    silent = (dns.resolver.LifetimeTimeout, dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, OSError)
    if isinstance(cause, silent):
        reason = f"this machine could not look up the SRV records: {words(cause)}"
        raise Unobserved(reason, hint="is this machine's resolver reachable?") from None
    return words(error)


def words(error: Exception) -> str:
    """The driver's words, without its time-outs, the whole topology, and the command; bounded."""
    text = str(error)
    if isinstance(error, OperationFailure) and error.details:
        text = str(error.details.get("errmsg", text))
    text = text.partition(" (configured timeouts")[0].partition(", Timeout:")[0].partition(" { ")[0]
    return (text or type(error).__name__)[:LONGEST]


def named_files(url: str) -> Mapping[str, object]:
    """The options of the URL that name a file, with the names."""
    return {key: value for key, value in parse_qsl(_parts(url).query) if key.lower() in _FILES}


def as_stranger(question: MongoQuestion) -> MongoQuestion:
    """A question to the same deployment, without logging in."""
    return replace(question, url=_url(question.url, "", _without_log_in(question.url)))


def with_wrong_password(question: MongoQuestion) -> MongoQuestion:
    """A question by the same user with a wrong password; by a made-up user, where one logs in without a password."""
    parts = _parts(question.url)
    user = parts.netloc.rpartition("@")[0].partition(":")[0] or "nobody"
    password = entropy.token_urlsafe(16)
    mechanism = {key.lower(): value for key, value in parse_qsl(parts.query)}.get("authmechanism", "").upper()
    if mechanism in _WITHOUT_PASSWORD:
        options = [*_without_log_in(question.url), "authSource=admin"]
        return replace(question, url=_url(question.url, f"gonogo-{entropy.token_hex(4)}:{password}", options))
    return replace(question, url=_url(question.url, f"{user}:{password}", [parts.query] if parts.query else []))


def _parts(url: str) -> SplitResult:
    return split_url(url)


def _without_log_in(url: str) -> list[str]:
    """The options that are not about who logs in. The client's certificate stays: TLS may ask for one."""
    return [part for part in _parts(url).query.split("&") if not part.lower().startswith(("authsource", "authmech"))]


def _url(url: str, credentials: str, options: Sequence[str]) -> str:
    parts = _parts(url)
    hosts = parts.netloc.rpartition("@")[2]
    netloc = f"{credentials}@{hosts}" if credentials else hosts
    # Options must stand behind a slash.
    path = parts.path or ("/" if options else "")
    return urlunsplit((parts.scheme, netloc, path, "&".join(options), ""))
