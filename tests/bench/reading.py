"""``make bench``: how long commands that only read take, beside Python and beside the program's bare start.

Ratios, since machines differ; the milliseconds beyond the bare start are the command's own work.
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
_COMPLETION = {"_GONOGO_COMPLETE": "bash_complete", "COMP_WORDS": "gonogo checks tls", "COMP_CWORD": "2"}


def commands() -> Mapping[str, tuple[Sequence[str], Mapping[str, str]]]:
    """What is measured, with what it needs in its environment; the first two are what the others are held against."""
    return {
        "python -c pass": ((sys.executable, "-c", "pass"), {}),
        _START: ((*_GONOGO, "--version"), {}),
        "gonogo --help": ((*_GONOGO, "--help"), {}),
        "gonogo runs (of 30)": ((*_GONOGO, "runs"), {}),
        "gonogo show": ((*_GONOGO, "show"), {}),
        "gonogo checks": ((*_GONOGO, "checks"), {}),
        "gonogo checks tls-expiry": ((*_GONOGO, "checks", "tls-expiry"), {}),
        "Tab on a check": (_GONOGO, _COMPLETION),
        "gonogo checklist": ((*_GONOGO, "checklist", "--env", "reference"), {}),
        "gonogo verify": ((*_GONOGO, "verify", "reports/reference/latest"), {}),
    }


def make_runs(project: Path) -> None:
    """A real run of the reference that asks little, and copies of it by other ids."""
    asked = (*_GONOGO, "run", "--env", "reference", "--only", "tls-expiry")
    subprocess.run(asked, cwd=project, check=False, capture_output=True)  # noqa: S603 - of this file
    (first,) = [path for path in (project / "reports" / "reference").iterdir() if not path.is_symlink()]
    for number in range(1, _RUNS):
        copy = first.with_name(f"20250101T0000{number:02}Z-{number:06x}")
        copy.mkdir()
        for file in first.iterdir():
            os.link(file, copy / file.name)


def seconds(command: Sequence[str], project: Path, environ: Mapping[str, str]) -> float:
    """How long it took once."""
    started = time.perf_counter()
    subprocess.run(command, cwd=project, env=environ, check=False, capture_output=True)  # noqa: S603 - of this file
    return time.perf_counter() - started


def main() -> None:
    """In one project, one after another, round after round: a moment in which the machine is busy hits all alike."""
    with TemporaryDirectory() as place:
        project = Path(place)
        make_runs(project)
        environ = {**os.environ, "XDG_CACHE_HOME": str(project / "cache")}
        rounds = [
            {name: seconds(command, project, {**environ, **needed}) for name, (command, needed) in commands().items()}
            for _ in range(_TIMES + 1)
        ]
    took = {name: statistics.median(one[name] for one in rounds[1:]) for name in commands()}
    python, start = took["python -c pass"], took[_START]
    print(f"{'':<26}     ms  of Python  of the start  ms beyond it")
    for name, whole in took.items():
        beyond = f"{(whole - start) * 1000:>12.0f}" if whole > start else f"{'':>12}"
        print(f"{name:<26} {whole * 1000:>6.0f} {whole / python:>10.1f} {whole / start:>13.1f} {beyond}")


if __name__ == "__main__":
    main()
