"""The API of MongoDB Atlas as its specification has it: version, login, lists and pages."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import JsonApi, JsonSession, mapping, objects, text
from gonogo.clients.paging import atlas_pages, read_pages
from gonogo.environment.model import Environment
from gonogo.families.atlas.section import Atlas

_VERSION = "application/vnd.atlas.2024-08-05+json"
"""Without a version Atlas refuses (406)."""
_TOKENS = (
    "a service account with Project Read Only and Project Backup Manager is made under Project Identity & Access → "
    "Applications; this machine's address must be on its access list"
)
READ, BACKUP = "the role Project Read Only", "the role Project Backup Manager"
Object = dict[str, Any]
Objects = list[Object]


class AtlasLists:
    """The lists of Atlas, each with the role that its specification asks for."""

    def __init__(self, session: JsonSession, project: str, cluster: str) -> None:
        self._session = session
        self._name = cluster
        self._project = f"api/atlas/v2/groups/{quote(project, safe='')}"
        self._cluster = f"{self._project}/clusters/{quote(cluster, safe='')}"

    async def cluster(self) -> dict[str, Any]:
        """The cluster; the reply that says what there is none of, the cluster or the project."""
        reply = await self._session.ask("GET", self._cluster)
        document = self._session.read(reply, self._cluster, READ)
        if document is None:
            return mapping(reply.document)
        if mapping(document).get("name") != self._name:
            base = self._session.api.base
            raise Unobserved(f"Atlas at {base} gave no cluster {self._name}", hint="is atlas.api right?")
        return mapping(document)

    async def custom_roles(self) -> Objects:
        """Roles of the project's own."""
        path = f"{self._project}/customDBRoles/roles"
        document = await self._session.get(path, right=READ)
        if not isinstance(document, list) or len(objects(document)) < len(document):
            raise Unobserved(f"Atlas at {self._session.api.base} gave no list at {path}", hint="is atlas.api right?")
        return objects(document)

    async def schedule(self) -> dict[str, Any]:
        """When snapshots are taken."""
        path = f"{self._cluster}/backup/schedule"
        document = mapping(await self._session.get(path, right=READ))
        if not isinstance(document.get("policies"), list):
            raise Unobserved(f"Atlas at {self._session.api.base} gave no schedule at {path}", hint="is backup on?")
        return document

    async def of_project(self, name: str) -> Objects:
        """A list of the project."""
        return await self._all(f"{self._project}/{name}", READ)

    async def of_cluster(self, name: str, role: str) -> Objects:
        """A list of the cluster; ``role`` is what it takes to read it."""
        return await self._all(f"{self._cluster}/{name}", role)

    async def _all(self, path: str, role: str) -> Objects:
        first, read = atlas_pages()
        return await read_pages(self._session, path, first, read, right=role)


def atlas_api(section: Atlas, environment: Environment) -> JsonApi:
    """The API, as the section declares it."""
    return JsonApi(
        name="Atlas",
        base=section.api,
        headers={"Accept": _VERSION},
        key="atlas.api",
        login_hint=_TOKENS,
        status_page="https://status.mongodb.com",
        is_absence=lambda document: bool(text(mapping(document).get("errorCode"))),
        patience=environment.limits.probe,
    )


def atlas_login(section: Atlas, secrets: Secrets) -> str:
    """Client id and secret, as HTTP's basic authentication has them."""
    return b64encode(f"{secrets[section.client_id]}:{secrets[section.client_secret]}".encode()).decode()


async def log_in(session: JsonSession, login: str) -> None:
    """Exchange the service account's login for a token. Raises Unobserved if there is none."""
    path, api = "api/oauth/token", session.api
    headers = {
        "Authorization": f"Basic {login}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    reply = await session.ask("POST", path, headers=headers, content=b"grant_type=client_credentials")
    token = text(mapping(session.read(reply, path, "")).get("access_token"))
    if not token:
        raise Unobserved(f"Atlas at {api.base} gave no token", hint=api.login_hint)
    session.authorize(token)
