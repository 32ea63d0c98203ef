"""Asks Sentry whether the DSN in a file of variables is of the project that the file must report to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gonogo.base.secrets import Secrets
from gonogo.clients.sentry import SentryApi
from gonogo.environment.model import Environment
from gonogo.evidence.accounts import DsnProjectEvidence
from gonogo.evidence.base import Scope
from gonogo.families.sentry.issues import api_of
from gonogo.families.sentry.section import Sentry
from gonogo.families.variables.targets import LeadingValue, leading_values


@dataclass(frozen=True, slots=True, kw_only=True)
class DsnQuestion:
    """One DSN, and the project that it must be of."""

    api: SentryApi
    variable: LeadingValue

    @property
    def scope(self) -> Scope:
        """The file's."""
        return self.variable.scope

    @property
    def host(self) -> str:
        """All questions to Sentry are bounded together."""
        return "sentry"


def dsn_questions(environment: Environment, secrets: Secrets) -> Sequence[DsnQuestion]:
    """One for each file whose project is known."""
    section = environment.section(Sentry)
    if section is None:
        return []
    api = api_of(section, secrets, environment.limits.probe)
    return [
        DsnQuestion(api=replace(api, project=variable.target), variable=variable)
        for variable in leading_values(environment, "dsn", lambda file: file.sentry_project, section.project)
    ]


async def probe_dsn(question: DsnQuestion) -> DsnProjectEvidence:
    """Read the project and its keys. Raises Unobserved if one of them cannot be read."""
    api, variable = question.api, question.variable
    evidence = DsnProjectEvidence(
        scope=question.scope,
        taken_at=datetime.now(UTC),
        file=variable.file,
        name=variable.name,
        project=f"{api.organization}/{api.project}",
        found=False,
        present=bool(variable.value),
    )
    async with api.session() as session:
        project = await session.project()
        if project is None or "id" not in project:
            return evidence
        keys = await session.keys()
    dsn = split_dsn(variable.value)
    key = own_key(keys, dsn)
    return replace(
        evidence,
        found=True,
        number=str(project["id"]),
        dsn_number=dsn_number(dsn),
        key_known=bool(key),
        key_active=key.get("isActive") is True,
    )


def split_dsn(value: str) -> SplitResult:
    """The parts of a DSN; of what is none, no parts."""
    try:
        return urlsplit(value)
    except ValueError:
        return urlsplit("")


def own_key(keys: Sequence[Mapping[str, Any]], dsn: SplitResult) -> Mapping[str, Any]:
    """The project's client key that the DSN names; empty if it is none of them."""
    return next((key for key in keys if dsn.username and key.get("public") == dsn.username), {})


def dsn_number(dsn: SplitResult) -> str:
    """The id of the project that a DSN names."""
    return dsn.path.rstrip("/").rpartition("/")[2]
