"""The load stage as its user meets it: the whole command, on a reference environment that stays to be looked into."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.load.stage import HISTOGRAMS
from gonogo.record.archive import read_results
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import open_folder
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.replay import differences, judged_again
from gonogo.runs.session import verify
from tests.reference.supervised import eventually
from tests.smoke.endurance import contents

PROGRAM = "import sys; from gonogo.cli import main; main(sys.argv[1:])"


@pytest.fixture(scope="module")
def instance() -> Iterator[ReferenceInstance]:
    """One for all: each load leaves it as it was."""
    with ReferenceProcess(announce=True) as process:
        yield ReferenceInstance(overlay=process.ready["environment"], faults=[])


def command(tmp_path: Path, *options: str) -> Sequence[str]:
    """``gonogo load`` on it."""
    return [sys.executable, "-c", PROGRAM, "load", "--env", "reference", "--reports", str(tmp_path), *options]


def evidence(folder: Path) -> dict[str, Any]:
    """What was recorded of the load."""
    document = json.loads((folder / "evidence.json").read_bytes())
    found: dict[str, Any] = next(one for one in document["records"] if one["kind"] == "load")["evidence"]
    return found


def test_load_is_judged_replayed_and_leaves_nothing(instance: ReferenceInstance, tmp_path: Path) -> None:
    """From the record alone the same verdict; no secret in it; the databases as they were."""
    before = contents(instance)
    overlay = {"load": {"warm_up": "2 s", "duration": {"smoke": "4 s"}}}
    request = Request(environment="reference", project=Path.cwd(), gate="load", profile="smoke", overlay=overlay)
    run = prepare(request, {}, instance=instance)
    try:
        published = verify(run, open_folder(run, tmp_path))
    finally:
        run.close()
    found = {check.id: check for check in published.results.checks if check.family == "load"}
    assert set(found) == {"load-ran", "load-memory"}, "the smoke profile plans what few requests can show"
    assert {check.outcome for check in found.values()} == {Outcome.PASS}
    assert contents(instance) == before
    folder = published.signoff.parent.resolve()
    assert not differences(read_results(folder / "results.json"), judged_again(folder, Path.cwd()))
    assert (folder / HISTOGRAMS).read_text().startswith("#[Histogram log format version 1.3]")
    assert "Latency over percentile" in published.signoff.read_text()
    written = "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())
    assert "eyJ" not in written, "a token of a synthetic user is in the record"


def test_ctrl_c_keeps_what_was_measured(instance: ReferenceInstance, tmp_path: Path) -> None:
    """Marked INCOMPLETE, exit 130, and everything synthetic removed."""
    before = contents(instance)
    process = subprocess.Popen(command(tmp_path), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    assert process.stderr is not None
    for line in process.stderr:
        if " of 30 s" in line:
            process.send_signal(signal.SIGINT)
            break
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130, output
    assert "interrupted" in output
    found = evidence(tmp_path / "reference" / "latest")
    assert found["cut_short"] == "it was interrupted"
    assert 0 <= found["seconds"] < 30
    assert contents(instance) == before


@pytest.mark.usefixtures("instance")
def test_killed_run_leaves_no_generator(tmp_path: Path) -> None:
    """Load that nobody listens to must end by itself."""
    process = subprocess.Popen(  # noqa: S603 - our own
        command(tmp_path, "--processes", "2"), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "warming up" in line:
            break
    parents = {process.pid, *children_of(process.pid)}  # the command judges in a process of its own
    generators = [pid for pid in processes("gonogo.load.generate") if parent(pid) in parents]
    assert len(generators) == 3
    process.kill()
    process.communicate(timeout=30)
    assert eventually(lambda: not set(generators) & set(processes("gonogo.load.generate")))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--duration", "1m"], "is not a duration"),
        (["--rate", "0"], "load.visits_per_second"),
        (["--workers", "2", "--bind", "everywhere"], "no address with a port"),
        (["--profile", "endurance"], "soak"),
    ],
)
def test_wrong_options(tmp_path: Path, options: list[str], said: str) -> None:
    """Named, with what would be right; nothing was asked."""
    done = subprocess.run(command(tmp_path, *options), check=False, capture_output=True, text=True, timeout=60)  # noqa: S603 - our own
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def processes(module: str) -> list[int]:
    """Pids of Python processes that run it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if module.encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:  # it has just ended
            continue
    return found


def children_of(pid: int) -> list[int]:
    """The processes that this one started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def parent(pid: int) -> int:
    """Of a process; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_environment_without_load(tmp_path: Path) -> None:
    """The file, the key and the cure."""
    (tmp_path / "environments").mkdir()
    text = '[service]\nname = "S"\nbase_url = "https://a.test"\n'
    (tmp_path / "environments" / "plain.toml").write_text(text)
    arguments = [sys.executable, "-c", PROGRAM, "load", "--env", "plain"]
    done = subprocess.run(arguments, check=False, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ))  # noqa: S603 - our own
    assert done.returncode == 2
    assert "plain.toml: load: missing" in done.stderr
