"""Installed from a wheel, outside of the clone, gonogo brings all that its first command needs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """With this interpreter, which has the dependencies."""
    return subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_wheel_works_outside_of_the_clone(tmp_path: Path) -> None:
    """A team installs gonogo; it does not clone it."""
    built = run("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist"), cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site, team = tmp_path / "site", tmp_path / "team"
    installed = run(
        *("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)), cwd=tmp_path
    )
    assert installed.returncode == 0, installed.stderr
    team.mkdir()
    program = "import gonogo, sys; from gonogo.cli import main; print(gonogo.__file__, file=sys.stderr); main()"
    done = run("-c", program, "run", "--env", "reference", "--only", "mongo-reachable", cwd=team, PYTHONPATH=str(site))
    assert str(site) in done.stderr
    assert done.stdout.startswith(" ✔ mongo-reachable   pass"), done.stdout + done.stderr
    assert done.returncode == 0, "the check that was asked for passes"
    assert list((team / "reports" / "reference").glob("*/signoff.html"))
    example = tmp_path / "example"
    example.mkdir()
    copied = run("-c", program, "init", "--example", cwd=example, PYTHONPATH=str(site))
    assert copied.returncode == 0, copied.stderr
    assert (example / "shop" / "web.py").exists()
    assert (example / ".gitignore").exists()
