"""Asks Atlas whether the MongoDB URL in a file of variables leads to the cluster that it must lead to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, text
from gonogo.environment.model import Environment
from gonogo.evidence.accounts import UrlClusterEvidence
from gonogo.evidence.base import Scope
from gonogo.families.atlas.api import AtlasLists, atlas_api, atlas_login, log_in
from gonogo.families.atlas.cluster import hosts_of, read_hosts
from gonogo.families.atlas.section import Atlas
from gonogo.families.variables.targets import LeadingValue, leading_values


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlQuestion:
    """One URL, and the cluster that it must lead to."""

    api: JsonApi
    project: str
    login: str = field(repr=False)
    variable: LeadingValue

    @property
    def scope(self) -> Scope:
        """The file's."""
        return self.variable.scope

    @property
    def host(self) -> str:
        """All questions to Atlas are bounded together."""
        return "atlas"


def url_questions(environment: Environment, secrets: Secrets) -> Sequence[UrlQuestion]:
    """One for each file whose cluster is known."""
    section = environment.section(Atlas)
    if section is None:
        return []
    api, login = atlas_api(section, environment), atlas_login(section, secrets)
    return [
        UrlQuestion(api=api, project=section.project, login=login, variable=variable)
        for variable in leading_values(environment, "mongodb", lambda file: file.atlas_cluster, section.cluster)
    ]


async def probe_url(question: UrlQuestion) -> UrlClusterEvidence:
    """Read by which names the cluster is reached. Raises Unobserved if it cannot be read."""
    variable, taken_at = question.variable, datetime.now(UTC)
    async with question.api.session() as session:
        await log_in(session, question.login)
        cluster = await AtlasLists(session, question.project, variable.target).cluster()
    return UrlClusterEvidence(
        scope=question.scope,
        taken_at=taken_at,
        file=variable.file,
        name=variable.name,
        cluster=variable.target,
        found=not text(cluster.get("errorCode")),
        hosts=read_hosts(cluster),
        present=bool(variable.value),
        url_hosts=tuple(hosts_of(variable.value)),
    )
