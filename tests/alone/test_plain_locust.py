"""Locust itself, with gonogo's scenarios: nobody is asked for in vain, and nobody stays behind."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

import pytest

from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from tests.smoke.endurance import contents

_SECONDS = 120


@pytest.fixture(scope="module")
def process() -> Iterator[ReferenceProcess]:
    """One for all: each load leaves it as it was."""
    with ReferenceProcess(announce=True) as found:
        yield found


@pytest.fixture
def instance(process: ReferenceProcess) -> Iterator[ReferenceInstance]:
    """Healthy, unless a test breaks it."""
    yield ReferenceInstance(overlay=process.ready["environment"], faults=[])
    process.set_faults([])


def locust(*options: str) -> "subprocess.Popen[str]":
    """A process of it, as a team starts it."""
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own


def free_port() -> str:
    """For a master."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def distributed(*options: str) -> Sequence["subprocess.Popen[str]"]:
    """A master, and two workers."""
    port = free_port()
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


def alone(*options: str) -> Sequence["subprocess.Popen[str]"]:
    """One process."""
    return [locust("--headless", *options)]


@pytest.mark.parametrize("start", [alone, distributed])
def test_healthy_service_is_walked_without_a_failure(
    instance: ReferenceInstance, start: Callable[..., Sequence["subprocess.Popen[str]"]]
) -> None:
    """Whose users still walk when their people are removed sees a 401 for each, and newcomers stay behind."""
    before = contents(instance)
    code, said = ended(start("-u", "20", "-r", "20", "-t", "8s"))
    assert "401" not in said, said
    assert "remaining nothing" in said, said
    assert code == 0 or "took 500 ms or longer" in said, said
    assert contents(instance) == before


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


def test_missed_budget_is_no_success(process: ReferenceProcess, instance: ReferenceInstance) -> None:
    """A pipeline looks at the exit code only."""
    del instance
    process.set_faults(["load-slow-tail"])
    code, said = ended([locust("--headless", "-u", "10", "-r", "10", "-t", "8s")])
    assert code != 0
    assert "500 ms or longer; fewer than 0.05 of all may" in said, said
