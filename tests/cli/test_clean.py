"""``gonogo clean`` says what it did, or why it could do nothing."""

import shutil
from pathlib import Path

from tests.cli.conftest import DEAD_END, ROOT, Gonogo

SMOKE = """
[smoke]
beta_code = "A_CODE"
beta_limit = 50
admin_email = "admin@dead.test"
admin_password = "A_PASSWORD"
mail_domain = "smoke.dead.test"
search_cache = "s:*"
search_lifetime = "60 s"
"""
WRITE = '[permits]\neffects = ["read", "write"]\n'
SECRETS = {"A_CODE": "beta-code-1", "A_PASSWORD": "pass-word-1"}


def write(project: Path, text: str) -> None:
    """The environment ``dead``, of a project with WorkMe's journeys, which own the keys of ``[smoke]``."""
    shutil.copytree(ROOT / "smoke", project / "smoke", ignore=shutil.ignore_patterns("__pycache__"))
    (project / "environments" / "dead.toml").write_text(text)


def test_nothing_synthetic_is_made_here(gonogo: Gonogo) -> None:
    """The file, the key and the cure."""
    done = gonogo("clean", "--env", "dead")
    assert done.returncode == 2
    assert "dead.toml: smoke:" in done.stderr
    assert "[smoke]" in done.stderr


def test_removing_needs_permission(gonogo: Gonogo, project: Path) -> None:
    """As writing does."""
    write(project, DEAD_END + SMOKE + '[permits]\neffects = ["read"]\n')
    done = gonogo("clean", "--env", "dead", **SECRETS)
    assert done.returncode == 2
    assert "permits.effects" in done.stderr


def test_service_that_is_down_is_not_clean(gonogo: Gonogo, project: Path) -> None:
    """Nobody knows what is there: neither success nor a traceback."""
    write(project, DEAD_END + SMOKE + WRITE)
    done = gonogo("clean", "--env", "dead", **SECRETS)
    assert done.returncode == 3
    assert "dead could not be cleaned" in done.stderr
    assert "nothing listens" in done.stderr
    assert "Traceback" not in done.stderr
    assert "pass-word-1" not in done.stdout + done.stderr


def test_bundled_environment_that_is_not_up(gonogo: Gonogo, tmp_path: Path) -> None:
    """What a run started for itself ended with it."""
    done = gonogo("clean", "--env", "reference", TMPDIR=str(tmp_path))
    assert done.returncode == 2
    assert "gonogo reference up" in done.stderr


def test_smoke_of_a_service_that_is_down(gonogo: Gonogo, project: Path) -> None:
    """The first step of each journey says so, the others are its consequences; none of them is a pass."""
    write(project, DEAD_END.replace('"ports"]', '"ports", "stripe", "sentry", "mail"]') + SMOKE + WRITE)
    done = gonogo("smoke", "--env", "dead", **SECRETS)
    assert done.returncode == 1
    assert "tls-handshake" in done.stdout
    assert "refused: nothing listens" in done.stdout
    assert "cleanup" in done.stdout
    assert " 1 pass" not in done.stdout
