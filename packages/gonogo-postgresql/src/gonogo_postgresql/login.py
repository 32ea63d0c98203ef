"""Connections to PostgreSQL: the service's own login, and what it means when one fails."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
from psycopg import pq, sql
from psycopg.conninfo import conninfo_to_dict

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.knock import knock, require_certificates
from gonogo.environment.model import Environment
from gonogo.environment.types import join_socket_address
from gonogo.evidence.base import Scope
from gonogo_postgresql.section import Postgresql

LONGEST = 200
Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlQuestion:
    """One server, with the login of the service's user."""

    scope: Scope
    login: Mapping[str, Any] = field(repr=False)
    patience: timedelta
    """For connecting; a probe does so a few times."""

    @property
    def host(self) -> str:
        """The host whose patience is spent."""
        return str(self.login.get("host") or "localhost")

    @property
    def port(self) -> int:
        """The server's port; the first of several."""
        return int(str(self.login.get("port") or 5432).partition(",")[0])

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)


def primary_questions(environment: Environment, secrets: Secrets) -> Sequence[PostgresqlQuestion]:
    """One question to the primary. Raises UsageError on what is no connection string, never repeating any of it."""
    section = environment.require(Postgresql)
    return [
        PostgresqlQuestion(
            scope=("postgresql",),
            login=login_of(section.url, section, secrets),
            patience=environment.limits.probe * 0.3,
        )
    ]


_NO_FILE = "/dev/null/none"
"""There can be none below a device; of the device itself libpq tells the terminal that it is no plain file."""


def login_of(name: str, section: Postgresql, secrets: Secrets) -> dict[str, Any]:
    """The driver's arguments for the URL in this secret. Raises UsageError on what is none, never repeating any of it."""
    require_certificates(section.ca_file, "postgresql.ca_file")
    try:
        login: dict[str, Any] = dict(conninfo_to_dict(secrets[name]))
    except psycopg.Error:  # its text may repeat parts of the URL
        raise UsageError(
            f"secret {name}: is not a PostgreSQL URL; it looks like postgresql://user:password@host:5432/database"
        ) from None
    # Neither a password file nor the environment of this process may lend us what the service does not have.
    lent = {
        option.keyword.decode(): (option.compiled or b"").decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar and option.envvar.decode() in os.environ and option.keyword != b"service"
    }
    login = {**lent, **login, "passfile": _NO_FILE}
    if section.ca_file:
        login |= {"sslrootcert": section.ca_file}
    return login


@asynccontextmanager
async def connected(login: Mapping[str, Any], patience: timedelta) -> AsyncIterator[Connection]:
    """A connection that is closed in any case. Raises Unobserved when nobody answers in time."""
    seconds = max(2, round(patience.total_seconds()))
    arguments = {**login, "connect_timeout": seconds}
    try:
        # Nothing is prepared: a pooler hands the next statement to another server process.
        connection = await psycopg.AsyncConnection.connect(**arguments, autocommit=True, prepare_threshold=None)
    except psycopg.errors.ConnectionTimeout:
        raise Unobserved(
            f"no answer from {login.get('host')} within {seconds} s", hint="does a firewall let this machine through?"
        ) from None
    try:
        yield connection
    finally:
        await connection.close()


async def refusal(question: PostgresqlQuestion, error: psycopg.Error) -> str:
    """Why the login failed, as the target tells it. Raises Unobserved where it is this machine that could not ask."""
    single = "," not in question.host and not question.host.startswith(("/", "@"))
    return (single and await knock(question.host, question.port, question.patience)) or words_of(error)


async def rows(connection: Connection, query: LiteralString | sql.Composed, *values: object) -> list[tuple[Any, ...]]:
    """All rows of the answer. Raises Unobserved with the server's words when it gives none."""
    try:
        return await (await connection.execute(query, values or None)).fetchall()
    except psycopg.Error as error:
        raise Unobserved(
            f"PostgreSQL could not be asked: {words_of(error)}",
            hint="may the service's user read the system catalogues?",
        ) from None


def words_of(error: psycopg.Error) -> str:
    """Return what the server or the driver said, in one line of bounded length."""
    return " ".join(str(error).split())[:LONGEST]
