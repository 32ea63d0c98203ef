"""A family that gonogo does not bring has the rights of a built-in one: verbs, messages, provenance, replay."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_families import named_pieces
from tests.lab.installation import Installation, install
from tests.lab.postgresql import USER, PostgresqlServer, postgresql

SECTION = """
[postgresql]
url = "POSTGRES_URL"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """TLS demanded, password demanded."""
    with postgresql() as running:
        yield running


@pytest.fixture
def installation(installed: Installation, server: PostgresqlServer) -> Installation:
    """Both wheels, and a project that declares the server."""
    installed.declare(SECTION)
    installed.environ = {"POSTGRES_URL": server.url}
    return installed


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Build both, and install them with their dependencies into an environment of its own."""
    return install(tmp_path_factory.mktemp("foreign"), "gonogo-postgresql")


def test_family_is_on_the_page_and_replayed(installation: Installation) -> None:
    """Section, checks, evidence, page and replay work at once, and the package is named."""
    done = installation.gonogo("run", "--env", "staging")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gonogo-postgresql 0." in (installation.latest / "signoff.html").read_text()
    again = installation.gonogo("replay", str(installation.latest))
    assert again.returncode == 0, again.stdout + again.stderr


def add_journey(installation: Installation) -> Path:
    """Write the page's own walk and step, which ask PostgreSQL by the family's verb; gives their folder."""
    text = installation.environment.read_text().replace('"smoke", ', "")
    installation.environment.write_text(f'{text}\n[smoke]\nmail_domain = "smoke.shop.test"\n')
    folder = installation.project / "smoke"
    folder.mkdir()
    for name, piece in named_pieces().items():
        if name.startswith("smoke/"):
            (installation.project / name).write_text(piece)
    return folder


@pytest.mark.parametrize(("migration", "outcome"), [("2026-11-01", "pass"), ("2026-10-01", "fail")])
def test_steps_ask_by_its_verbs(
    installation: Installation, server: PostgresqlServer, migration: str, outcome: str
) -> None:
    """A foreign family stands on a walk as the built-in ones do: green and red on rows of a real server."""
    folder = add_journey(installation)
    try:
        server.administrate(
            f"CREATE TABLE migrations AS SELECT '{migration}'::text AS name",
            f"GRANT SELECT ON migrations TO {USER}",
        )
        done = installation.gonogo("smoke", "--env", "staging")
    finally:
        shutil.rmtree(folder)
        server.administrate("DROP TABLE IF EXISTS migrations")
    results = json.loads((installation.latest / "results.json").read_bytes())
    step = next(check for check in results["checks"] if check["id"] == "schema-migrated")
    assert step["outcome"] == outcome, done.stdout + done.stderr
    record = (installation.latest / "evidence.json").read_text()
    assert "PostgreSQL migrations" in record
    assert "correct-horse" not in record + done.stdout + done.stderr


def test_mistakes_in_its_section_have_the_same_messages(installation: Installation) -> None:
    """File, key and cure, as for every other section."""
    installation.environment.write_text(installation.environment.read_text() + 'max_lagg = "5 s"\n')
    done = installation.gonogo("run", "--env", "staging")
    assert done.returncode == 2
    assert "postgresql.max_lagg: unknown key; did you mean max_lag?" in done.stderr


def test_project_of_its_own_sees_no_check_of_workme(installation: Installation) -> None:
    """Only generic checks are listed, each with where it comes from."""
    listed = installation.gonogo("checks").stdout
    assert "gonogo-postgresql 0." in listed
    assert "tls-expiry" in listed
    for name in ("client-registers", "booking-requested", "load-payments", "webhook-signed"):
        assert name not in listed
