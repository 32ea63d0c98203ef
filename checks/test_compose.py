"""Projects of Docker Compose: what should run runs, as the file declares it."""

from datetime import timedelta

import pytest

from gonogo.base.comparing import at_least, below, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.compose import ComposeContainer, ComposeEvidence, DeclaredPort, PublishedPort
from gonogo.policy.catalogue import Policy

_OUTLIVES_A_REBOOT = {"always", "unless-stopped"}
"""on-failure does not: https://docs.docker.com/engine/containers/start-containers-automatically/."""


@pytest.mark.check("compose-running")
def test_every_service_runs(compose: ComposeEvidence) -> None:
    """A worker that stopped on Friday is missing on launch day.

    Fix: docker compose logs SERVICE shows why it ended; then docker compose up -d.
    """
    assert so(not compose.problem, "project", "can be read", compose.problem), f"{compose.address}: {compose.problem}"
    at_work = []
    for service in compose.services:
        containers = compose.containers_of(service)
        states = ", ".join(map(_state, containers)) or "there is no container"
        where = f"{compose.address}: {compose.project}/{service.name}"
        if not service.once:
            running = [container for container in containers if container.status in {"running", "restarting"}]
            assert at_least(len(running), service.copies, f"copies of {service.name} that run", kind="copies"), (
                f"{where}: {len(running)} of {service.copies} run: {states}"
            )
        elif any(container.status == "running" for container in containers):
            at_work.append(where)
        else:
            ended_well = any(container.status == "exited" and container.exit_code == 0 for container in containers)
            assert so(ended_well, f"work of {service.name}", "done", states), (
                f"{where} has not completed its work: {states}"
            )
    if at_work:
        raise Unobserved(f"{', '.join(at_work)} has not ended yet", hint="run it again when it has")


@pytest.mark.check("compose-steady")
def test_nothing_starts_again_and_again(compose: ComposeEvidence, policy: Policy) -> None:
    """A container that restarts every minute looks healthy between two restarts.

    Fix: docker compose logs SERVICE; look for its exit code, and for memory (docker inspect, OOMKilled).
    """
    settled = policy.duration("settled")
    for container in compose.containers:
        assert shown(
            container.status != "restarting", f"state of {container.name}", container.status, "not restarting"
        ), f"{compose.address}: {_state(container)}, after {_again(container)}"
        if container.restarts < (most := policy.number("restarts")):
            below(container.restarts, most, f"restarts of {container.name}", kind="restarts")
            continue
        if container.started is None:
            raise Unobserved(f"{compose.address}: it is not known how long {container.name} has been running")
        runs_for = timedelta(seconds=container.started)
        assert at_least(runs_for, settled, f"{container.name} runs since its last restart for", kind="settled"), (
            f"{compose.address}: {container.name} has been running for {container.started} s after {_again(container)}; "
            f"{format_duration(settled)} without a restart is expected"
        )


@pytest.mark.check("compose-image")
def test_declared_image_runs(compose: ComposeEvidence) -> None:
    """If a deployment pulls an image and does not recreate the container, the old release keeps serving.

    Fix: docker compose up -d --pull always, with the release in the file's variables.
    """
    for service in compose.services:
        for container in compose.containers_of(service):
            where = f"{compose.address}: {container.name}"
            right = not service.image or _whole(container.image) == _whole(service.image)
            assert shown(right, f"image of {container.name}", container.image, service.image or "any"), (
                f"{where} runs {container.image}; {service.image} is declared"
            )
            newest = container.newest_id in {"", container.image_id}
            assert so(newest, "images", "the newest that this machine has", f"{container.name} older"), (
                f"{where} runs an older image than the one that {container.image} names on this machine now"
            )


@pytest.mark.check("compose-healthy")
def test_health_checks_say_healthy(compose: ComposeEvidence) -> None:
    """A process can run and still serve nobody; its own health check shows that.

    Fix: docker inspect --format '{{json .State.Health}}' NAME shows what the check printed.
    """
    containers = [(service, container) for service in compose.services for container in compose.containers_of(service)]
    for service, container in containers:
        where = f"{compose.address}: {container.name}"
        assert shown(container.health != "unhealthy", f"health of {container.name}", container.health, "healthy"), (
            f"{where} is unhealthy"
        )
        made_so = container.health or not service.healthcheck or service.once
        assert so(made_so, "declared health checks", "there", f"missing in {container.name}"), (
            f"{where} has no health check, although the file declares one: it was made from another file"
        )
    for _, container in containers:
        if container.health == "starting":
            raise Unobserved(
                f"{compose.address}: {container.name}: no health check has passed yet", hint="run it again"
            )


@pytest.mark.check("compose-ports")
def test_published_ports_are_the_declared_ones(compose: ComposeEvidence) -> None:
    """Ports that Docker publishes bypass the firewall: a database that was opened for a moment is on the internet.

    Fix: remove the port from what runs (docker compose up -d --force-recreate), or declare it in the file.
    """
    declared = {service.name: service.ports for service in compose.services}
    for container in compose.containers:
        ports = declared.get(container.service, ())
        for published in container.ports:
            right = any(_is_declared(published, port) for port in ports)
            assert so(right, "published ports", "declared", f"not declared: {published}"), (
                f"{compose.address}: {container.name} publishes {published}, which the file does not declare"
            )
        for port in ports if container.status == "running" else ():
            right = any(_is_declared(published, port) for published in container.ports)
            assert so(right, "declared ports", "published", f"not published: {port}"), (
                f"{compose.address}: {container.name} does not publish {port}, which the file declares"
            )


@pytest.mark.check("compose-restart")
def test_services_come_back(compose: ComposeEvidence) -> None:
    """A machine that reboots at night serves nobody until somebody wakes up.

    Fix: restart: unless-stopped in the file, then docker compose up -d.
    """
    for service in compose.services:
        for container in compose.containers_of(service):
            where = f"{compose.address}: {container.name}"
            assert equal(container.restart, service.restart, f"restart policy of {container.name}"), (
                f"{where} has the restart policy {container.restart}; {service.restart} is declared"
            )
            comes_back = service.once or container.restart in _OUTLIVES_A_REBOOT
            assert so(comes_back, "after a reboot", "started again", f"{container.name} not started"), (
                f"{where} is not started again after a reboot: its restart policy is {container.restart}"
            )


@pytest.mark.check("compose-orphans")
def test_nothing_else_runs(compose: ComposeEvidence) -> None:
    """A service that was removed from the file may still run with old code.

    Fix: docker compose up -d --remove-orphans.
    """
    running = [container.name for container in compose.orphans if container.status == "running"]
    assert nothing(running, "containers of no service"), (
        f"{compose.address}: {compose.project}: the file has no service for {', '.join(running)}"
    )


def _state(container: ComposeContainer) -> str:
    code = f" ({container.exit_code})" if container.status in {"exited", "dead"} else ""
    return f"{container.name} is {container.status}{code}"


def _again(container: ComposeContainer) -> str:
    return f"{container.restarts} restart{'' if container.restarts == 1 else 's'}"


def _whole(image: str) -> str:
    """The name in full: registry, folder and tag may be left out."""
    name = image.removeprefix("docker.io/").removeprefix("library/")
    return name if "@" in name or ":" in name.rpartition("/")[2] else f"{name}:latest"


def _is_declared(published: PublishedPort, port: DeclaredPort) -> bool:
    same = (published.target, published.protocol) == (port.target, port.protocol)
    return same and published.host == port.host and (not port.first or port.first <= published.port <= port.last)
