"""Asks PostgreSQL with its own driver; judges nothing."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.families.kind import Probe
from gonogo_postgresql.evidence import Attempt, PostgresqlEvidence, ReplicaEvidence
from gonogo_postgresql.section import Postgresql

_PATIENCE_SECONDS = 3
_LAG = (
    "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0 "
    "ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlQuestion:
    """One server, with the login of the service's user."""

    scope: Scope
    login: Mapping[str, Any] = field(repr=False)

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return str(self.login.get("host", "localhost"))

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.login.get('port', 5432)}"


def primary_questions(environment: Environment, secrets: Secrets) -> Sequence[PostgresqlQuestion]:
    """One question to the primary. Raises UsageError on what is no connection string, never repeating any of it."""
    section = environment.require(Postgresql)
    return [PostgresqlQuestion(scope=("postgresql",), login=login_of(section.url, section, secrets))]


def replica_questions(environment: Environment, secrets: Secrets) -> Sequence[PostgresqlQuestion]:
    """One question to each replica."""
    section = environment.require(Postgresql)
    return [
        PostgresqlQuestion(scope=("postgresql", name), login=login_of(name, section, secrets))
        for name in section.replicas
    ]


def login_of(name: str, section: Postgresql, secrets: Secrets) -> dict[str, Any]:
    """The driver's arguments for the URL in this secret. Raises UsageError on what is none, never repeating any of it."""
    try:
        login: dict[str, Any] = dict(conninfo_to_dict(secrets[name]))
    except psycopg.Error:  # its text may repeat parts of the URL
        raise UsageError(
            f"secret {name}: not a PostgreSQL URL; it looks like postgresql://user:password@host:5432/database"
        ) from None
    # Neither a password file nor the environment of this process may lend us what the service does not have.
    login |= {"connect_timeout": _PATIENCE_SECONDS, "passfile": "/dev/null"}
    if section.ca_file:
        login |= {"sslrootcert": section.ca_file}
    return login


async def probe_primary(question: PostgresqlQuestion) -> PostgresqlEvidence:
    """Log in as the service does, then without TLS, then without a password."""
    taken_at = datetime.now(UTC)
    try:
        async with connected(question.login) as connection:
            encrypted = connection.pgconn.ssl_in_use
            version = str(connection.info.parameter_status("server_version"))
    except psycopg.OperationalError as error:
        return PostgresqlEvidence(
            scope=question.scope, taken_at=taken_at, server=question.server, reachable=False, problem=words_of(error)
        )
    without = {key: value for key, value in question.login.items() if key != "password"}
    return PostgresqlEvidence(
        scope=question.scope,
        taken_at=taken_at,
        server=question.server,
        reachable=True,
        version=version,
        encrypted=encrypted,
        without_tls=await _attempt({**question.login, "sslmode": "disable"}),
        without_password=await _attempt(without),
    )


async def probe_replica(question: PostgresqlQuestion) -> ReplicaEvidence:
    """Ask one replica whether it replays, and how far behind it is."""
    taken_at = datetime.now(UTC)
    try:
        async with connected(question.login) as connection:
            row = await (await connection.execute(_LAG)).fetchone()
    except psycopg.OperationalError as error:
        return ReplicaEvidence(
            scope=question.scope, taken_at=taken_at, server=question.server, reachable=False, problem=words_of(error)
        )
    read_only, lag = row or (False, None)
    return ReplicaEvidence(
        scope=question.scope,
        taken_at=taken_at,
        server=question.server,
        reachable=True,
        read_only=read_only,
        lag=timedelta(seconds=float(lag)) if lag is not None else None,
    )


@asynccontextmanager
async def connected(login: Mapping[str, Any]) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """A connection that is closed in any case. Raises Unobserved when nobody answers in time."""
    try:
        connection = await psycopg.AsyncConnection.connect(**login, autocommit=True)
    except psycopg.errors.ConnectionTimeout:
        raise Unobserved(
            f"no answer from {login.get('host')} within {_PATIENCE_SECONDS} s",
            hint="does a firewall let this machine through?",
        ) from None
    try:
        yield connection
    finally:
        await connection.close()


async def _attempt(login: Mapping[str, Any]) -> Attempt:
    try:
        async with connected(login):
            return "accepted"
    except psycopg.OperationalError:
        return "refused"


def words_of(error: psycopg.Error) -> str:
    """What the server or the driver said, in one line of bounded length."""
    return " ".join(str(error).split())[:200]


PROBES: Mapping[str, Probe] = {
    "postgresql": Probe(questions=primary_questions, ask=probe_primary),
    "replica": Probe(questions=replica_questions, ask=probe_replica),
}
