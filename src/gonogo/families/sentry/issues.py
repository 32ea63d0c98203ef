"""Asks Sentry for the issues that are new since T-0."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import mapping, text
from gonogo.clients.sentry import SentryApi
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.sentry import NewIssue, SentryIssuesEvidence
from gonogo.families.sentry.journey import CANARY
from gonogo.families.sentry.section import Sentry
from gonogo.families.watch.section import Launch

_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuesQuestion:
    """One project, and T-0."""

    api: SentryApi
    since: datetime
    environment: str | None = None

    @property
    def scope(self) -> Scope:
        """As of everything that is read of the project."""
        return ("sentry",)

    @property
    def host(self) -> str:
        """All questions to Sentry are bounded together."""
        return "sentry"


def issues_questions(environment: Environment, secrets: Secrets) -> Sequence[IssuesQuestion]:
    """One, where T-0 is known: ``launch.at``, or what ``gonogo watch --launch`` says."""
    section, launch = environment.section(Sentry), environment.section(Launch)
    if section is None or launch is None or launch.at is None:
        return []
    api = api_of(section, secrets, environment.limits.probe)
    return [IssuesQuestion(api=api, since=launch.at, environment=section.environment)]


def api_of(section: Sentry, secrets: Secrets, patience: timedelta) -> SentryApi:
    """The project that the section names."""
    return SentryApi(
        api=section.api,
        token=secrets[section.token],
        organization=section.organization,
        project=section.project,
        patience=patience,
    )


async def probe_issues(question: IssuesQuestion) -> SentryIssuesEvidence:
    """Read the list, all pages of it. Raises Unobserved where it cannot be read, or is not what was asked for."""
    taken_at, api, since = datetime.now(UTC), question.api, question.since.astimezone(UTC).replace(microsecond=0)
    name = f"{api.organization}/{api.project}"
    async with api.session() as session:
        project = await session.project()
        if project is None or "id" not in project:
            raise Unobserved(f"Sentry has no project {name}", hint="sentry-project says more")
        number = str(project["id"])
        listed = await session.new_issues(number, since, question.environment)
    if listed is None:
        raise Unobserved(
            f"Sentry knows no environment {question.environment} of {name}, or no list of issues",
            hint="no event has named this environment yet: is sentry.environment what the service's events name?",
        )
    own = [entry for entry in listed if str(mapping(entry.get("project")).get("id", number)) == number]
    issues = [_issue(entry) for entry in own if not text(entry.get("title")).startswith(CANARY)]
    if older := [issue for issue in issues if issue.first_seen is not None and issue.first_seen < since]:
        raise Unobserved(
            f"Sentry at {api.api} was asked for issues since {since:%Y-%m-%d %H:%M:%S}Z, and gave {older[0].id}, which it "
            f"first saw {older[0].first_seen:%Y-%m-%d %H:%M:%S}Z",
            hint="a server that is like Sentry, and knows no firstSeen: look there yourself",
        )
    return SentryIssuesEvidence(
        scope=question.scope,
        taken_at=taken_at,
        project=name,
        since=since,
        environment=question.environment,
        issues=tuple(issues),
    )


def _issue(entry: Mapping[str, Any]) -> NewIssue:
    return NewIssue(
        id=text(entry.get("shortId")) or str(entry.get("id")),
        title=" ".join(text(entry.get("title")).split())[:_LONGEST_TITLE] or "without a title",
        level=text(entry.get("level")),
        status=text(entry.get("status")),
        first_seen=_moment(text(entry.get("firstSeen"))),
    )


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
