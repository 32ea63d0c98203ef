"""Asks MongoDB Atlas about a cluster (https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/); reads only."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import PAGE_SIZE, JsonApi, objects
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.providers import AtlasEvidence, DatabaseUser, ProviderAlert
from gonogo.families.atlas.section import Atlas
from gonogo.families.digitalocean.probe import newest
from gonogo.families.kind import Probe

_VERSION = "application/vnd.atlas.2024-08-05+json"
"""Without a version Atlas refuses (406)."""
_LONGEST = 200
_PAGE = f"itemsPerPage={PAGE_SIZE}&pageNum="


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasQuestion:
    """One cluster."""

    api: JsonApi
    project: str
    cluster: str
    login: str = field(repr=False)
    """Client id and secret, as HTTP's basic authentication has them."""

    @property
    def scope(self) -> Scope:
        """There is one."""
        return ("atlas",)

    @property
    def host(self) -> str:
        """There is one."""
        return "atlas"


def atlas_questions(environment: Environment, secrets: Secrets) -> Sequence[AtlasQuestion]:
    """The project's cluster."""
    section = environment.section(Atlas)
    if section is None:
        return []
    return [
        AtlasQuestion(
            api=_api(section),
            project=section.project,
            cluster=section.cluster,
            login=b64encode(f"{secrets[section.client_id]}:{secrets[section.client_secret]}".encode()).decode(),
        )
    ]


async def probe_atlas(question: AtlasQuestion) -> AtlasEvidence:
    """Everything about one cluster."""
    api = await _logged_in(question)
    project = f"api/atlas/v2/groups/{quote(question.project, safe='')}"
    path = f"{project}/clusters/{quote(question.cluster, safe='')}"
    known: dict[str, Any] = {"scope": question.scope, "taken_at": datetime.now(UTC), "cluster": question.cluster}
    cluster = await api.get(path)
    if not isinstance(cluster, dict):
        return AtlasEvidence(**known, found=False)
    snapshots = await api.pages(f"{path}/backup/snapshots", "results", _PAGE)
    restores = await api.pages(f"{path}/backup/restoreJobs", "results", _PAGE)
    nodes = [
        (str(node.get("instanceSize", "")), str(region.get("regionName", "")))
        for spec in objects(cluster.get("replicationSpecs"))
        for region in objects(spec.get("regionConfigs"))
        if isinstance(node := region.get("electableSpecs"), dict)
    ]
    return AtlasEvidence(
        **known,
        found=True,
        state=str(cluster.get("stateName", ""))[:_LONGEST],
        sizes=tuple(sorted({size for size, _ in nodes})),
        regions=tuple(sorted({region for _, region in nodes})),
        backup_enabled=cluster.get("backupEnabled") is True,
        users=tuple(_users(await api.pages(f"{project}/databaseUsers", "results", _PAGE))),
        access=tuple(_access(await api.pages(f"{project}/accessList", "results", _PAGE))),
        newest_snapshot=newest([one for one in snapshots if one.get("status") == "completed"], "createdAt"),
        newest_restore=newest(
            [one for one in restores if not (one.get("failed") or one.get("cancelled") or one.get("expired"))],
            "finishedAt",
        ),
        alerts=tuple(_alerts(await api.pages(f"{project}/alertConfigs", "results", _PAGE))),
    )


def _api(section: Atlas) -> JsonApi:
    return JsonApi(
        name="Atlas",
        base=section.api,
        headers={"Accept": _VERSION},
        key="atlas.api",
        login_hint="a service account with Project Read Only is made under Project Identity & Access → Applications; "
        "this machine's address must be on its access list",
        status_page="https://status.mongodb.com",
    )


async def _logged_in(question: AtlasQuestion) -> JsonApi:
    form = {"Authorization": f"Basic {question.login}", "Content-Type": "application/x-www-form-urlencoded"}
    told = await question.api.send(
        "POST", "api/oauth/token", {**form, "Accept": "application/json"}, b"grant_type=client_credentials"
    )
    token = told.get("access_token") if isinstance(told, dict) else None
    if not isinstance(token, str):
        raise Unobserved(f"Atlas at {question.api.base} gave no token", hint=question.api.login_hint)
    return replace(question.api, headers={**question.api.headers, "Authorization": f"Bearer {token}"})


def _users(found: Sequence[dict[str, Any]]) -> Iterator[DatabaseUser]:
    for user in found:
        roles = [f"{role.get('roleName')}@{role.get('databaseName')}" for role in objects(user.get("roles"))]
        yield DatabaseUser(name=str(user.get("username"))[:_LONGEST], roles=tuple(role[:_LONGEST] for role in roles))


def _access(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Networks; a security group of AWS as it is named."""
    for entry in found:
        text = str(entry.get("cidrBlock") or entry.get("ipAddress") or entry.get("awsSecurityGroup"))
        try:
            yield str(ip_network(text, strict=False))
        except ValueError:
            yield text[:_LONGEST]


def _alerts(found: Sequence[dict[str, Any]]) -> Iterator[ProviderAlert]:
    for alert in found:
        yield ProviderAlert(
            kind=str(alert.get("eventTypeName"))[:_LONGEST],
            enabled=alert.get("enabled") is True,
            recipients=len(objects(alert.get("notifications"))),
        )


PROBES: Mapping[str, Probe] = {
    "atlas": Probe(questions=atlas_questions, ask=probe_atlas),
}
