"""Loads that are interrupted, killed or refused: nothing stays behind.

Nothing here measures, so that it may run beside anything else.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from tests.cli.conftest import ROOT, called
from tests.load.driving import repository_of_a_team, target
from tests.reference.supervised import eventually
from tests.smoke.endurance import contents
from tests.support.ports import free_port

PROGRAM = "import sys; from gonogo.cli import main; main(sys.argv[1:])"
_SECONDS = 120


@pytest.fixture(scope="module")
def instance() -> Iterator[ReferenceInstance]:
    """One for all, announced where no other test looks: each load leaves it as it was."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", None)
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


def locust(*options: str) -> "subprocess.Popen[str]":
    """A process of it, as a team starts it."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own


def distributed(*options: str) -> Sequence["subprocess.Popen[str]"]:
    """A master, and two workers."""
    port = str(free_port())
    here = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port)
    master = locust("--master", "--headless", "--expect-workers", "2", *here, *options)
    return [master, *(locust("--worker", "--master-host", "127.0.0.1", "--master-port", port) for _ in range(2))]


def ended(processes: Sequence["subprocess.Popen[str]"]) -> tuple[int, str]:
    """The first one's exit code, and what it said; the others have ended as well."""
    try:
        said, _ = processes[0].communicate(timeout=_SECONDS)
        for worker in processes[1:]:
            worker.communicate(timeout=_SECONDS)
    finally:
        for one in processes:
            one.kill()
    return processes[0].returncode, said


def wait_for(process: "subprocess.Popen[str]", *words: str) -> str:
    """All that was said until any of these words."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if any(word in line for word in words):
            return said
    raise AssertionError(said)


@pytest.mark.whole
def test_ctrl_c_leaves_nobody(instance: ReferenceInstance) -> None:
    """The master and its workers are interrupted at once, as in one terminal."""
    before = contents(instance)
    processes = distributed("-u", "20", "-r", "20")
    heard = wait_for(processes[0], "Spawning is complete", "All users spawned")
    for one in processes:
        one.send_signal(signal.SIGINT)
    _, said = ended(processes)
    assert "remaining nothing" in said, heard + said
    assert contents(instance) == before


# -- the load stage ---------------------------------------------------------------------------------------------------


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


@pytest.mark.whole
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
        (["--workers", "2", "--bind", "everywhere"], "not an address with a port"),
        (["--profile", "endurance"], "soak"),
    ],
)
@pytest.mark.usefixtures("instance")
def test_wrong_options(tmp_path: Path, options: list[str], said: str) -> None:
    """Named, with what would be right; nothing was asked."""
    done = called(ROOT, "load", "--env", "reference", "--reports", str(tmp_path), *options)
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
    done = called(tmp_path, "load", "--env", "plain")
    assert done.returncode == 2
    assert "plain.toml: load: missing" in done.stderr


def test_scenarios_that_are_not_there(tmp_path: Path) -> None:
    """Nobody else's are taken: what is missing is named, before anything is asked."""
    with target() as where:
        repository = repository_of_a_team(tmp_path / "repository", where)
        (repository / "loadtests" / "locustfile.py").unlink()
        done = called(repository, "load", "--env", "staging")
    assert done.returncode == 2
    assert "staging.toml: load: this project has no loadtests/locustfile.py; write a class of Visitor" in done.stderr
    assert "(notes)" in done.stderr
    assert not where.asked


@pytest.mark.whole
def test_plain_locust_needs_no_more_than_the_load_itself(tmp_path: Path) -> None:
    """Where scenarios make nobody, nobody must be permitted to remove anything."""
    with target() as where:
        repository = repository_of_a_team(tmp_path / "repository", where)
        walks = ("-f", "loadtests/locustfile.py", "--gonogo-env", "staging", "--headless", "-u", "2", "-t", "2s")
        command = [sys.executable, "-m", "locust", *walks]
        done = subprocess.run(command, check=False, cwd=repository, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - our own
        assert done.returncode != 2, done.stderr  # 1 if this machine was slow
        (repository / "loadtests" / "dataset.py").write_text("def make(walk):\n    return {}\n")
        done = subprocess.run(command, check=False, cwd=repository, capture_output=True, text=True, timeout=_SECONDS)  # noqa: S603 - our own
    assert done.returncode == 2
    assert 'removing test data is a "write", which is not permitted here' in done.stderr
    assert where.asked
