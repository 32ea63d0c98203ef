"""Reads room, housekeeping and backups out of the statistics of PostgreSQL, which every user may read."""

from datetime import UTC, datetime

import psycopg

from gonogo.base.errors import Unobserved
from gonogo.families.reading import Reading
from gonogo_postgresql.evidence import Archiver, Connections, DeadRows, PostgresqlStatusEvidence
from gonogo_postgresql.login import Connection, PostgresqlQuestion, connected, refusal, rows

_CONNECTIONS = """
SELECT count(*), count(*) FILTER (WHERE usename = session_user), count(*) FILTER (WHERE datname = current_database()),
    (SELECT rolconnlimit FROM pg_roles WHERE rolname = session_user),
    (SELECT datconnlimit FROM pg_database WHERE datname = current_database())
FROM pg_stat_activity WHERE datid IS NOT NULL AND (backend_type IS NULL OR backend_type = 'client backend')
"""
"""The type of other users' processes is hidden: up to autovacuum_max_workers too many are counted."""
_LIMITS = """
SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END) FROM pg_settings
WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')
"""
_AGE = """
SELECT datname::text, greatest(age(datfrozenxid), mxid_age(datminmxid)) FROM pg_database ORDER BY 2 DESC LIMIT 1
"""
_DEAD = """
SELECT schemaname || '.' || relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables
WHERE n_dead_tup > 0 ORDER BY n_dead_tup DESC LIMIT 20
"""
_ARCHIVER = """
SELECT current_setting('archive_mode'), last_archived_wal, last_archived_time, last_failed_wal, last_failed_time,
    pg_walfile_name(pg_current_wal_lsn()), (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size')
FROM pg_stat_archiver
"""
_LOG, _SEGMENT = slice(8, 16), slice(16, 24)


async def probe_status(question: PostgresqlQuestion) -> PostgresqlStatusEvidence:
    """Ask as the service's user. Raises Unobserved where it cannot log in."""
    reading, taken_at = Reading(), datetime.now(UTC)
    try:
        async with connected(question.login, question.patience) as connection:
            oldest, age = await reading.fact("transactions_since_freeze", _age(connection), ("", 0))
            return PostgresqlStatusEvidence(
                scope=question.scope,
                taken_at=taken_at,
                server=question.server,
                connections=await reading.fact("connections", _connections(connection), None),
                oldest_database=oldest,
                transactions_since_freeze=age,
                dead_rows=await reading.fact("dead_rows", _dead(connection), ()),
                archiver=await reading.fact("archiver", _archiver(connection), None),
                unread=reading.unread,
            )
    except psycopg.OperationalError as error:
        raise Unobserved(f"{question.server}: {await refusal(question, error)}") from None


async def _connections(connection: Connection) -> Connections | None:
    (used, by_user, by_database, user_limit, database_limit), *_ = await rows(connection, _CONNECTIONS)
    ((limit,),) = await rows(connection, _LIMITS)
    return Connections(
        used=used,
        limit=limit,
        used_by_user=by_user,
        user_limit=user_limit,
        used_by_database=by_database,
        database_limit=database_limit,
    )


async def _age(connection: Connection) -> tuple[str, int]:
    ((database, age),) = await rows(connection, _AGE)
    return database, age


async def _dead(connection: Connection) -> tuple[DeadRows, ...]:
    ((counts,),) = await rows(connection, "SELECT current_setting('track_counts')")
    if counts != "on":
        raise Unobserved("dead rows are not counted: track_counts is off", hint="set track_counts = on")
    return tuple(DeadRows(table=table, live=live, dead=dead) for table, live, dead in await rows(connection, _DEAD))


async def _archiver(connection: Connection) -> Archiver | None:
    ((mode, archived, archived_at, failed, failed_at, current, size),) = await rows(connection, _ARCHIVER)
    return Archiver(
        mode=mode,
        last_archived=archived or "",
        last_archived_at=archived_at,
        last_failed=failed or "",
        last_failed_at=failed_at,
        waiting=_files_between(archived, current, size) if archived else None,
    )


def _files_between(archived: str, current: str, size: int) -> int:
    """Finished WAL files that follow an archived one (names: timeline, high and low part of the number, all in hex)."""
    return max(0, _number(current, size) - _number(archived, size) - 1)


def _number(name: str, size: int) -> int:
    try:
        return int(name[_LOG], 16) * (2**32 // size) + int(name[_SEGMENT], 16)
    except ValueError:  # 00000002.history
        raise Unobserved(f"the newest archived file is {name}, so it is not known how many wait") from None
