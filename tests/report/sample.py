"""``make sample``: writes reports/sample, the run that the README shows, from real faults of the reference environment.

A healthy run comes first, so that the sample has one to be compared with. One of the faults is waived.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "reports" / "sample"
FAULTS = ("tls-expires-soon", "mongo-no-auth", "nosniff-missing", "stripe-event-missing")
WAIVED = "http-nosniff"
KEPT = (
    "results.json",
    "signoff.html",
    "signoff-whole.html",
    "checklist.md",
    "junit.xml",
    "junit-gitlab.xml",
    "ctrf.json",
    "summary.md",
    "statement.intoto.json",
)
"""All but the evidence, which names temporary folders of the machine that it was taken on, and what is beside it."""
_ENVIRONMENTS = ("production.toml", "reference.toml", "staging.toml")
_GO, _NO_GO = 0, 1


def write_sample() -> None:
    """Run it in a folder of its own, so that no run of this checkout is in its history."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        # The bundled environment, its checks with it, is the sample's; people and their words are the project's.
        shutil.copytree(ROOT / "environments", project / "environments", ignore=shutil.ignore_patterns(*_ENVIRONMENTS))
        _gonogo(project, _GO, "run", "--env", "reference")
        _gonogo(project, 0, *_waiver())
        _gonogo(project, _NO_GO, "run", "--env", "reference", *(part for name in FAULTS for part in ("--fault", name)))
        latest = project / "reports" / "reference" / "latest"
        SAMPLE.mkdir(parents=True, exist_ok=True)
        for name in KEPT:
            shutil.copyfile(latest / name, SAMPLE / name)


def _waiver() -> tuple[str, ...]:
    return (
        *("waive", WAIVED, "--env", "reference", "--until", "14d"),
        *("--reason", "The header comes with the next release of the proxy"),
        *("--risk", "Old browsers may guess a type; no upload is served as a page"),
        *("--owner", "Davi Lima", "--approved-by", "Tomás Reis"),
    )


def _gonogo(project: Path, expected: int, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", "gonogo", *arguments], cwd=project, check=False)  # noqa: S603 - ours
    if done.returncode != expected:
        raise SystemExit(f"gonogo {arguments[0]} ended with {done.returncode}, and {expected} was expected")


if __name__ == "__main__":
    write_sample()
