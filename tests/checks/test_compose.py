"""Checks of Compose projects on literal evidence; on a real engine in tests/lab/test_compose.py."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.compose import ComposeContainer, ComposeEvidence, DeclaredPort, DeclaredService, PublishedPort
from tests.checks.conftest import Judge

PORT = DeclaredPort(host="127.0.0.1", first=8080, last=8080, target=80)
API = DeclaredService(name="api", image="shop/api:1.2.3", ports=(PORT,), restart="always", healthcheck=True)
JOB = DeclaredService(name="migrate", image="shop/api:1.2.3", once=True)
RUNNING = ComposeContainer(
    name="shop-api-1",
    service="api",
    image="docker.io/shop/api:1.2.3",
    image_id="sha256:a",
    newest_id="sha256:a",
    status="running",
    exit_code=0,
    restarts=0,
    started=5,
    health="healthy",
    restart="always",
    ports=(PublishedPort(host="127.0.0.1", port=8080, target=80, protocol="tcp"),),
)
DONE = replace(RUNNING, name="shop-migrate-1", service="migrate", status="exited", health="", restart="no", ports=())
SOUND = ComposeEvidence(
    scope=("compose", "shop"),
    taken_at=datetime(2026, 11, 26, tzinfo=UTC),
    address="web1:22",
    project="shop",
    services=(API, JOB),
    containers=(RUNNING, DONE),
)
CHECKS = ("running", "steady", "image", "healthy", "ports", "restart", "orphans")
ANYWHERE = PublishedPort(host="", port=5432, target=5432, protocol="tcp")


@pytest.mark.parametrize("check", CHECKS)
def test_sound_project(judge: Judge, check: str) -> None:
    """A needless no would be a launch that waits."""
    assert judge(f"compose-{check}", compose=SOUND) is None


@pytest.mark.parametrize(
    ("check", "api", "message"),
    [
        ("running", {"status": "exited", "exit_code": 137}, "shop/api: 0 of 1 run: shop-api-1 is exited (137)"),
        ("running", {"status": "paused"}, "shop-api-1 is paused"),
        ("steady", {"status": "restarting", "restarts": 9}, "shop-api-1 is restarting, after 9 restarts"),
        (
            "steady",
            {"restarts": 3, "started": 599},
            "has been running for 599 s after 3 restarts; 10 min without a restart is expected",
        ),
        ("image", {"image": "shop/api:1.2.2"}, "runs shop/api:1.2.2; shop/api:1.2.3 is declared"),
        ("image", {"newest_id": "sha256:b"}, "runs an older image"),
        ("healthy", {"health": "unhealthy"}, "shop-api-1 is unhealthy"),
        ("healthy", {"health": ""}, "has no health check"),
        ("ports", {"ports": (*RUNNING.ports, ANYWHERE)}, "publishes 5432:5432/tcp, which the file does not declare"),
        ("ports", {"ports": ()}, "does not publish 127.0.0.1:8080:80/tcp"),
        ("ports", {"ports": (replace(RUNNING.ports[0], host=""),)}, "publishes 8080:80/tcp"),
        ("restart", {"restart": "no"}, "has the restart policy no; always is declared"),
        ("orphans", {"service": "old-api"}, "the file has no service for shop-api-1"),
    ],
)
def test_container_that_is_not_as_declared(judge: Judge, check: str, api: dict[str, Any], message: str) -> None:
    """Each by its own check, with what was observed and what was declared."""
    said = judge(f"compose-{check}", compose=replace(SOUND, containers=(replace(RUNNING, **api), DONE)))
    assert said is not None
    assert message in said


def test_old_restarts_are_forgiven(judge: Judge) -> None:
    """A service that was started again last month, and has run since, is well."""
    settled = replace(RUNNING, restarts=9, started=601)
    assert judge("compose-steady", compose=replace(SOUND, containers=(settled, DONE))) is None


def test_port_that_the_engine_may_choose(judge: Judge) -> None:
    """A declared range, or a port without a number, leaves the choice to Docker."""
    for port in (replace(PORT, first=8000, last=8100), replace(PORT, first=0, last=0)):
        assert judge("compose-ports", compose=replace(SOUND, services=(replace(API, ports=(port,)), JOB))) is None


def test_orphan_that_publishes(judge: Judge) -> None:
    """Nobody looks at what was taken out of the file; it is on the internet all the same."""
    orphan = replace(RUNNING, name="shop-admin-1", service="admin", ports=(ANYWHERE,))
    said = judge("compose-ports", compose=replace(SOUND, containers=(RUNNING, DONE, orphan)))
    assert said is not None
    assert "shop-admin-1 publishes 5432:5432/tcp" in said


@pytest.mark.parametrize(("status", "code"), [("exited", 1), ("created", 0), ("dead", 137)])
def test_job_that_has_not_done_its_work(judge: Judge, status: str, code: int) -> None:
    """A migration that failed is found before its tables are missed."""
    job = replace(DONE, status=status, exit_code=code)
    said = judge("compose-running", compose=replace(SOUND, containers=(RUNNING, job)))
    assert said is not None
    assert "shop/migrate has not completed its work: shop-migrate-1 is" in said


@pytest.mark.parametrize(
    ("check", "changed"),
    [
        ("running", {"containers": (RUNNING, replace(DONE, status="running"))}),
        ("healthy", {"containers": (replace(RUNNING, health="starting"), DONE)}),
        ("steady", {"containers": (replace(RUNNING, restarts=5, started=None), DONE)}),
    ],
)
def test_what_is_not_known_yet(judge: Judge, check: str, changed: dict[str, Any]) -> None:
    """Neither green nor red: a job at work, a first health check under way."""
    with pytest.raises(Unobserved):
        judge(f"compose-{check}", compose=replace(SOUND, **changed))


def test_no_silence_hides_a_failure(judge: Judge) -> None:
    """A job that is at work does not keep a dead service from being told."""
    containers = (replace(RUNNING, status="exited"), replace(DONE, status="running"))
    said = judge("compose-running", compose=replace(SOUND, services=(JOB, API), containers=containers))
    assert said is not None
    assert "shop/api" in said


def test_engine_that_does_not_run(judge: Judge) -> None:
    """Told once, as that."""
    said = judge("compose-running", compose=replace(SOUND, containers=(), problem="Docker's daemon does not run"))
    assert said == "web1:22: Docker's daemon does not run"


def test_service_without_a_policy_is_warned_of(judge: Judge) -> None:
    """As declared, and gone after the next reboot; a job is done, and needs none."""
    api = replace(API, restart="on-failure")
    evidence = replace(SOUND, services=(api, JOB), containers=(replace(RUNNING, restart="on-failure"), DONE))
    said = judge("compose-restart", compose=evidence)
    assert said == "web1:22: shop-api-1 is not started again after a reboot: its restart policy is on-failure"
