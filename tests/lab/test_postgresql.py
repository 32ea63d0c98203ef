"""gonogo-postgresql on real servers of Debian, asked from the command line: each check green, and red at its fault."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from gonogo_postgresql import FAMILY
from gonogo_postgresql.checks.test_postgresql import test_version_is_repaired as version_is_repaired
from gonogo_postgresql.evidence import PostgresqlEvidence
from gonogo_postgresql.probe import PROBES
from gonogo_postgresql.support import major_version
from pydantic import ValidationError

from gonogo.base.errors import UsageError
from tests.lab.installation import Installation, install
from tests.lab.package_verdicts import environment_of, verdicts, wrong
from tests.lab.postgresql import PASSWORD, PostgresqlServer, postgresql, replica
from tests.support.doubles import closed_port

DEADLINE_SECONDS = 60
SECTION = """
[postgresql]
url = "POSTGRES_URL"
ca_file = "{ca_file}"
archives = true
{more}
"""
MIGRATIONS = """
[postgresql.alembic]
versions = ["alembic/versions"]

[postgresql.django]
apps = { shop = "shop/migrations" }
"""
_SHOP = {
    "manage.py": "import os, sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'settings'\n"
    "from django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    "settings.py": "import os\nfrom psycopg.conninfo import conninfo_to_dict\n"
    "told = conninfo_to_dict(os.environ['POSTGRES_URL'])\n"
    "INSTALLED_APPS = ['shop']\nSECRET_KEY = 'of a test'\nUSE_TZ = True\n"
    "DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': told['dbname'], 'USER': told['user'],"
    " 'PASSWORD': told['password'], 'HOST': told['host'], 'PORT': told['port'],"
    " 'OPTIONS': {'sslmode': told['sslmode'], 'sslrootcert': told['sslrootcert']}}}\n",
    "shop/__init__.py": "",
    "shop/migrations/__init__.py": "",
}
_MODEL = "from django.db import models\nclass Item(models.Model):\n    name = models.TextField()\n"


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for it, and fail with its name when it does not come."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {DEADLINE_SECONDS} s"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheels, and the real tools that migrate."""
    tools = ("alembic", "sqlalchemy", "django")
    return install(tmp_path_factory.mktemp("postgresql"), "gonogo-postgresql", tools)


@pytest.fixture(scope="module")
def primary() -> Iterator[PostgresqlServer]:
    """Nothing is wrong with it: TLS, passwords, an archive that takes what it is given, a user that owns one database."""
    with postgresql(settings={"archive_mode": "on", "archive_command": "/bin/true"}) as server:
        server.administrate("SELECT pg_switch_wal()")
        eventually(lambda: _archived(server), "the first WAL file is archived")
        yield server


def _archived(server: PostgresqlServer) -> bool:
    ((count,),) = server.administrate("SELECT archived_count FROM pg_stat_archiver")
    return bool(count)


