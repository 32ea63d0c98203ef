"""Asks Sentry about the project: is it there, does the service's key belong to it, and who is told of errors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import objects
from gonogo.clients.sentry import SentryApi
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.sentry import Alert, SentryEvidence
from gonogo.families.kind import Probe
from gonogo.families.sentry.section import Sentry

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryQuestion:
    """One project, and the key that the service sends with."""

    api: SentryApi
    public_key: str = field(repr=False)

    @property
    def scope(self) -> Scope:
        """There is one."""
        return ("sentry",)

    @property
    def host(self) -> str:
        """There is one."""
        return "sentry"


def sentry_questions(environment: Environment, secrets: Secrets) -> Sequence[SentryQuestion]:
    """The project of the service."""
    section = environment.section(Sentry)
    if section is None:
        return []
    token = secrets[section.token]
    api = SentryApi(api=section.api, token=token, organization=section.organization, project=section.project)
    return [SentryQuestion(api=api, public_key=urlsplit(secrets[section.dsn]).username or "")]


async def probe_sentry(question: SentryQuestion) -> SentryEvidence:
    """Read what there is; send nothing."""
    api = question.api
    known: dict[str, Any] = {
        "scope": question.scope,
        "taken_at": datetime.now(UTC),
        "project": f"{api.organization}/{api.project}",
    }
    project = await api.project_path()
    if not isinstance(project, dict):
        return SentryEvidence(**known, found=False)
    keys = [key for key in objects(await api.project_path("keys/")) if key.get("public") == question.public_key]
    return SentryEvidence(
        **known,
        found=True,
        status=str(project.get("status", "")),
        key_known=bool(keys),
        key_active=any(key.get("isActive") is True for key in keys),
        alerts=tuple(await _alerts(api)),
    )


async def _alerts(api: SentryApi) -> list[Alert]:
    """Workflows, where this Sentry has them; the project's rules otherwise."""
    workflows = await api.organization_path("workflows/")
    if workflows is not None:
        return list(_workflows(objects(workflows)))
    return list(_rules(objects(await api.project_path("rules/"))))


def _workflows(found: Sequence[dict[str, Any]]) -> Iterator[Alert]:
    for workflow in found:
        parts = objects(workflow.get("actionFilters"))
        actions = [action for part in parts for action in objects(part.get("actions"))]
        enabled = workflow.get("enabled") is not False
        yield Alert(name=str(workflow.get("name"))[:_LONGEST], enabled=enabled, recipients=len(actions))


def _rules(found: Sequence[dict[str, Any]]) -> Iterator[Alert]:
    for rule in found:
        enabled = rule.get("status", "active") == "active"
        yield Alert(
            name=str(rule.get("name"))[:_LONGEST], enabled=enabled, recipients=len(objects(rule.get("actions")))
        )


PROBES: Mapping[str, Probe] = {
    "sentry": Probe(questions=sentry_questions, ask=probe_sentry),
}
