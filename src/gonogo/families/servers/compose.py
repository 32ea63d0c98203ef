"""Asks Docker on a server for the containers of a Compose project. Every command only reads."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import mapping, objects, text, whole
from gonogo.clients.ssh import CommandOutput, Shell, SshServer, reachable
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.compose import ComposeContainer, ComposeEvidence, DeclaredService, PublishedPort
from gonogo.families.servers.compose_file import read_services
from gonogo.families.servers.compose_section import ComposeProject
from gonogo.families.servers.docker_facts import is_not_running
from gonogo.families.servers.question import ssh_of
from gonogo.families.servers.section import Server

_LABEL = "com.docker.compose"
_INSPECT = (
    '{"name":{{json .Name}},"labels":{{json .Config.Labels}},"image":{{json .Config.Image}},"id":{{json .Image}},'
    '"status":{{json .State.Status}},"exit":{{json .State.ExitCode}},"started":{{json .State.StartedAt}},'
    '"restarts":{{json .RestartCount}},"policy":{{json .HostConfig.RestartPolicy.Name}},'
    '"health":{{if .State.Health}}{{json .State.Health.Status}}{{else}}""{{end}},'
    '"ports":{{json .NetworkSettings.Ports}}}'
)
"""Chosen fields: the others hold the variables of the containers, and with them secrets."""
_HINT = "let sudo run docker ps and docker inspect"
_ID = re.compile(r"^[0-9a-f]{64}$", re.MULTILINE)
_NEVER = "0001-01-01"
"""How Docker writes that there was no such moment."""
_ALL = {"", "0.0.0.0", "::"}  # noqa: S104 - how Docker spells every address


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeQuestion:
    """One project, and the server it runs on."""

    scope: Scope
    ssh: SshServer
    project: str
    services: tuple[DeclaredService, ...]

    @property
    def host(self) -> str:
        """The host whose questions are bounded together."""
        return self.ssh.address


def compose_questions(environment: Environment, secrets: Secrets) -> Sequence[ComposeQuestion]:
    """One for each project. Raises UsageError for a file that cannot be read, or a server that is not declared."""
    return list(_questions(environment, secrets))


def _questions(environment: Environment, secrets: Secrets) -> Iterator[ComposeQuestion]:
    servers = environment.table(Server)
    for name, declared in environment.table(ComposeProject).items():
        key = f"compose.{name}"
        if declared.server not in servers:
            raise UsageError(
                f"{key}.server: {declared.server} is none of [servers]; declare it there, or correct the name"
            )
        yield ComposeQuestion(
            scope=("compose", name),
            ssh=ssh_of(servers[declared.server], secrets),
            project=declared.project or name,
            services=read_services(declared, key),
        )


async def probe_compose(question: ComposeQuestion) -> ComposeEvidence:
    """Look; change nothing. Raises Unobserved when nobody lets us in, or shows us the containers."""
    async with reachable(question.ssh), question.ssh.shell() as shell:
        blank = ComposeEvidence(
            scope=question.scope,
            taken_at=datetime.now(UTC),
            address=f"{question.ssh.address}:{question.ssh.port}",
            project=question.project,
            services=question.services,
        )
        label = shlex.quote(f"label={_LABEL}.project={question.project}")
        listed = await shell.run(f"docker ps --all --quiet --no-trunc --filter {label}", as_root=True)
        if is_not_running(listed):
            return replace(blank, problem="Docker's daemon does not run")
        names = _ID.findall(_shown(listed))
        return replace(blank, containers=await _containers(shell, names)) if names else blank


async def _containers(shell: Shell, names: Sequence[str]) -> tuple[ComposeContainer, ...]:
    clock = whole(_number(_shown(await shell.run("date +%s"))))
    command = f"docker inspect --type container --format {shlex.quote(_INSPECT)} -- {shlex.join(names)}"
    printed = _shown(await shell.run(command, as_root=True))
    try:
        documents = objects([json.loads(line) for line in printed.splitlines() if line.startswith("{")])
        containers = [_container(document, clock) for document in documents if not _is_of_a_command(document)]
    except (ValueError, KeyError, TypeError) as error:
        raise Unobserved(f"docker inspect prints what is not understood: {error!r}"[:200], hint=_HINT) from None
    images = sorted({container.image for container in containers})
    commands = [f"docker inspect --type image --format '{{{{.Id}}}}' -- {shlex.quote(image)}" for image in images]
    newest = await shell.run_each(commands, as_root=True) if commands else ()
    ids = {image: output.output.strip() for image, output in zip(images, newest, strict=True) if output.status == 0}
    return tuple(
        sorted(
            (replace(container, newest_id=ids.get(container.image, "")) for container in containers),
            key=lambda container: container.name,
        )
    )


def _shown(output: CommandOutput) -> str:
    """What it printed. Raises Unobserved where it was not allowed to, or failed."""
    if output.refused or output.missing or output.status:
        raise Unobserved(output.refusal or output.first_line, hint=_HINT)
    return output.output


def _number(printed: str) -> int | None:
    return int(printed) if printed.strip().isdecimal() else None


def _is_of_a_command(document: Mapping[str, Any]) -> bool:
    """Whether somebody made it by ``docker compose run``: it is none of a service's own containers."""
    return text(mapping(document["labels"]).get(f"{_LABEL}.oneoff")).lower() == "true"


def _container(document: Mapping[str, Any], clock: int | None) -> ComposeContainer:
    started = text(document["started"])
    return ComposeContainer(
        name=text(document["name"]).removeprefix("/"),
        service=text(mapping(document["labels"]).get(f"{_LABEL}.service")),
        image=text(document["image"]),
        image_id=text(document["id"]),
        status=text(document["status"]),
        exit_code=int(document["exit"]),
        restarts=int(document["restarts"]),
        started=None if clock is None or started.startswith(_NEVER) else clock - _seconds(started),
        health=text(document["health"]),
        restart=text(document["policy"]) or "no",
        ports=tuple(dict.fromkeys(_published(mapping(document["ports"])))),
    )


def _seconds(moment: str) -> int:
    """Since 1970; Docker writes nine digits of a second, in UTC."""
    return int(datetime.fromisoformat(f"{moment[:19]}+00:00").timestamp())


def _published(ports: Mapping[str, Any]) -> Iterator[PublishedPort]:
    for exposed, bindings in ports.items():
        target, _, protocol = exposed.partition("/")
        for binding in objects(bindings):
            host = text(binding["HostIp"])
            yield PublishedPort(
                host="" if host in _ALL else host,
                port=int(binding["HostPort"]),
                target=int(target),
                protocol=protocol,
            )
