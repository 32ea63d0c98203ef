"""Sections that the repository could fill: written as comments, since it does not say where they run, nor who may look."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gonogo.base.errors import UsageError
from gonogo.families.registry import installed_families
from gonogo.families.servers.compose_file import read_services
from gonogo.families.servers.compose_section import ComposeProject
from gonogo.starting.repository import Manifest, Repository

_SERVER = "example-1"
_JOBS = {"CronJob", "Job"}
_OBJECT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")
_FILLED_LATER = re.compile(r"[\s${}<>]")
_SMTP = re.compile(r"\b(SMTP|EMAIL_HOST|MAIL_(HOST|SERVER))")
_MOST_OBJECTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Something that could be verified, and what it takes."""

    title: str
    """What it is, and which files say so."""
    todo: str
    """What a person has to do."""
    tables: Mapping[str, Any]
    """Sections of the environment file; empty: the family that has them is not installed."""


def proposals(repository: Repository, host: str, address: str) -> Iterator[Proposal]:
    """What of the repository a section could verify, each only if the next command would take it."""
    sections = _sections(repository.project)
    for path in repository.compose[:3]:
        yield _compose(repository.project, path, address)
    if repository.manifests:
        yield _kubernetes(repository.manifests, sections)
    mail = repository.use("mail")
    if mail and any(_SMTP.search(place) for place in mail.places):
        yield _smtp(f"SMTP ({', '.join(mail.places)})", host, sections)


def _sections(project: Path) -> Mapping[str, Any]:
    """The models of all sections that an environment file may have here."""
    installed = installed_families(project).installed
    return {section.key: section.model for family in installed for section in family.family.sections}


def _compose(project: Path, path: str, address: str) -> Proposal:
    folder = (project / path).resolve().parent
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.name.lower()).strip("-_") or "service"
    try:
        services = read_services(ComposeProject(server=_SERVER, file=str(project / path)), f"compose.{name}")
    except UsageError as error:
        reason = str(error).replace(str(project / path), path)
        return Proposal(
            title=f"{path}: cannot be used as it is", todo=reason.removeprefix(f"compose.{name}.file: "), tables={}
        )
    server = {"address": address, "user": "gonogo", "key": "SERVER_KEY", "host_key": "ssh-ed25519 AAAA..."}
    return Proposal(
        title=f"{path}, {len(services)} services that Docker Compose runs",
        todo='fill in the address, the user and the host key (ssh-keyscan) of its server, and delete "servers" above',
        tables={"servers": {_SERVER: server}, "compose": {name: {"server": _SERVER, "file": path}}},
    )


def _kubernetes(manifests: Sequence[Manifest], sections: Mapping[str, Any]) -> Proposal:
    places = list(dict.fromkeys(manifest.place for manifest in manifests))
    title = f"{len(manifests)} Kubernetes objects, in {', '.join(places[:3])}{', …' if len(places) > 3 else ''}"  # noqa: PLR2004 - as shown
    if "kubernetes" not in sections:
        return Proposal(title=title, todo="install gonogo-kubernetes, which brings the section [kubernetes]", tables={})
    spaces = sorted({manifest.namespace for manifest in manifests if manifest.namespace})
    namespace = spaces[0] if spaces else "default"
    table: dict[str, Any] = {"api": "https://203.0.113.20:6443", "token": "KUBERNETES_TOKEN", "namespace": namespace}
    for manifest in manifests[:_MOST_OBJECTS]:
        if _OBJECT.fullmatch(manifest.name):
            kept = table.setdefault("jobs" if manifest.kind in _JOBS else "workloads", {})
            kept[manifest.name] = _object(manifest, namespace)
    return _accepted(
        Proposal(
            title=title,
            todo="fill in the address of the API server, and set the secret KUBERNETES_TOKEN: a token that may only read",
            tables={"kubernetes": table},
        ),
        sections,
    )


def _object(manifest: Manifest, namespace: str) -> Mapping[str, Any]:
    images = [image for image in manifest.images if not _FILLED_LATER.search(image)]
    of_workload = {"images": images, "replicas": manifest.replicas} if manifest.kind not in _JOBS else {}
    entry = {"kind": manifest.kind, **of_workload}
    if manifest.namespace and manifest.namespace != namespace:
        entry["namespace"] = manifest.namespace
    return {key: value for key, value in entry.items() if value}


def _smtp(title: str, host: str, sections: Mapping[str, Any]) -> Proposal:
    if "smtp" not in sections:
        return Proposal(title=title, todo="install gonogo-smtp, which brings the section [smtp]", tables={})
    table = {"url": "SMTP_URL", "sender": f"noreply@{host}"}
    todo = "set the secret SMTP_URL, and fill in the address that mail comes from"
    return _accepted(Proposal(title=title, todo=todo, tables={"smtp": table}), sections)


def _accepted(proposal: Proposal, sections: Mapping[str, Any]) -> Proposal:
    """The same, or without its tables where the section would refuse them."""
    try:
        for key, table in proposal.tables.items():
            sections[key].model_validate(table)
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(part) for part in wrong["loc"])
        return Proposal(title=proposal.title, todo=f"cannot be used as it is: {where}: {wrong['msg']}", tables={})
    return proposal
