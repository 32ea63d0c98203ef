"""Projects of Docker Compose on a real engine, asked over a real sshd: healthy, and with one thing wrong."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.compose import ComposeEvidence
from gonogo.families.registry import environment_from
from gonogo.families.servers.compose import compose_questions, probe_compose
from tests.checks.conftest import Judge
from tests.cli.conftest import called
from tests.lab import verdicts
from tests.lab.docker import engine
from tests.lab.machine import USER, Machine
from tests.lab.table import found

pytestmark = pytest.mark.whole

CHECKS = ("running", "steady", "image", "healthy", "ports", "restart", "orphans")
WORKER = """\
  worker:
    image: "shop/api:${TAG}"
    command: ["sleep", "1000"]
    restart: always
    scale: 2
"""
FILE = (
    """
services:
  api:
    image: "shop/api:${TAG}"
    command: ["httpd", "-f", "-p", "8000", "-h", "/"]
    restart: unless-stopped
    ports: ["127.0.0.1:18080:8000"]
    healthcheck: {test: ["CMD", "test", "-e", "/release"], interval: 1s, timeout: 10s, retries: 30}
    environment: {SECRET_OF_THE_SERVICE: hunter-2-hunter}
    depends_on: {migrate: {condition: service_completed_successfully}}
"""
    + WORKER
    + """\
  migrate:
    image: "shop/api:${TAG}"
    command: ["true"]
"""
)


class Project:
    """The project on the machine, and the file by which it is judged."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.file = machine.folder / "compose.yaml"
        self.declared: dict[str, Any] = {}
        """The tables of the environment file."""

    def up(self, text: str = FILE, tag: str = "1.2.3", *words: str) -> None:
        """Deploy this file."""
        (self.machine.folder / "deployed.yaml").write_text(text)
        self.compose(f"up --detach {' '.join(words)}", tag)

    def compose(self, words: str, tag: str = "1.2.3") -> None:
        """Call Compose."""
        self.machine.sh(
            f'TAG={tag} docker-compose --project-name shop --file "$LAB/deployed.yaml" {words} >"$LAB/compose.log" 2>&1'
            ' || { cat "$LAB/compose.log"; exit 1; }'
        )

    def environment(self, text: str, tag: str) -> Environment:
        """The environment file that declares it."""
        self.file.write_text(text)
        server = {
            "address": "127.0.0.1",
            "port": self.machine.port,
            "user": USER,
            "key": "SERVER_KEY",
            "host_key": self.machine.host_key.export_public_key().decode().strip(),
        }
        project: dict[str, Any] = {"server": "lab", "file": str(self.file), "variables": {"TAG": tag}}
        service = {"name": "S", "base_url": "https://a.test"}
        self.declared = {"service": service, "servers": {"lab": server}, "compose": {"shop": project}}
        return environment_from(self.declared)

    def judged(self, judge: Judge, text: str = FILE, tag: str = "1.2.3") -> dict[str, str]:
        """What did not pass, by check, as soon as no health check is under way any more."""
        environment = self.environment(text, tag)
        (question,) = compose_questions(environment, self.secrets)
        evidence = asyncio.run(probe_compose(question))
        while any(container.health == "starting" for container in evidence.containers):
            evidence = asyncio.run(probe_compose(question))
        assert "hunter" not in repr(evidence)
        said = {name: verdicts.verdict(judge, f"compose-{name}", {"compose": evidence}, environment) for name in CHECKS}
        wrong = {name: verdict for name, verdict in said.items() if verdict != "PASS"}
        if "running" in wrong:  # every other check needs it, and is blocked by it
            wrong = {"running": wrong["running"]}
        found({f"compose-{name}": verdict for name, verdict in wrong.items()})
        return wrong

    @property
    def secrets(self) -> Secrets:
        """The key of the visitor."""
        return Secrets({"SERVER_KEY": self.machine.visitor.export_private_key().decode()})

    def seen(self) -> ComposeEvidence:
        """The evidence as it is now."""
        (question,) = compose_questions(self.environment(FILE, "1.2.3"), self.secrets)
        return asyncio.run(probe_compose(question))


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One engine for all tests."""
    with engine() as running:
        yield running


@pytest.fixture
def project(machine: Machine) -> Iterator[Project]:
    """Up as declared, with two workers; removed afterwards."""
    project = Project(machine)
    project.up(FILE, "1.2.3", "--scale worker=2")
    try:
        yield project
    finally:
        project.compose("down --remove-orphans --timeout 0")


def declared(old: str, new: str) -> str:
    """The file with one thing changed."""
    assert old in FILE
    return FILE.replace(old, new)


def test_what_is_declared_runs(project: Project, judge: Judge) -> None:
    """Two workers, a job that has ended, a port on loopback, and no variable of the service in the evidence."""
    assert project.judged(judge) == {}


@pytest.mark.parametrize(
    ("text", "tag", "expected"),
    [
        (FILE, "1.2.4", {"image": "runs shop/api:1.2.3, shop/api:1.2.4 is declared"}),
        (
            declared("127.0.0.1:18080:8000", "127.0.0.1:18081:8000"),
            "1.2.3",
            {"ports": "publishes 127.0.0.1:18080:8000/tcp, which the file does not declare"},
        ),
        (
            declared('["127.0.0.1:18080:8000"]', '["127.0.0.1:18080:8000", "9000:9000"]'),
            "1.2.3",
            {"ports": "does not publish 9000:9000/tcp, which the file declares"},
        ),
        (declared("scale: 2", "scale: 3"), "1.2.3", {"running": "shop/worker: 2 of 3 run"}),
        (declared("restart: always", "restart: unless-stopped"), "1.2.3", {"restart": "has the restart policy always"}),
        (
            declared("    scale: 2", '    scale: 2\n    healthcheck: {test: ["CMD", "true"]}'),
            "1.2.3",
            {"healthy": "has no health check, although the file declares one"},
        ),
        (
            f"{FILE}  cron:\n    image: busybox\n    restart: always\n",
            "1.2.3",
            {"running": "shop/cron: 0 of 1 run: there is no container"},
        ),
        (FILE.replace(WORKER, ""), "1.2.3", {"orphans": "the file has no service for shop"}),
    ],
)
def test_file_that_is_ahead_of_what_runs(
    project: Project, judge: Judge, text: str, tag: str, expected: dict[str, str]
) -> None:
    """What somebody declared and nobody deployed."""
    wrong = project.judged(judge, text, tag)
    assert wrong.keys() == expected.keys()
    assert all(words in wrong[name] for name, words in expected.items())


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "docker stop --time 0 $(docker ps --quiet --filter name=worker_1 --filter name=worker-1)",
            {"running": "1 of 2 run"},
        ),
        ("docker pause $(docker ps --quiet --filter name=api)", {"running": "is paused"}),
        ("docker update --restart no $(docker ps --quiet --filter name=api)", {"restart": "has the restart policy no"}),
        ("docker tag shop/api:1.2.4 shop/api:1.2.3", {"image": "runs an older image than the one that shop/api:1.2.3"}),
    ],
)
def test_what_somebody_did_by_hand(project: Project, judge: Judge, script: str, expected: dict[str, str]) -> None:
    """Each is found by its own check."""
    kept = project.machine.sh("docker inspect --type image --format '{{.Id}}' shop/api:1.2.3").strip()
    project.machine.sh(script)
    try:
        wrong = project.judged(judge)
    finally:
        project.machine.sh(f"docker tag {kept} shop/api:1.2.3")
        project.machine.sh("docker ps --quiet --filter status=paused | xargs -r docker unpause")
    assert wrong.keys() == expected.keys()
    assert all(words in wrong[name] for name, words in expected.items())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '["CMD", "test", "-e", "/release"], interval: 1s, timeout: 10s, retries: 30',
            '["CMD", "false"], interval: 1s, retries: 1',
            "healthy",
        ),
        ('["sleep", "1000"]', '["false"]', "steady"),
        ('    command: ["true"]', '    command: ["false"]', "running"),
        ("    restart: always", '    restart: "no"', "restart"),
    ],
)
def test_service_that_is_not_well(machine: Machine, judge: Judge, old: str, new: str, expected: str) -> None:
    """Unhealthy, started again and again, a job that failed, and nobody who starts it after a reboot."""
    project = Project(machine)
    text = declared(old, new).replace("    depends_on: {migrate: {condition: service_completed_successfully}}\n", "")
    project.up(text, "1.2.3", "--scale worker=2")
    try:
        while expected == "steady" and not any(container.restarts > 2 for container in project.seen().containers):
            pass
        job = "    scale: 2\n    depends_on: {migrate: {condition: service_completed_successfully}}"
        wrong = project.judged(judge, text.replace("    scale: 2", job))
    finally:
        project.compose("down --timeout 0")
    assert wrong.keys() == {expected}


def test_project_that_was_never_started(machine: Machine, judge: Judge) -> None:
    """No container of it is a no, and no silence."""
    assert "there is no container" in Project(machine).judged(judge)["running"]


def test_engine_that_does_not_run(project: Project, judge: Judge) -> None:
    """Nothing runs then; what Docker's program does not say otherwise is unknown."""
    with project.machine.changed("mv /run/docker.sock /run/away.sock", "mv /run/away.sock /run/docker.sock"):
        assert project.judged(judge)["running"].endswith("Docker's daemon does not run")


