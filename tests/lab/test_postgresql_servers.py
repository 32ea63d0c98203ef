"""gonogo-postgresql on real servers: archive, dead rows, replicas, logins, a pooler, and versions; red and green."""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from gonogo_postgresql import FAMILY
from gonogo_postgresql.checks.test_postgresql import test_version_is_repaired as version_is_repaired
from gonogo_postgresql.evidence import PostgresqlEvidence
from gonogo_postgresql.section import Postgresql
from gonogo_postgresql.support import major_version
from pydantic import ValidationError

from gonogo.base.errors import UsageError
from tests.docs.blocks import blocks
from tests.lab.installation import PACKAGES
from tests.lab.package_verdicts import environment_of, wrong
from tests.lab.pgbouncer import pgbouncer
from tests.lab.postgresql import PASSWORD, PostgresqlServer, postgresql
from tests.lab.postgresql_verdicts import archived, eventually, judged
from tests.support.ports import closed_port


@contextmanager
def failing_archive(server: PostgresqlServer) -> Iterator[None]:
    """Its command fails for at least one file."""
    server.administrate("ALTER SYSTEM SET archive_command = '/bin/false'", "SELECT pg_reload_conf()")
    try:
        server.administrate("CREATE TABLE written ()", "DROP TABLE written", "SELECT pg_switch_wal()")
        eventually(lambda: _failing(server), "the archiver fails")
        yield
    finally:
        server.administrate("ALTER SYSTEM RESET archive_command", "SELECT pg_reload_conf()")
        eventually(lambda: not _failing(server), "the archiver works again")


def _failing(server: PostgresqlServer) -> bool:
    ((failing,),) = server.administrate(
        "SELECT coalesce(last_failed_time > last_archived_time, false) FROM pg_stat_archiver"
    )
    return bool(failing)


def test_archive_that_fails_is_found(primary: PostgresqlServer) -> None:
    """A gap in the archive ends every restore before it, whether or not the file says that backups need it."""
    with failing_archive(primary):
        found = judged(primary)
    assert wrong(found).keys() == {"postgresql-archiver"}
    assert "and nothing was archived since" in found["postgresql-archiver"]


def test_archive_that_does_nothing_is_found() -> None:
    """Without a command nothing fails, and WAL files wait for ever."""
    with postgresql(settings={"archive_mode": "on"}) as server:
        assert "no WAL file has been archived yet" in judged(server, archives=True)["postgresql-archiver"]
        server.administrate("ALTER SYSTEM SET archive_command = '/bin/true'", "SELECT pg_reload_conf()")
        server.administrate("SELECT pg_switch_wal()")
        eventually(lambda: archived(server), "the first WAL file is archived")
        server.administrate("ALTER SYSTEM RESET archive_command", "SELECT pg_reload_conf()")
        eventually(lambda: server.administrate("SHOW archive_command") == [("",)], "the command is gone")
        for _ in range(10):
            server.administrate("CREATE TABLE written ()", "DROP TABLE written", "SELECT pg_switch_wal()")
        assert "finished WAL files wait for the archive" in judged(server)["postgresql-archiver"]


def test_dead_rows_are_named(primary: PostgresqlServer) -> None:
    """A table that nobody vacuums."""
    primary.administrate(
        "CREATE TABLE bloated (number int) WITH (autovacuum_enabled = false)",
        "INSERT INTO bloated SELECT generate_series(1, 30000)",
        "DELETE FROM bloated WHERE number > 10000",
    )
    eventually(
        lambda: primary.administrate(
            "SELECT 1 FROM pg_stat_user_tables WHERE relname = 'bloated' AND n_dead_tup = 20000"
        ),
        "the statistics know of the dead rows",
    )
    found = judged(primary)
    primary.administrate("DROP TABLE bloated")
    assert wrong(found) == {"postgresql-bloat": "table public.bloated: 20,000 of 30,000 rows are dead (67%)"}


