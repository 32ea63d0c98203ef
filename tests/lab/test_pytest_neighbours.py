"""gonogo in a repository whose tests need other plugins of pytest: none is disturbed by the other."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_starting import shop
from tests.lab.installation import Installation, install
from tests.lab.team_repository import CONFIGURATIONS, NEIGHBOURS, configure, write_repository
from tests.support.tls_shop import serving

pytestmark = pytest.mark.whole
RELEASE = "3f2c1a9"
JUDGING = ("checks", "--gonogo-env", "staging", "--gonogo-release", RELEASE)
LEFT_OUT = "gonogo: checks/, smoke/ left out; their checks need --gonogo-env NAME"
STEP = '''
import pytest


@pytest.mark.check("home-answers")
def test_home_answers(walk):
    """Nobody buys in the dark.

    Fix: open it.
    """
    walk.stranger.get("/healthz").answers(200)
'''
LINE = '[home-answers]\ntitle = "The shop answers"\nseverity = "blocker"\neffect = "write"\n'
HOSTILE = {
    "PYTEST_ADDOPTS": "-n auto --reuse-db -p no:assertion -k nothing",
    "PYTEST_PLUGINS": "nobody_has_this",
    "DJANGO_SETTINGS_MODULE": "nobody.has.this",
    "PYTHONWARNINGS": "error",
}
"""Variables that are meant for the team's tests, and break everybody who obeys them."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The repository with gonogo beside it, and a service that is worth a GO."""
    installation = install(tmp_path_factory.mktemp("team"), also=NEIGHBOURS)
    project = installation.project
    write_repository(project)
    with serving(shop(), project) as url:
        done = installation.gonogo(
            *("init", "--base-url", url, "--trust", "root.pem", "--address", "127.0.0.1", "--yes")
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (project / "smoke").mkdir()
        (project / "smoke" / "test_home.py").write_text(STEP)
        (project / "smoke" / "catalogue.toml").write_text(LINE)
        declared = installation.environment.read_text().splitlines(keepends=True)
        text = "".join(line for line in declared if not line.strip().startswith('"smoke"'))
        assert '"read"' in text
        text = text.replace('"read"', '"read", "write"', 1)
        installation.environment.write_text(f'{text}\n[smoke]\nmail_domain = "smoke.shop.test"\n')
        yield installation


def run_pytest(team: Installation, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Pytest as the team types it."""
    program = [str(team.python.parent / "pytest"), *arguments]
    return subprocess.run(
        program,
        cwd=team.project,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_neighbours_live_side_by_side(team: Installation, configuration: str) -> None:
    """The team's tests pass, and ours are left out; ours judge, and theirs are not asked; the verdict is the same."""
    configure(team.project, configuration)
    bare = run_pytest(team)
    assert bare.returncode == pytest.ExitCode.OK, bare.stdout + bare.stderr
    tests = sum(text.count("def test_") for text in map(Path.read_text, (team.project / "tests").glob("test_*.py")))
    assert f"{tests} passed" in bare.stdout
    assert LEFT_OUT in bare.stdout
    ours = run_pytest(team, *JUDGING, "-n", "0")
    assert ours.stdout.rstrip().splitlines()[-1].startswith("gonogo: GO · "), ours.stdout + ours.stderr
    assert ours.returncode == pytest.ExitCode.OK
    done = team.gonogo("run", "--env", "staging", "--release", RELEASE, **HOSTILE)
    assert (done.returncode, "✔ GO" in done.stdout) == (0, True), done.stdout + done.stderr


def test_workers_in_addopts_are_told(team: Installation) -> None:
    """Whoever has ``-n`` in the configuration learns how to end it, and nothing is asked."""
    configure(team.project, "pyproject, xdist")
    done = run_pytest(team, *JUDGING)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "add -n 0" in done.stderr
    narrowed = run_pytest(team, *JUDGING, "-n", "0", "-k", "tls-handshake")
    assert "gonogo: INCOMPLETE" in narrowed.stdout, narrowed.stdout + narrowed.stderr
    assert narrowed.returncode == pytest.ExitCode.TESTS_FAILED


def test_check_that_is_async_is_no_verdict_of_the_service(team: Installation) -> None:
    """Also where pytest-asyncio would run it: it is a usage error by both doors."""
    configure(team.project, "pyproject, auto")
    own = team.project / "checks" / "test_own.py"
    before = own.read_text()
    own.write_text(before.replace("def test_", "async def test_", 1))
    try:
        by_pytest, by_command = run_pytest(team, *JUDGING), team.gonogo("run", "--env", "staging", "--release", RELEASE)
    finally:
        own.write_text(before)
    assert by_command.returncode == 2, by_command.stdout + by_command.stderr
    assert by_pytest.returncode == pytest.ExitCode.USAGE_ERROR, by_pytest.stdout + by_pytest.stderr
    assert "async" in by_command.stderr
    assert "async" in by_pytest.stderr


def test_conftest_that_breaks_is_not_ours(team: Installation) -> None:
    """The team's own tests cannot run, and the verdict on the service can."""
    configure(team.project, "pyproject, auto")
    conftest = team.project / "conftest.py"
    before = conftest.read_text()
    conftest.write_text('raise RuntimeError("of the team")\n')
    try:
        by_pytest, by_command = run_pytest(team, *JUDGING), team.gonogo("run", "--env", "staging", "--release", RELEASE)
    finally:
        conftest.write_text(before)
    assert by_command.returncode == 0, by_command.stdout + by_command.stderr
    assert by_pytest.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
