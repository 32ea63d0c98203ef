"""A family that gonogo does not bring: built, installed beside the wheel, and asked of a real PostgreSQL."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.docs.test_families import named_pieces
from tests.lab.postgresql import PostgresqlServer, postgresql

ROOT = Path(__file__).parents[2]
ENVIRONMENT = """
[service]
name = "Shop"
base_url = "https://shop.test"
without = ["dns", "hosts", "http", "mongodb", "redis", "ports", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "smoke", "load", "variables"]

[postgresql]
url = "POSTGRES_URL"
ca_file = "{ca_file}"
"""


class Installation:
    """A fresh environment with two wheels, and an empty project."""

    def __init__(self, python: Path, project: Path) -> None:
        self._bin = python.parent
        self._project = project

    def declare(self, server: PostgresqlServer) -> None:
        """Describe this server."""
        (self._project / "environments").mkdir(exist_ok=True)
        text = ENVIRONMENT.format(ca_file=server.ca_file)
        (self._project / "environments" / "staging.toml").write_text(text)

    def gonogo(self, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
        """The command, in the project."""
        environ = {**os.environ, "POSTGRES_URL": url or "postgresql://u:pass-word-1@localhost:1/x"}
        environ.pop("PYTHONPATH", None)
        command = [str(self._bin / "gonogo"), *arguments]
        return subprocess.run(
            command, cwd=self._project, env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    @property
    def latest(self) -> Path:
        """The folder of the newest run."""
        return self._project / "reports" / "staging" / "latest"


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Build both, and install them with their dependencies into an environment of its own."""
    place = tmp_path_factory.mktemp("foreign")
    for source in (ROOT, ROOT / "docs" / "examples" / "family"):
        _do(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist"), cwd=source)
    uv = str(Path(sys.executable).parent / "uv")
    _do(uv, "venv", "--quiet", "--python", sys.executable, str(place / "venv"), cwd=place)
    python = place / "venv" / "bin" / "python"
    _do(uv, "pip", "install", "--quiet", "--python", str(python), *map(str, (place / "dist").glob("*.whl")), cwd=place)
    (place / "project").mkdir()
    return Installation(python, place / "project")


def _do(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def healthy() -> Iterator[PostgresqlServer]:
    """TLS demanded, password demanded."""
    with postgresql() as server:
        yield server


def outcomes(installation: Installation) -> dict[str, str]:
    """Outcome by check of the family, in the newest run."""
    results = json.loads((installation.latest / "results.json").read_bytes())
    checks = (check for check in results["checks"] if check["id"].startswith("postgresql-"))
    return {check["id"]: check["outcome"] for check in checks}


def test_healthy_server_passes_recorded_and_replayed(installation: Installation, healthy: PostgresqlServer) -> None:
    """A foreign family is a full citizen: section, checks, evidence, page and replay work at once."""
    installation.declare(healthy)
    done = installation.gonogo("run", "--env", "staging", url=healthy.url)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = {"postgresql-reachable": "pass", "postgresql-tls": "pass", "postgresql-password": "pass"}
    assert outcomes(installation) == asked, "replicas are not planned where none is declared"
    assert "gonogo-postgresql 0.1.0" in (installation.latest / "signoff.html").read_text()
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr


@pytest.mark.parametrize(
    ("options", "red"),
    [({"tls": False}, "postgresql-tls"), ({"method": "trust"}, "postgresql-password")],
)
def test_broken_server_is_no_go(installation: Installation, options: dict[str, bool], red: str) -> None:
    """Each check is seen red on a real server that does the thing wrong."""
    with postgresql(**options) as server:  # type: ignore[arg-type]  # of each its own
        installation.declare(server)
        done = installation.gonogo("run", "--env", "staging", url=server.url)
    assert done.returncode == 1, done.stdout + done.stderr
    assert outcomes(installation)[red] == "fail"
    assert installation.gonogo("replay", str(installation.latest)).returncode == 1


def test_dead_server_is_no_go(installation: Installation, healthy: PostgresqlServer) -> None:
    """A refused connection is evidence: the database is down, and that is said."""
    installation.declare(healthy)
    done = installation.gonogo("run", "--env", "staging", url="postgresql://app:pass-word-1@localhost:1/postgres")
    assert done.returncode == 1
    assert outcomes(installation)["postgresql-reachable"] == "fail"
    assert "pass-word-1" not in done.stdout + done.stderr


def add_journey(project: Path) -> None:
    """Write the page's own walk and step, which ask PostgreSQL by the family's verb."""
    environment = project / "environments" / "staging.toml"
    text = environment.read_text().replace('"smoke", ', "")
    environment.write_text(f'{text}\n[smoke]\nmail_domain = "smoke.shop.test"\n')
    (project / "smoke").mkdir()
    for name, piece in named_pieces().items():
        if name.startswith("smoke/"):
            (project / name).write_text(piece)


@pytest.mark.parametrize(("migration", "outcome"), [("2026-11-01", "pass"), ("2026-10-01", "fail")])
def test_steps_ask_by_its_verbs(
    installation: Installation, healthy: PostgresqlServer, migration: str, outcome: str
) -> None:
    """A foreign family stands on a walk as the built-in ones do: green and red on rows of a real server."""
    installation.declare(healthy)
    project = installation.latest.parents[2]
    add_journey(project)
    try:
        with psycopg.connect(healthy.url) as connection:
            connection.execute("CREATE TABLE migrations AS SELECT %s::text AS name", [migration])
        done = installation.gonogo("smoke", "--env", "staging", url=healthy.url)
    finally:
        shutil.rmtree(project / "smoke")
        with psycopg.connect(healthy.url) as connection:
            connection.execute("DROP TABLE IF EXISTS migrations")
    results = json.loads((installation.latest / "results.json").read_bytes())
    step = next(check for check in results["checks"] if check["id"] == "schema-migrated")
    assert step["outcome"] == outcome, done.stdout + done.stderr
    record = (installation.latest / "evidence.json").read_text()
    assert "PostgreSQL migrations" in record
    assert "correct-horse" not in record + done.stdout + done.stderr


def test_mistakes_in_its_section_have_the_same_messages(installation: Installation, healthy: PostgresqlServer) -> None:
    """File, key and cure, as for every other section."""
    installation.declare(healthy)
    path = installation.latest.parents[2] / "environments" / "staging.toml"
    path.write_text(path.read_text() + 'max_lagg = "5 s"\n')
    done = installation.gonogo("run", "--env", "staging")
    assert done.returncode == 2
    assert "postgresql.max_lagg: unknown key; did you mean max_lag?" in done.stderr


def test_project_of_its_own_sees_no_check_of_workme(installation: Installation) -> None:
    """Only generic checks are listed, each with where it comes from."""
    listed = installation.gonogo("checks").stdout
    assert "gonogo-postgresql 0.1.0" in listed
    assert "tls-expiry" in listed
    for name in ("client-registers", "booking-requested", "load-payments", "webhook-signed"):
        assert name not in listed