def test_replica_that_does_not_follow_is_found(primary: PostgresqlServer, follower: PostgresqlServer) -> None:
    """Paused, cut off though it has replayed all that it received, promoted, and gone: each is told."""

    def lag(url: str = follower.url) -> str:
        found = judged(primary, replica_url=url)
        assert wrong(found).keys() <= {"postgresql-replica-lag"}
        return found["postgresql-replica-lag"]

    assert lag() == "PASS"
    assert "accepts no writes" in judged(primary, follower.url)["postgresql-reachable"]
    follower.administrate("SELECT pg_wal_replay_pause()")
    primary.administrate("CREATE TABLE moved ()")
    assert "replay is paused" in lag()
    follower.administrate("SELECT pg_wal_replay_resume()")

    follower.administrate("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
    eventually(lambda: not primary.administrate("SELECT 1 FROM pg_stat_replication"), "the replica is cut off")
    primary.administrate("DROP TABLE moved")
    assert "bytes of the primary are not replayed" in lag()

    follower.administrate("SELECT pg_promote()")
    assert "it accepts writes, so it is not a replica any more" in lag()
    assert "the port refuses connections" in lag(f"postgresql://app:{PASSWORD}@localhost:{closed_port()}/shop")


@pytest.mark.parametrize("mode", ["require", "prefer"])
def test_certificate_that_nobody_verifies_is_no_go(primary: PostgresqlServer, mode: str) -> None:
    """Encrypted, but to whom?"""
    found = judged(primary, primary.url.replace("verify-full", mode))
    assert wrong(found).keys() == {"postgresql-tls"}
    assert "add sslmode=verify-full" in found["postgresql-tls"]


def test_environment_of_this_process_lends_nothing(primary: PostgresqlServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGPASSWORD on the machine that asks is not a server without passwords; PGSSLMODE is not the service's URL."""
    for name, value in {"PGPASSWORD": PASSWORD, "PGSSLMODE": "verify-full", "PGUSER": "postgres"}.items():
        monkeypatch.setenv(name, value)
    assert wrong(judged(primary)) == {}
    without_mode = primary.url.replace("sslmode=verify-full&", "")
    assert "add sslmode=verify-full" in judged(primary, without_mode)["postgresql-tls"]


@pytest.mark.parametrize(
    ("host", "password", "message"),
    [
        ("localhost:{closed}", PASSWORD, "the port refuses connections"),
        ("localhost:{port}", "correct-horse-8", "password authentication failed"),
        ("no-such-host.invalid:{port}", PASSWORD, "no-such-host.invalid"),
    ],
)
def test_login_that_fails_is_evidence(primary: PostgresqlServer, host: str, password: str, message: str) -> None:
    """The database is down for the service, and why is said; what stands behind the login is not known."""
    place = host.format(port=primary.port, closed=closed_port())
    found = judged(primary, f"postgresql://app:{password}@{place}/shop?sslmode=verify-full")
    assert message in found["postgresql-reachable"]
    assert set(wrong(found).values()) == {found["postgresql-reachable"], "BLOCKED"}
    assert "correct-horse" not in str(found)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"alembic": {"versions": ["nowhere"]}}, "postgresql.alembic.versions: nowhere is not a folder"),
        ({"alembic": {}}, "either versions"),
        ({"django": {"apps": {"shop": "empty"}}}, "postgresql.django.apps.shop: empty holds no migration"),
        ({"alembic": {"versions": ["odd"]}}, "has no revision"),
        ({"django": {"apps": {"shop": "odd"}}}, "has no class Migration"),
        ({"ca_file": "odd/helper.py"}, "holds no certificates"),
    ],
)
def test_mistake_is_named_with_its_key(
    primary: PostgresqlServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    section: dict[str, Any],
    message: str,
) -> None:
    """Bad input: the key or the file, and the cure."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "helper.py").write_text("answer = 42\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UsageError, ValidationError)) as refused:
        judged(primary, **section)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("version", "major"),
    [
        ("PostgreSQL 15.7 (Debian 15.7-0+deb12u1) on x86_64-pc-linux-gnu", 15),
        ("PostgreSQL 18beta1 on x86_64", 18),
        ("PostgreSQL 9.6.24 on x86_64", 9),
        ("PostgreSQL 11.2-YB-2.20.1.3-b0 on x86_64", None),
        ("CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu)", None),
        ("PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC, Redshift 1.0.62614", None),
    ],
)
def test_only_postgresql_has_its_versions(version: str, major: int | None) -> None:
    """Other products say a version of PostgreSQL that they are like, and their makers repair them longer or shorter."""
    assert major_version(version) == major


@pytest.mark.parametrize(("day", "passes"), [("2026-11-12", True), ("2026-11-13", False)])
def test_old_version_is_found(day: str, passes: bool) -> None:  # noqa: FBT001 - a column of the table
    """PostgreSQL 14 was repaired for the last time on 12 November 2026."""
    evidence = PostgresqlEvidence(
        scope=("postgresql",),
        taken_at=datetime.fromisoformat(f"{day}T12:00:00+00:00"),
        server="db:5432",
        reachable=True,
        version="PostgreSQL 14.20 on x86_64",
    )
    with nullcontext() if passes else pytest.raises(AssertionError, match="security fixes for PostgreSQL 14 ended on"):
        version_is_repaired(evidence)


@pytest.mark.parametrize(("tls", "outcomes"), [("require", {}), ("allow", {"postgresql-tls"})])
def test_pooler_is_asked_in_place_of_the_server(primary: PostgresqlServer, tls: str, outcomes: set[str]) -> None:
    """PgBouncer refuses a login without TLS in words of its own, and hands each statement to another process."""
    with pgbouncer(primary, tls=tls) as url:
        found = judged(primary, url)
    assert wrong(found).keys() == set(outcomes)


def test_section_of_the_readme_is_accepted() -> None:
    """It is what a newcomer copies."""
    (block,) = blocks(PACKAGES / "gonogo-postgresql" / "README.md", "toml")
    section = environment_of(FAMILY, tomllib.loads(block)).require(Postgresql)
    assert section.alembic is not None
    assert section.django is not None
