"""A failure that comes again is one; one that a crowded machine made is told by its name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.again import MOST, refusal

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("ended", "failed", "word"),
    [
        (1, ["tests/a.py::test_a"], ""),
        (2, ["tests/a.py::test_a"], "exit code 2"),
        (3, ["tests/a.py::test_a"], "exit code 3"),
        (None, ["tests/a.py::test_a"], "exit code None"),
        (1, [], "names no test"),
        (1, [f"tests/a.py::test_{number}" for number in range(MOST + 1)], f"more than the {MOST}"),
    ],
)
def test_only_a_few_failed_tests_of_a_whole_run_are_asked_again(
    ended: int | None, failed: list[str], word: str
) -> None:
    """A run that was cut short has tests that nobody saw, and asking again what failed would hide them."""
    why = refusal(ended, failed)
    assert bool(why) == bool(word)
    assert word in why


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ("assert SEEN.exists() or SEEN.touch()", 0, "FAILED BESIDE OTHERS, passed by itself: test_it.py::test_it[a b]"),
        ("assert False", 1, "1 failed"),
    ],
)
def test_what_fails_once_more_is_a_failure(tmp_path: Path, body: str, code: int, words: str) -> None:
    """Through pytest's own cache, with a name that needs its quotes."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.conftest"]\n')
    (tmp_path / "test_it.py").write_text(
        "from pathlib import Path\nimport pytest\nSEEN = Path(__file__).with_name('seen')\n"
        f"@pytest.mark.parametrize('word', ['a b', 'c'])\ndef test_it(word):\n    if word == 'a b':\n        {body}\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    def run(module: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    assert run("pytest").returncode == pytest.ExitCode.TESTS_FAILED
    again = run("tests.again")
    assert again.returncode == code, again.stdout + again.stderr
    assert words in again.stdout
