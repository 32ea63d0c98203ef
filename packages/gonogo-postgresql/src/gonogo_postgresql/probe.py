"""Asks PostgreSQL with its own driver; judges nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import pq

from gonogo.base.errors import Unobserved
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo_postgresql.evidence import Attempt, PostgresqlEvidence, Role
from gonogo_postgresql.login import Connection, PostgresqlQuestion, connected, primary_questions, refusal, rows
from gonogo_postgresql.migrations import migration_questions, probe_migrations
from gonogo_postgresql.plain import attempt_without_tls
from gonogo_postgresql.replica import probe_replica, replica_questions
from gonogo_postgresql.status import probe_status

_POWERS = ("SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS")
_ROLES = """
SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles AS role
WHERE rolname = session_user OR (pg_has_role(session_user, oid, 'MEMBER')
    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user))
ORDER BY rolname <> session_user, rolname
"""
"""A superuser is a member of every role, which would tell nothing."""
_FILE_FUNCTIONS = """
SELECT DISTINCT proname::text FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege(session_user, oid, 'EXECUTE')
    AND proname IN ('pg_read_file', 'pg_read_binary_file', 'pg_ls_dir', 'pg_stat_file', 'lo_import', 'lo_export')
ORDER BY 1
"""
_SCHEMAS = """
SELECT nspname::text FROM pg_namespace AS space WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND (
    pg_has_role(session_user, nspowner, 'USAGE') OR has_schema_privilege(session_user, oid, 'CREATE')
    OR has_schema_privilege(session_user, oid, 'USAGE') AND EXISTS (
        SELECT FROM pg_class WHERE relnamespace = space.oid AND relkind IN ('r', 'p')
            AND has_table_privilege(session_user, oid, 'INSERT, UPDATE, DELETE, TRUNCATE')))
ORDER BY 1
"""
_WRITES = "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
_CERTIFICATES_CAN_BE_LEFT_OUT = 160000


async def probe_primary(question: PostgresqlQuestion) -> PostgresqlEvidence:
    """Log in as the service does; then try what should be refused."""
    closed = PostgresqlEvidence(
        scope=question.scope, taken_at=datetime.now(UTC), server=question.server, reachable=False
    )
    try:
        async with connected(question.login, question.patience) as connection:
            return await _seen_from_inside(question, connection, closed)
    except psycopg.OperationalError as error:
        return replace(closed, problem=await refusal(question, error))


async def _seen_from_inside(
    question: PostgresqlQuestion, connection: Connection, closed: PostgresqlEvidence
) -> PostgresqlEvidence:
    reading = Reading()
    local = connection.info.host.startswith(("/", "@"))
    return replace(
        closed,
        reachable=True,
        local=local,
        encrypted=bool(connection.pgconn.ssl_in_use),
        verifies=question.login.get("sslmode") == "verify-full",
        takes_writes=await reading.fact("takes_writes", _only(connection, _WRITES), False),  # noqa: FBT003 - unread
        version=await reading.fact("version", _only(connection, "SELECT version()"), ""),
        roles=await reading.fact("roles", _roles(connection), ()),
        file_functions=await reading.fact("file_functions", _names(connection, _FILE_FUNCTIONS), ()),
        schemas=await reading.fact("schemas", _names(connection, _SCHEMAS), ()),
        without_tls="not tried"
        if local
        else await reading.fact("without_tls", _without_tls(question, connection), "not tried"),
        without_password=await reading.fact("without_password", _without_password(question), "not tried"),
        unread=reading.unread,
    )


async def _only(connection: Connection, query: Any) -> Any:  # noqa: ANN401 - a literal of this module, and its answer
    ((value,),) = await rows(connection, query)
    return value


async def _roles(connection: Connection) -> tuple[Role, ...]:
    return tuple(
        Role(name=name, powers=tuple(power for power, has in zip(_POWERS, flags, strict=True) if has))
        for name, *flags in await rows(connection, _ROLES)
    )


async def _names(connection: Connection, query: Any) -> tuple[str, ...]:  # noqa: ANN401 - a literal of this module
    return tuple(name for (name,) in await rows(connection, query))


async def _without_tls(question: PostgresqlQuestion, connection: Connection) -> Attempt:
    info = connection.info
    return await attempt_without_tls(info.hostaddr or info.host, info.port, info.user, info.dbname, question.patience)


async def _without_password(question: PostgresqlQuestion) -> Attempt:
    """A refusal counts if the server asked for a password, or if it takes the whole login again right after."""
    stranger = {**question.login, "password": "", "sslcert": "", "sslkey": ""}
    if pq.version() >= _CERTIFICATES_CAN_BE_LEFT_OUT:
        stranger |= {"sslcertmode": "disable"}
    try:
        async with connected(stranger, question.patience):
            return "accepted"
    except psycopg.OperationalError as error:
        if error.pgconn is not None and error.pgconn.needs_password:
            return "refused"
    try:
        async with connected(question.login, question.patience):
            return "refused"
    except psycopg.OperationalError:
        raise Unobserved("a login without a password was refused, and so was the next one with it") from None


PROBES: Mapping[str, Probe] = {
    "postgresql": Probe(questions=primary_questions, ask=probe_primary),
    "postgresql_status": Probe(questions=primary_questions, ask=probe_status),
    "postgresql_migrations": Probe(questions=migration_questions, ask=probe_migrations),
    "postgresql_replica": Probe(questions=replica_questions, ask=probe_replica),
}
