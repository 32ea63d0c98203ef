"""gonogo-postgresql on real servers of Debian, asked from the command line: each check green, and red at its fault."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.lab.installation import Installation, install
from tests.lab.package_verdicts import wrong
from tests.lab.postgresql import PASSWORD, PostgresqlServer, postgresql
from tests.lab.postgresql_verdicts import judged

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


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheels, and the real tools that migrate."""
    tools = ("alembic", "sqlalchemy", "django")
    return install(tmp_path_factory.mktemp("postgresql"), "gonogo-postgresql", also=tools)


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
    assert "password file" not in printed, "libpq tells the terminal of a file that nobody has"
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
        "pg_read_server_files, which can read every file on the server",
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
        "there is no table alembic_version; alembic has not migrated this database",
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
    assert found["postgresql-migrations"].startswith("ERROR PostgreSQL could not be asked: permission denied")