@pytest.fixture(scope="module")
def follower(primary: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Streams from it."""
    with replica(primary) as server:
        yield server


@pytest.fixture(scope="module")
def migrated(installation: Installation, primary: PostgresqlServer) -> Installation:
    """A project with two migrations of Alembic and two of Django, made and run by the real tools."""
    project = installation.project
    for name, text in {**_SHOP, "shop/models.py": _MODEL}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    url = primary.url.replace("postgresql://", "postgresql+psycopg://")
    installation.do("alembic", "init", "alembic")
    ini = project / "alembic.ini"
    lines = (
        f"sqlalchemy.url = {url}" if line.startswith("sqlalchemy.url") else line for line in ini.read_text().split("\n")
    )
    ini.write_text("\n".join(lines))
    for message in ("first", "second"):
        installation.do("alembic", "revision", "-m", message)
    installation.do("alembic", "upgrade", "head")
    installation.do("python", "manage.py", "makemigrations", "shop", POSTGRES_URL=primary.url)
    (project / "shop" / "models.py").write_text(_MODEL + "    price = models.IntegerField(default=0)\n")
    installation.do("python", "manage.py", "makemigrations", "shop", POSTGRES_URL=primary.url)
    installation.do("python", "manage.py", "migrate", POSTGRES_URL=primary.url)
    return installation


def judged(server: PostgresqlServer, url: str = "", replica_url: str = "", **section: object) -> dict[str, str]:
    """Every check's verdict on this server."""
    replicas = ["REPLICA_URL"] if replica_url else []
    declared = {"url": "POSTGRES_URL", "ca_file": str(server.ca_file), "replicas": replicas, "max_lag": "2 s"}
    environment = environment_of(FAMILY, {"postgresql": {**declared, **section}, "limits": {"probe": "10 s"}})
    secrets = {"POSTGRES_URL": url or server.url, "REPLICA_URL": replica_url}
    return verdicts(FAMILY, PROBES, environment, secrets)


def migrations_of(project: Path) -> dict[str, Any]:
    """The release's own, as an environment file declares them."""
    return {
        "alembic": {"versions": [str(project / "alembic" / "versions")]},
        "django": {"apps": {"shop": str(project / "shop" / "migrations")}},
    }


def run(installation: Installation) -> tuple[int, dict[str, object], str]:
    """Exit code, outcomes by check, and everything that was printed; the replay must say the same."""
    done = installation.gonogo("run", "--env", "staging")
    printed = done.stdout + done.stderr
    assert "Traceback" not in printed, printed
    assert PASSWORD not in printed + (installation.latest / "evidence.json").read_text()
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == done.returncode, again.stdout + again.stderr
    return done.returncode, installation.outcomes("postgresql"), " ".join(printed.split())


def test_healthy_server_is_go(migrated: Installation, primary: PostgresqlServer, follower: PostgresqlServer) -> None:
    """From the command line: every check is planned, and every one passes."""
    migrated.declare(SECTION.format(ca_file=primary.ca_file, more='replicas = ["REPLICA_URL"]' + MIGRATIONS))
    migrated.environ = {"POSTGRES_URL": primary.url, "REPLICA_URL": follower.url}
    code, outcomes, printed = run(migrated)
    assert set(outcomes.values()) == {"pass"}, printed
    assert len(outcomes) == 11
    assert code == 0, printed


def test_open_server_is_no_go(installation: Installation) -> None:
    """From the command line: no TLS, no password, no archive, transaction numbers that run out; one run names all."""
    with postgresql(tls=False, method="trust") as server:
        age(server)
        installation.declare(SECTION.format(ca_file=server.ca_file, more=""))
        installation.environ = {"POSTGRES_URL": server.url}
        code, outcomes, printed = run(installation)
    assert code == 1
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "pass"} == {
        "postgresql-tls": "fail",
        "postgresql-password": "fail",
        "postgresql-archiver": "fail",
        "postgresql-wraparound": "warn",
    }
    assert "a login without a password was accepted" in printed
    assert "archive_mode is off" in printed
    assert "transactions since it was frozen" in printed


def age(server: PostgresqlServer) -> None:
    """Let 600 million transactions pass: PostgreSQL's own tool sets the number of the next one, in a clean cluster."""
    server.stopped()
    data = server.place / "data"
    number = 600_000_000
    server.program("pg_resetwal", "--pgdata", str(data), "--next-transaction-id", str(number))
    transactions_of_a_file = 32 * 8192 * 4
    file = data / "pg_xact" / f"{number // transactions_of_a_file:04X}"
    file.write_bytes(bytes(32 * 8192))
    model = (data / "PG_VERSION").stat()
    file.chmod(0o600)
    os.chown(file, model.st_uid, model.st_gid)
    server.started()


