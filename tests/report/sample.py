"""``make sample``: writes the samples that README and documents show: ``python -m tests.report.sample [NAME…]``, all unless named.

- ``sample``: a run of the reference environment with real faults. A healthy run comes first, so that the sample has one to
  be compared with; one of the faults is waived. With it the README's picture of its page.
- ``sample-watch``: half a minute of a watch of the reference, in which searches fail for a while: its run, its day in words.
- ``sample-shop``: a run of docs/examples/shop in an environment of its own, with Debian's PostgreSQL, RabbitMQ and nginx.

``--again`` renders the samples that are there once more from their results, and runs nothing.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from gonogo.record.archive import read_results
from gonogo.report.files import derived
from tests.report.screenshot import take

ROOT = Path(__file__).parents[2]
REPORTS = ROOT / "reports"
SAMPLE = REPORTS / "sample"
WATCH = REPORTS / "sample-watch"
SHOP = REPORTS / "sample-shop"
DAY = "day-1.txt"
"""The review of the watch's day."""
FAULTS = ("tls-expires-soon", "mongo-no-auth", "nosniff-missing", "stripe-event-missing")
WAIVED = "http-nosniff"
WATCHED = "searches-fail"
RELEASE = "2026.11"
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
SMALL = ("results.json", "signoff.html", "signoff-whole.html", "checklist.md", "summary.md")
"""What people look at: the other formats are those of the first sample."""
_ENVIRONMENTS = ("production.toml", "reference.toml", "staging.toml")
_GO, _NO_GO = 0, 1
_READ_AFTER = timedelta(minutes=3)
"""How old the evidence is on the picture."""


def write_sample() -> None:
    """Run it in a folder of its own, so that no run of this checkout is in its history."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        # The bundled environment, its checks with it, is the sample's; people and their words are the project's.
        shutil.copytree(ROOT / "environments", project / "environments", ignore=shutil.ignore_patterns(*_ENVIRONMENTS))
        _gonogo(project, [_GO], "run", "--env", "reference")
        _gonogo(project, [_GO], *_waiver())
        faults = (part for name in FAULTS for part in ("--fault", name))
        _gonogo(project, [_NO_GO], "run", "--env", "reference", *faults)
        _keep(project / "reports" / "reference" / "latest", SAMPLE, KEPT)
    _picture()


def write_watch() -> None:
    """Watch, and tell of it. Nobody takes the alarm in hand, so that its record is NO-GO."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        watch = ("watch", "--env", "reference")
        _gonogo(project, [_GO, _NO_GO], *watch, "--for", "30 s", "--fault", WATCHED)
        _gonogo(project, [_NO_GO], *watch, "--report")
        _keep(project / "reports" / "reference" / "latest", WATCH, SMALL)
        (WATCH / DAY).write_text(_gonogo(project, [_GO], *watch, "--review", "day 1"))


def write_shop() -> None:
    """As somebody has it who copied the example: with its word for what nobody can see, its load with it."""
    from tests.lab.shop import attested, copied, up  # noqa: PLC0415 - needs servers of Debian

    with tempfile.TemporaryDirectory() as folder:
        installation = copied(Path(folder))
        attested(installation)
        with up(installation, load=True):
            done = installation.gonogo("run", "--env", "staging", "--release", RELEASE)
        sys.stdout.write(done.stdout + done.stderr)
        if done.returncode != _GO:
            raise SystemExit(f"the shop ended with {done.returncode}, and GO was expected")
        _keep(installation.latest, SHOP, SMALL)


SAMPLES: Mapping[str, Callable[[], None]] = {
    SAMPLE.name: write_sample,
    WATCH.name: write_watch,
    SHOP.name: write_shop,
}


def render_again(folder: Path) -> None:
    """All files of the sample that are a function of its results."""
    results = read_results(folder / "results.json")
    files = {"results.json": results.content, **derived(results)}
    for name in KEPT if folder == SAMPLE else SMALL:
        if name in files:
            (folder / name).write_bytes(files[name])
    if folder == SAMPLE:
        _picture()


def _picture() -> None:
    take(SAMPLE / "signoff.html", read_results(SAMPLE / "results.json").run.finished_at + _READ_AFTER)


def _keep(latest: Path, sample: Path, names: Sequence[str]) -> None:
    """Copy what is kept; a run of a project without a list has no checklist.md."""
    sample.mkdir(parents=True, exist_ok=True)
    for name in names:
        if (latest / name).is_file():
            shutil.copyfile(latest / name, sample / name)


def _waiver() -> tuple[str, ...]:
    return (
        *("waive", WAIVED, "--env", "reference", "--until", "14d"),
        *("--reason", "The header comes with the next release of the proxy"),
        *("--risk", "Old browsers may guess a type; no upload is served as a page"),
        *("--owner", "Davi Lima", "--approved-by", "Tomás Reis"),
    )


def _gonogo(project: Path, expected: Sequence[int], *arguments: str) -> str:
    """Its output, which is shown as well."""
    command = [sys.executable, "-m", "gonogo", *arguments]
    done = subprocess.run(command, cwd=project, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    sys.stdout.write(done.stdout)
    if done.returncode not in expected:
        raise SystemExit(f"gonogo {arguments[0]} ended with {done.returncode}, and {expected} was expected")
    return done.stdout


def main(arguments: Sequence[str]) -> None:
    """Write the samples of these names, all of them unless some are named."""
    names = [argument for argument in arguments if argument != "--again"] or list(SAMPLES)
    if unknown := [name for name in names if name not in SAMPLES]:
        raise SystemExit(f"no sample {', '.join(unknown)}; there are {', '.join(SAMPLES)}")
    for name in names:
        if "--again" in arguments:
            render_again(REPORTS / name)
        else:
            SAMPLES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
