"""``make bench``: what the job that deploys waits for: ``gonogo verify`` of a run with 500 checks, beside doing nothing."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gonogo.planning.suite import project_suite
from gonogo.record.archive import NAME, read_results

_CHECKS = 500
_TIMES = 5
_VERIFIED = {0, 1, 3}
"""Nobody has signed, and a busy machine leaves the load undecided or missed: the run is verified all the same."""
_GONOGO = (sys.executable, "-c", "import sys; from gonogo.cli import main; main(sys.argv[1:])")
_CHECK = '''

@pytest.mark.check("own-{number}")
def test_own_{number}(health: HealthEvidence) -> None:
    """One of many.

    Fix: nothing.
    """
    assert all(exchange.ok for exchange in health.shallow), "not healthy"
'''
_LINE = '[own-{number}]\ntitle = "One of many, number {number}"\nseverity = "warning"\n'


def write_checks(project: Path, count: int) -> None:
    """A team's own folder of checks."""
    folder = project / "checks"
    folder.mkdir()
    head = '"""Many."""\n\nimport pytest\n\nfrom gonogo.evidence.http import HealthEvidence\n'
    (folder / "test_own.py").write_text(head + "".join(_CHECK.format(number=number) for number in range(count)))
    (folder / "catalogue.toml").write_text("\n".join(_LINE.format(number=number) for number in range(count)))


def seconds(command: Sequence[str], folder: Path) -> float:
    """The median of a few times, after one that is not counted."""
    took = []
    for _ in range(_TIMES + 1):
        started = time.perf_counter()
        ended = subprocess.run(command, cwd=folder, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 - of this file
        if ended.returncode not in _VERIFIED:
            sys.exit(f"{command} ended with {ended.returncode}: there is nothing to measure")
        took.append(time.perf_counter() - started)
    return statistics.median(took[1:])


def main() -> None:
    """The run is whole, with its load: what was measured is judged again as well."""
    with TemporaryDirectory() as place:
        project = Path(place)
        write_checks(project, _CHECKS - len(project_suite(project, bundled=True).catalogue))
        subprocess.run([*_GONOGO, "run", "--env", "reference"], cwd=project, check=False, stderr=subprocess.DEVNULL)  # noqa: S603 - of this file
        folder = project / "reports" / "reference" / "latest"
        whole = seconds([*_GONOGO, "verify", str(folder), "--env", "reference", "--gate", "sign-off"], project)
        nothing = seconds([sys.executable, "-c", "pass"], project)
        print(
            f"verify of {len(read_results(folder / NAME).checks)} checks: {whole:.2f} s; Python alone: {nothing:.2f} s"
        )


if __name__ == "__main__":
    main()