FAULTS = {
    "superuser": ("postgresql-least-rights", "has SUPERUSER", "ALTER ROLE app SUPERUSER", "ALTER ROLE app NOSUPERUSER"),
    "createdb": ("postgresql-least-rights", "has CREATEDB", "ALTER ROLE app CREATEDB", "ALTER ROLE app NOCREATEDB"),
    "power of a role that it may become": (
        "postgresql-least-rights",
        "app is a member of boss, which has CREATEROLE, REPLICATION, BYPASSRLS",
        "CREATE ROLE boss CREATEROLE REPLICATION BYPASSRLS; GRANT boss TO app",
        "DROP ROLE boss",
    ),
    "files by a predefined role": (
        "postgresql-least-rights",
        "pg_read_server_files, which reads every file of the server",
        "GRANT pg_read_server_files TO app",
        "REVOKE pg_read_server_files FROM app",
    ),
    "files by a function": (
        "postgresql-least-rights",
        "app may execute pg_read_file",
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO app",
        "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM app",
    ),
    "owner of a foreign schema": (
        "postgresql-least-rights",
        "schemas that are not the service's: billing",
        "CREATE SCHEMA billing AUTHORIZATION app",
        "DROP SCHEMA billing CASCADE",
    ),
    "writer in a foreign schema": (
        "postgresql-least-rights",
        "schemas that are not the service's: billing",
        "CREATE SCHEMA billing; CREATE TABLE billing.due (); GRANT USAGE ON SCHEMA billing TO app; GRANT INSERT ON billing.due TO app",
        "DROP SCHEMA billing CASCADE",
    ),
    "connections of the user": (
        "postgresql-connections",
        "(CONNECTION LIMIT of the service's user)",
        "ALTER ROLE app CONNECTION LIMIT 2",
        "ALTER ROLE app CONNECTION LIMIT -1",
    ),
    "no migrations": (
        "postgresql-migrations",
        "there is no table alembic_version; alembic has never migrated this database",
        "ALTER TABLE alembic_version RENAME TO aside",
        "ALTER TABLE aside RENAME TO alembic_version",
    ),
    "no migrations of Django": (
        "postgresql-migrations",
        "1 of 2 migrations not applied: shop.0002_item_price",
        "CREATE TABLE aside AS SELECT * FROM django_migrations; DELETE FROM django_migrations WHERE name ~ '^0002'",
        "INSERT INTO django_migrations SELECT * FROM aside WHERE name ~ '^0002'; DROP TABLE aside",
    ),
    "database ahead of the release": (
        "postgresql-migrations",
        "the database is at 0123456789ab, which the release under review does not know",
        "INSERT INTO alembic_version VALUES ('0123456789ab')",
        "DELETE FROM alembic_version WHERE version_num = '0123456789ab'",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_and_named(migrated: Installation, primary: PostgresqlServer, fault: str) -> None:
    """The check of this fault is red with its message, and no other is."""
    check, message, break_it, repair_it = FAULTS[fault]
    with ExitStack() as held:
        primary.administrate(*break_it.split(";"))
        held.callback(primary.administrate, *repair_it.split(";"))
        if check == "postgresql-connections":
            held.enter_context(psycopg.connect(primary.url))
        found = judged(primary, **migrations_of(migrated.project))
    assert wrong(found).keys() == {check}
    assert message in found[check]


def test_migration_that_was_not_run_is_found(migrated: Installation, primary: PostgresqlServer) -> None:
    """Alembic's own downgrade, then its own upgrade."""
    migrated.do("alembic", "downgrade", "-1")
    found = judged(primary, **migrations_of(migrated.project))
    migrated.do("alembic", "upgrade", "head")
    assert "1 of 2 migrations not applied: " in found["postgresql-migrations"]


@pytest.mark.parametrize(
    ("head", "newest", "message"),
    [
        ("", "shop.0002_item_price", ""),
        ("0123456789ab", "shop.0001_initial", "1 of 1 migrations not applied: 0123456789ab"),
        ("", "shop.0003_later", "1 of 1 migrations not applied: shop.0003_later"),
    ],
)
def test_migrations_may_be_declared_by_name(
    migrated: Installation, primary: PostgresqlServer, head: str, newest: str, message: str
) -> None:
    """Where the release's files are not at hand, its heads are said."""
    ((applied,),) = primary.administrate("SELECT version_num FROM alembic_version")
    found = judged(primary, alembic={"heads": [head or applied]}, django={"newest": [newest]})
    assert message in found["postgresql-migrations"]
    assert (found["postgresql-migrations"] == "PASS") is not bool(message)
    assert migrated.project.exists()


def test_table_that_may_not_be_read_is_an_error(migrated: Installation, primary: PostgresqlServer) -> None:
    """A missing right is no missing migration, and no reason to doubt the rest."""
    primary.administrate("ALTER TABLE alembic_version OWNER TO postgres", "REVOKE ALL ON alembic_version FROM app")
    found = judged(primary, **migrations_of(migrated.project))
    primary.administrate("ALTER TABLE alembic_version OWNER TO app")
    assert wrong(found).keys() == {"postgresql-migrations"}
    assert found["postgresql-migrations"].startswith("ERROR PostgreSQL does not tell: permission denied")


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
        eventually(lambda: _archived(server), "the first WAL file is archived")
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
    follower.administrate("SELECT pg_wal_replay_pause()")
    primary.administrate("CREATE TABLE moved ()")
    assert "replay is paused" in lag()
    follower.administrate("SELECT pg_wal_replay_resume()")

    follower.administrate("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
    eventually(lambda: not primary.administrate("SELECT 1 FROM pg_stat_replication"), "the replica is cut off")
    primary.administrate("DROP TABLE moved")
    assert "bytes of the primary are not replayed" in lag()

    follower.administrate("SELECT pg_promote()")
    assert "it takes writes; it is no replica any more" in lag()
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
        ({"alembic": {"versions": ["nowhere"]}}, "postgresql.alembic.versions: nowhere is no folder"),
        ({"alembic": {}}, "either versions"),
        ({"django": {"apps": {"shop": "empty"}}}, "postgresql.django.apps.shop: empty holds no migration"),
        ({"alembic": {"versions": ["odd"]}}, "says no revision"),
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
    with nullcontext() if passes else pytest.raises(AssertionError, match="the last repair of PostgreSQL 14 was on"):
        version_is_repaired(evidence)
