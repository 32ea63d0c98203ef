"""``make bench``: how long commands that only read take, beside Python, beside ``ruff --help`` and beside the bare start.

Ratios, since machines differ; the milliseconds beyond the bare start are the command's own work. A command that ends
otherwise than it should was not measured, and is told: a refusal is quick.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_GONOGO = (sys.executable, "-c", "import sys; from gonogo.cli import main; main(sys.argv[1:])")
_TIMES = 7
_RUNS = 30
_START = "gonogo --version"
_RUFF = "ruff --help"
_VERIFY = "gonogo verify"
_VERIFIED = {0, 1, 3}
"""Nobody has signed, and a busy machine leaves the load undecided or missed: the run is verified all the same."""
_COMPLETION = {"_GONOGO_COMPLETE": "bash_complete", "COMP_WORDS": "gonogo checks tls", "COMP_CWORD": "2"}


def commands() -> Mapping[str, tuple[Sequence[str], Mapping[str, str]]]:
    """What is measured, with what it needs in its environment; the first three are what the others are held against."""
    whole = ("verify", "reports/reference/latest", "--env", "reference", "--gate", "sign-off")
    return {
        "python -c pass": ((sys.executable, "-c", "pass"), {}),
        _RUFF: ((str(Path(sys.executable).with_name("ruff")), "--help"), {}),
        _START: ((*_GONOGO, "--version"), {}),
        "gonogo --help": ((*_GONOGO, "--help"), {}),
        "gonogo runs (of 30)": ((*_GONOGO, "runs"), {}),
        "gonogo show": ((*_GONOGO, "show"), {}),
        "gonogo checks": ((*_GONOGO, "checks"), {}),
        "gonogo checks tls-expiry": ((*_GONOGO, "checks", "tls-expiry"), {}),
        "Tab on a check": (_GONOGO, _COMPLETION),
        "gonogo checklist": ((*_GONOGO, "checklist", "--env", "reference"), {}),
        _VERIFY: ((*_GONOGO, *whole), {}),
    }


def make_runs(project: Path) -> None:
    """A whole run of the reference, since only such a one is verified, and copies of it by other ids."""
    subprocess.run((*_GONOGO, "run", "--env", "reference"), cwd=project, check=False, capture_output=True)  # noqa: S603 - of this file
    (first,) = [path for path in (project / "reports" / "reference").iterdir() if not path.is_symlink()]
    for number in range(1, _RUNS):
        copy = first.with_name(f"20250101T0000{number:02}Z-{number:06x}")
        copy.mkdir()
        for file in first.iterdir():
            if file.is_file():
                os.link(file, copy / file.name)


def seconds(name: str, project: Path, environ: Mapping[str, str]) -> tuple[float, int]:
    """How long it took once, and the code that it ended with. Ends the program where that is a refusal."""
    command, needed = commands()[name]
    started = time.perf_counter()
    ended = subprocess.run(command, cwd=project, env={**environ, **needed}, check=False, capture_output=True)  # noqa: S603 - of this file
    took = time.perf_counter() - started
    if ended.returncode not in (_VERIFIED if name == _VERIFY else {0}):
        sys.exit(f"{name} ended with {ended.returncode}: there is nothing to measure\n{ended.stderr.decode()}")
    return took, ended.returncode


def main() -> None:
    """In one project, one after another, round after round: a moment in which the machine is busy hits all alike."""
    with TemporaryDirectory() as place:
        project = Path(place)
        make_runs(project)
        environ = {**os.environ, "XDG_CACHE_HOME": str(project / "cache")}
        rounds = [{name: seconds(name, project, environ) for name in commands()} for _ in range(_TIMES + 1)]
    took = {name: statistics.median(one[name][0] for one in rounds[1:]) for name in commands()}
    python, ruff, start = took["python -c pass"], took[_RUFF], took[_START]
    print(f"{'':<26}     ms  of Python  of ruff  of the start  ms beyond it")
    for name, whole in took.items():
        beyond = f"{(whole - start) * 1000:>12.0f}" if whole > start else f"{'':>12}"
        ratios = f"{whole / python:>10.1f} {whole / ruff:>8.0f} {whole / start:>13.1f}"
        print(f"{name:<26} {whole * 1000:>6.0f} {ratios} {beyond}")
    if code := rounds[-1][_VERIFY][1]:
        print(f"{_VERIFY} ended with {code}: verified, and no GO, since nobody signed or the machine was busy")


if __name__ == "__main__":
    main()