def test_sudo_that_allows_nothing(project: Project) -> None:
    """Unknown, with what sudo must allow."""
    back = f"echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/lab"
    with (
        project.machine.changed("echo > /etc/sudoers.d/lab", back),
        pytest.raises(Unobserved, match=r"password is required|not allowed|sudoers"),
    ):
        project.seen()


def test_run_is_recorded_shown_and_judged_again(project: Project, tmp_path: Path) -> None:
    """From the command line, at a fault: every check stands in the results and on the page, and replay says the same."""
    project.environment(FILE, "1.2.3")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "staging.toml").write_text(tomli_w.dumps(project.declared))
    only = [word for check in CHECKS for word in ("--only", f"compose-{check}")]
    with project.machine.changed(
        "docker pause $(docker ps -q -f name=api)", "docker unpause $(docker ps -q -f name=api)"
    ):
        ran = called(tmp_path, "run", "--env", "staging", *only, **project.secrets)
    (latest,) = (tmp_path / "reports" / "staging").iterdir()
    outcomes = {check["id"]: check["outcome"] for check in json.loads((latest / "results.json").read_text())["checks"]}
    assert ran.returncode == 1, ran.stdout + ran.stderr
    asked = {name: outcomes[f"compose-{name}"] for name in CHECKS}
    assert asked == {**dict.fromkeys(CHECKS, "blocked"), "running": "fail", "orphans": "pass"}
    page = (latest / "signoff.html").read_text()
    assert all(f"compose-{check}" in page for check in CHECKS)
    assert "is paused" in page
    assert not [path for path in latest.iterdir() if path.is_file() and b"hunter" in path.read_bytes()]
    again = called(tmp_path, "replay", str(latest))
    assert (again.returncode, "is paused" in again.stdout) == (1, True), again.stdout + again.stderr
