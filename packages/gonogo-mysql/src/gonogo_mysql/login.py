"""Logins to MySQL and MariaDB: the service's own, and what it means when one fails."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.constants import CR, ER
from pymysql.err import MySQLError, OperationalError

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.base.wakefulness import WAKEFULNESS
from gonogo.clients.knock import knock, require_certificates
from gonogo.clients.trust import trust_context
from gonogo.environment.types import join_socket_address
from gonogo_mysql.section import Mysql

LONGEST = 200
_SCHEMES = ("mysql", "mysql2", "mariadb")
_LOOKS_LIKE = "it looks like mysql://user:password@host:3306/database"
_BROKEN = {CR.CR_SERVER_LOST, CR.CR_SERVER_GONE_ERROR, CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR}
"""The driver's own numbers: no answer, in whole or in part."""
_FULL = {ER.CON_COUNT_ERROR, ER.TOO_MANY_USER_CONNECTIONS, ER.SERVER_SHUTDOWN}
"""The server speaks, and says nothing about who may log in."""
Connection: TypeAlias = "pymysql.connections.Connection[Any]"
Answer = TypeVar("Answer")


class Refused(Exception):
    """The server's own no: its number, and its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who logs in, and where."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: ssl.SSLContext | None
    """None: without TLS, whatever the server has."""

    @property
    def server(self) -> str:
        """Host and port, for people."""
        return join_socket_address(self.host, self.port)


def login_of(name: str, section: Mysql, secrets: Secrets) -> Login:
    """The login in the URL of this secret. Raises UsageError on what is none, never repeating any of it."""
    require_certificates(section.ca_file, "mysql.ca_file")
    wrong = UsageError(f"secret {name}: is not a MySQL URL; {_LOOKS_LIKE}")
    try:
        parts = urlsplit(secrets[name])
        port = parts.port or 3306
    except ValueError:
        raise wrong from None
    if parts.scheme.partition("+")[0] not in _SCHEMES or not parts.hostname:
        raise wrong
    if not parts.username or parts.password is None:  # the driver would fill in who runs gonogo
        raise UsageError(f"secret {name}: contains no user and password; {_LOOKS_LIKE}")
    return Login(
        host=parts.hostname,
        port=port,
        user=unquote(parts.username),
        password=unquote(parts.password),
        database=unquote(parts.path[1:]),
        tls=trust_context(section.ca_file or "public"),
    )


async def logged_in(login: Login, patience: timedelta, work: Callable[[Connection], Answer]) -> Answer:
    """Return what ``work`` gives of an open connection, in a thread of its own, since the driver waits.

    Raises Refused with the server's words, Unobserved when nobody answers in time.
    """
    if problem := await knock(login.host, login.port, patience):
        raise Refused(0, problem)
    started = time.monotonic()
    try:
        return await asyncio.to_thread(_connected, login, patience, work)
    except (MySQLError, OSError) as error:
        if refusal := _refusal(error):
            raise refusal from None
        WAKEFULNESS.demand(started)
        raise Unobserved(
            f"{login.server} accepts connections, but the login failed: {_words(error)}",
            hint="does MySQL listen there? does it have free connections?",
        ) from None


def _refusal(error: MySQLError | OSError) -> Refused | None:
    """The no in an error; None where nothing was said about who may log in."""
    broken = getattr(error, "original_exception", error)  # the driver wraps what the socket raised
    if isinstance(broken, ssl.SSLCertVerificationError):
        return Refused(0, f"its certificate is not trusted: {broken.verify_message}")
    if isinstance(broken, ssl.SSLError):
        return Refused(0, f"TLS fails: {broken.reason or broken}")
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if isinstance(error, MySQLError) and code and code not in _BROKEN | _FULL:
        return Refused(code, _words(error))
    return None


def _connected(login: Login, patience: timedelta, work: Callable[[Connection], Answer]) -> Answer:
    seconds = max(1, round(patience.total_seconds()))
    connection: Connection = pymysql.connect(
        host=login.host,
        port=login.port,
        user=login.user,
        password=login.password,
        database=login.database or None,
        ssl=login.tls,
        ssl_disabled=login.tls is None,
        connect_timeout=seconds,
        read_timeout=seconds,
        write_timeout=seconds,
        autocommit=True,
        defer_connect=True,
    )
    connection.user = login.user.encode()  # the driver puts who runs gonogo in the place of an empty name
    try:
        connection.connect()
        return work(connection)
    finally:
        if connection.open:
            connection.close()


def rows(connection: Connection, query: str, *values: object) -> list[tuple[Any, ...]]:
    """All rows of the answer. Raises Unobserved with the server's words when it gives none."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())
    except OperationalError as error:
        if error.args and error.args[0] in _BROKEN:
            raise
        raise Unobserved(f"a query failed: {_words(error)}") from None
    except MySQLError as error:
        raise Unobserved(f"a query failed: {_words(error)}") from None


def _words(error: BaseException) -> str:
    """Return what the server or the driver said, in one line of bounded length."""
    text = error.args[1] if len(error.args) > 1 else error
    return " ".join((str(text) or type(error).__name__).split())[:LONGEST]
