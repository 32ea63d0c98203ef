"""DigitalOcean and MongoDB Atlas: two droplets and two clusters, and the parts of their APIs that tell what was ordered, behind their own logins."""

import base64
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.doubles.atlas import AtlasObjects, AtlasSettings
from reference.doubles.digitalocean import MEASURED, DigitalOceanObjects, DigitalOceanSettings
from reference.web import WebServer

_VERSION = "application/vnd.atlas.2024-08-05+json"
_VERSIONED = "application/vnd.atlas."
_NOT_ACCEPTABLE = 406
Json = dict[str, Any]


class ProvidersDouble:
    """Both at one port: their paths have nothing in common. What is asked of an account is what the first one has."""

    def __init__(
        self,
        settings: tuple[DigitalOceanSettings, AtlasSettings],
        *others: tuple[DigitalOceanSettings, AtlasSettings],
        port: int,
        token: str,
        client_id: str,
        client_secret: str,
    ) -> None:
        self._ocean, self._atlas = settings
        self._droplets, self._clusters = DigitalOceanObjects(self._ocean), AtlasObjects(self._atlas)
        self._others = [(DigitalOceanObjects(ocean), AtlasObjects(atlas)) for ocean, atlas in others]
        self._token = token
        self._client = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._session = base64.urlsafe_b64encode(client_secret.encode()).decode()
        routes = [*self._ocean_routes(), *self._atlas_routes()]
        handlers = {404: _not_found}
        self._server = WebServer(Starlette(routes=routes, exception_handlers=handlers), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen; who is down answers 503."""
        await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    def _ocean_routes(self) -> Sequence[Route]:
        answers = {**self._droplets.answers}
        for droplets, _ in self._others:
            answers |= droplets.of_droplet
        measured = {path: answers.pop(path) for path in list(answers) if path.startswith(MEASURED)}

        def respond(request: Request) -> Response:
            """What was measured on the droplet that the question names."""
            asked = f"{MEASURED}?host_id={request.query_params.get('host_id')}"
            scope, key, answer = measured.get(asked, ("monitoring:read", "", lambda: None))
            return self._of_ocean(scope, key, answer)(request)

        routes = [Route(path, self._of_ocean(*answer)) for path, answer in answers.items()]
        return [Route(MEASURED, respond), *routes]

    def _of_ocean(self, scope: str, key: str, answer: Callable[[], Any]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            if not self._ocean.running:
                return JSONResponse({"id": "server_error", "message": "Unexpected server-side error"}, 503)
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return JSONResponse({"id": "Unauthorized", "message": "Unable to authenticate you"}, 401)
            if scope not in self._ocean.scopes:
                return JSONResponse({"id": "Forbidden", "message": "You are not authorized to do that"}, 403)
            answered = answer()
            if answered is None:
                return _not_found(request, None)
            return JSONResponse(
                _page_of_ocean(request, key, answered)
                if isinstance(answered, list)
                else {key: answered}
                if key
                else answered
            )

        return respond

    def _atlas_routes(self) -> Sequence[Route]:
        documents, lists = {**self._clusters.documents}, {**self._clusters.lists}
        for _, clusters in self._others:
            documents |= clusters.documents_of_cluster
            lists |= clusters.lists_of_cluster
        return [
            Route("/api/oauth/token", self._log_in, methods=["POST"]),
            *(
                Route(path, self._of_atlas(role, lambda _, answer=answer: answer()))  # type: ignore[misc]
                for path, (role, answer) in documents.items()
            ),
            *(
                Route(path, self._of_atlas(role, lambda request, answer=answer: _page(request, answer())))  # type: ignore[misc]
                for path, (role, answer) in lists.items()
            ),
        ]

    def _of_atlas(self, role: str, answer: Callable[[Request], Any]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            if not self._atlas.running:
                return _refusal(503, "Service Unavailable", "UNEXPECTED_ERROR")
            if request.headers.get("Authorization") != f"Bearer {self._session}":
                return _refusal(401, "Unauthorized", "INVALID_SERVICE_ACCOUNT_TOKEN")
            if not request.headers.get("Accept", "").startswith(_VERSIONED):
                return _refusal(_NOT_ACCEPTABLE, "Not Acceptable", "INVALID_VERSION_DATE")
            if role not in self._atlas.roles:
                return _refusal(403, "Forbidden", "USER_UNAUTHORIZED")
            return JSONResponse(answer(request), media_type=_VERSION)

        return respond

    async def _log_in(self, request: Request) -> Response:
        form = await request.form()
        authorized = request.headers.get("Authorization") == f"Basic {self._client}"
        if not authorized or form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": self._session, "expires_in": 3600, "token_type": "Bearer"})


def _not_found(request: Request, _error: Exception | None) -> Response:
    """In the words of whoever is asked."""
    if request.url.path.startswith("/api/atlas/"):
        return _refusal(404, "Not Found", "RESOURCE_NOT_FOUND")
    return JSONResponse({"id": "not_found", "message": "The resource you were accessing could not be found."}, 404)


def _refusal(status: int, reason: str, code: str) -> Response:
    """An error of Atlas."""
    document = {"error": status, "reason": reason, "errorCode": code, "detail": f"{reason}.", "parameters": []}
    return JSONResponse(document, status)


def _page_of_ocean(request: Request, key: str, objects: list[Json]) -> Json:
    """A page of DigitalOcean, with links to its neighbours."""
    size, number = int(request.query_params.get("per_page", 20)), int(request.query_params.get("page", 1))
    pages: Json = {}
    if size * number < len(objects):
        pages["next"] = str(request.url.replace(query=urlencode({"page": number + 1, "per_page": size})))
    items = objects[size * (number - 1) : size * number]
    return {key: items, "links": {"pages": pages} if pages else {}, "meta": {"total": len(objects)}}


def _page(request: Request, objects: list[Json]) -> Json:
    """A page of Atlas, with links to itself and to its neighbours."""
    size, number = int(request.query_params.get("itemsPerPage", 100)), int(request.query_params.get("pageNum", 1))
    links = [{"rel": "self", "href": str(request.url)}]
    if size * number < len(objects):
        following = urlencode({"pageNum": number + 1, "itemsPerPage": size})
        links.append({"rel": "next", "href": str(request.url.replace(query=following))})
    return {"results": objects[size * (number - 1) : size * number], "totalCount": len(objects), "links": links}
