"""Asks Sentry about the project: is it there, does the service's key belong to it, and who is told of errors."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import NotAllowed, mapping, text, whole
from gonogo.clients.sentry import SentryApi, SentrySession
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.sentry import Alert, KeyLimit, SentryEvidence
from gonogo.families.kind import Probe
from gonogo.families.reading import Reading
from gonogo.families.sentry.alerts import read_rules, read_workflows
from gonogo.families.sentry.dsn import dsn_number, dsn_questions, own_key, probe_dsn
from gonogo.families.sentry.issues import api_of, issues_questions, probe_issues
from gonogo.families.sentry.section import Sentry

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class SentryQuestion:
    """One project, and the DSN that the service sends with."""

    api: SentryApi
    dsn: str = field(repr=False)
    environment: str | None = None
    """What the service's events name as their environment."""

    @property
    def scope(self) -> Scope:
        """An environment has one Sentry project, so its scope has no further part."""
        return ("sentry",)

    @property
    def host(self) -> str:
        """All questions to Sentry are bounded together."""
        return "sentry"


def sentry_questions(environment: Environment, secrets: Secrets) -> Sequence[SentryQuestion]:
    """The project of the service."""
    section = environment.section(Sentry)
    if section is None:
        return []
    api = api_of(section, secrets, environment.limits.probe)
    return [SentryQuestion(api=api, dsn=secrets[section.dsn], environment=section.environment)]


async def probe_sentry(question: SentryQuestion) -> SentryEvidence:
    """Read what there is; send nothing. Raises Unobserved if not even the project can be read."""
    taken_at, api, dsn = datetime.now(UTC), question.api, urlsplit(question.dsn)
    name, reading = f"{api.organization}/{api.project}", Reading()
    async with api.session() as session:
        project = await session.project()
        if project is None or "id" not in project:
            moved = text(project.get("slug")) if project else ""
            return SentryEvidence(scope=question.scope, taken_at=taken_at, project=name, found=False, moved_to=moved)
        number = str(project["id"])
        keys, alerts = await asyncio.gather(
            reading.fact("key_known", session.keys(), list[dict[str, Any]]()),
            reading.fact("alerts", _alerts(session, number, question.environment), ()),
        )
    key = own_key(keys, dsn)
    return SentryEvidence(
        scope=question.scope,
        taken_at=taken_at,
        unread=reading.unread,
        project=name,
        found=True,
        status=text(project.get("status")),
        number=number,
        dsn_number=dsn_number(dsn),
        dsn_host=_place(dsn),
        ingest_host=_place(urlsplit(text(mapping(key.get("dsn")).get("public")))),
        key_known=bool(key),
        key_active=key.get("isActive") is True,
        key_limit=_limit(key),
        alerts=alerts,
    )


async def _alerts(session: SentrySession, number: str, environment: str | None) -> tuple[Alert, ...]:
    """Workflows, where this Sentry has them; the project's rules otherwise."""
    workflows = await session.workflows(number)
    if workflows is not None:
        return read_workflows(workflows, await _monitors(session, number), number, environment)
    rules = await session.rules()
    if rules is None:
        raise Unobserved(
            "this server has neither workflows nor rules: it cannot tell who is told of errors",
            hint="a server that only takes Sentry's events has alerts of its own: look at them, and attest the line",
        )
    return read_rules(rules, environment)


async def _monitors(session: SentrySession, number: str) -> list[dict[str, Any]] | None:
    """All monitors of the project; None if the token may not read them: Sentry itself chose the project's alerts."""
    try:
        return await session.detectors(number)
    except NotAllowed:
        return None


def _place(dsn: SplitResult) -> str:
    """Host and port of a DSN, and the path before the project's number, where there is one."""
    try:
        port = dsn.port
    except ValueError:
        port = None
    # Without TLS it is another place, since anybody on the way may read the events.
    port = port or _DEFAULT_PORTS.get(dsn.scheme)
    shown = "" if port == _DEFAULT_PORTS["https"] else f":{port}"
    return f"{(dsn.hostname or '').rstrip('.')}{shown}{dsn.path.rstrip('/').rpartition('/')[0]}"


def _limit(key: Mapping[str, Any]) -> KeyLimit | None:
    limit = mapping(key.get("rateLimit"))
    count, seconds = whole(limit.get("count")), whole(limit.get("window"))
    if count is None or not seconds:
        return None
    return KeyLimit(count=count, window=timedelta(seconds=seconds))


PROBES: Mapping[str, Probe] = {
    "sentry": Probe(questions=sentry_questions, ask=probe_sentry),
    "dsn_project": Probe(questions=dsn_questions, ask=probe_dsn),
    "sentry_issues": Probe(questions=issues_questions, ask=probe_issues),
}
