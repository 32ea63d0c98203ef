"""Room, housekeeping and backups of PostgreSQL, and the migrations of the release."""

import pytest
from gonogo_postgresql.evidence import PostgresqlMigrationsEvidence, PostgresqlStatusEvidence
from gonogo_postgresql.section import Postgresql

from gonogo.base.comparing import at_least, at_most, below, nothing, shown, so
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.policy.catalogue import Policy

_TRANSACTION_NUMBERS = 2**31
_SHOWN = 5


@pytest.mark.check("postgresql-connections")
def test_connections_are_left(postgresql_status: PostgresqlStatusEvidence, policy: Policy) -> None:
    """The launch brings more clients; connections that run out look like an outage of the database.

    Fix: use smaller pools in the service, or a pooler before the server; else raise the limit that the message names.
    """
    postgresql_status.require("connections")
    connections = postgresql_status.connections
    if connections is None:
        raise Unobserved("PostgreSQL does not report connections")
    limits = {
        "max_connections": (connections.used, connections.limit),
        "CONNECTION LIMIT of the service's user": (connections.used_by_user, connections.user_limit),
        "CONNECTION LIMIT of the database": (connections.used_by_database, connections.database_limit),
    }
    for name, (used, limit) in limits.items():
        if limit >= 0:
            free = (limit - used) / limit if limit else 0.0
            assert at_least(free, policy.number("min_free_fraction"), f"free of {name}", "share", kind="free"), (
                f"{postgresql_status.server}: {used} of {limit} connections are in use, {max(free, 0):.0%} are free ({name})"
            )


@pytest.mark.check("postgresql-wraparound")
def test_transaction_numbers_do_not_run_out(postgresql_status: PostgresqlStatusEvidence, policy: Policy) -> None:
    """PostgreSQL refuses writes when its 2^31 transaction numbers are used up.

    Fix: VACUUM (FREEZE) in the database that the message names; find what holds autovacuum back: long transactions,
    prepared transactions, abandoned replication slots.
    """
    postgresql_status.require("transactions_since_freeze")
    used = postgresql_status.transactions_since_freeze / _TRANSACTION_NUMBERS
    assert at_most(used, policy.number("max_used_fraction"), "transaction numbers used", "share"), (
        f"database {postgresql_status.oldest_database}: {postgresql_status.transactions_since_freeze:,} transactions since "
        f"it was frozen, {used:.0%} of all transaction numbers"
    )


@pytest.mark.check("postgresql-bloat")
def test_tables_are_vacuumed(postgresql_status: PostgresqlStatusEvidence, policy: Policy) -> None:
    """Dead rows are read with every scan, and fill the disk.

    Fix: VACUUM (ANALYZE) the table; autovacuum = on, and a smaller autovacuum_vacuum_scale_factor for large tables.
    """
    postgresql_status.require("dead_rows")
    for rows in postgresql_status.dead_rows:
        share = rows.dead / (rows.dead + rows.live)
        if rows.dead < (least := policy.number("min_dead_rows")):
            below(rows.dead, least, f"dead rows of {rows.table}, too few to matter", kind="few")
            continue
        assert at_most(share, policy.number("max_dead_fraction"), f"dead rows of {rows.table}", "share", kind="dead"), (
            f"table {rows.table}: {rows.dead:,} of {rows.dead + rows.live:,} rows are dead ({share:.0%})"
        )


@pytest.mark.check("postgresql-archiver")
def test_archive_is_complete(
    postgresql_status: PostgresqlStatusEvidence, environment: Environment, policy: Policy
) -> None:
    """A gap in the archive ends every restore before it; WAL that cannot be archived fills the disk.

    Fix: read the server's log about archive_command; archive_mode = on and a restart where it is off.
    """
    postgresql_status.require("archiver")
    archiver, needed = postgresql_status.archiver, environment.require(Postgresql).archives
    if archiver is None:
        raise Unobserved("PostgreSQL does not report its archiver")
    if archiver.mode == "off":
        assert so(not needed, "archive of the WAL", "on, or not needed", "off"), (
            "backups need the WAL archive (postgresql.archives), but archive_mode is off"
        )
        return
    failed_at, archived_at = archiver.last_failed_at, archiver.last_archived_at
    archiving = failed_at is None or (archived_at is not None and archived_at > failed_at)
    assert so(archiving, "archiver", "no failure since", "failed"), (
        f"archiving {archiver.last_failed} failed at {failed_at:%Y-%m-%d %H:%M} UTC, and nothing was archived since"
    )
    archived = archiver.last_archived or not needed
    assert shown(archived, "last file in the archive", archiver.last_archived, "one, where backups need it"), (
        "no WAL file has been archived yet; SELECT pg_switch_wal() completes the first"
    )
    assert at_most(archiver.waiting or 0, policy.number("max_waiting_files"), "files that wait for the archive"), (
        f"{archiver.waiting} finished WAL files wait for the archive; {archiver.last_archived} is the last one that was archived"
    )


@pytest.mark.check("postgresql-migrations")
def test_migrations_are_at_head(postgresql_migrations: PostgresqlMigrationsEvidence) -> None:
    """A release that finds last month's tables answers its first user with an error.

    Fix: alembic upgrade head, or manage.py migrate, with the release under review and the database's URL.
    """
    migrations = postgresql_migrations
    assert so(migrations.recorded, "table of migrations", "there", "missing"), (
        f"{migrations.server}: there is no table {migrations.table}; {migrations.tool} has not migrated this database"
    )
    missing = sorted(set(migrations.wanted).difference(migrations.applied))
    assert nothing(missing, "migrations not applied", of=len(migrations.wanted)), (
        f"{migrations.server}: {len(missing)} of {len(migrations.wanted)} migrations not applied: {_some(missing)}"
    )
    assert nothing(migrations.unknown, "migrations that the release does not know"), (
        f"{migrations.server}: the database is at {_some(migrations.unknown)}, which the release under review does not know"
    )


def _some(names: list[str] | tuple[str, ...]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
