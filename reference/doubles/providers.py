"""DigitalOcean and MongoDB Atlas: the parts of their APIs that tell what was ordered, behind their own logins."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.web import WebServer

DROPLET, PROJECT, CLUSTER = 402188311, "65b1f0c2a4d3e5f60718293a", "workme"
_TAG = "workme"
_EVERYBODY = ["0.0.0.0/0", "::/0"]
_VERSIONED = "application/vnd.atlas."
_NOT_ACCEPTABLE = 406
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitalOceanSettings:
    """The defaults are healthy."""

    running: bool = True
    exists: bool = True
    status: str = "active"
    memory: int = 4096
    """In MiB."""
    image: str = "ubuntu-22-04-x64"
    keys: int = 2
    firewall: bool = True
    inbound: tuple[str, ...] = ("22", "80", "443")
    alerts: tuple[str, ...] = ("cpu", "memory_utilization_percent", "disk_utilization_percent")
    recipients: bool = True
    snapshot_hours: float = 3.0
    """Age of the newest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasSettings:
    """The defaults are healthy."""

    running: bool = True
    size: str = "M10"
    region: str = "SA_EAST_1"
    state: str = "IDLE"
    role: str = "readWrite"
    access: tuple[str, ...] = ("127.0.0.1/32", "127.0.0.2/32")
    backup: bool = True
    snapshot_hours: float = 5.0
    snapshot_status: str = "completed"
    """Of the newest one; the one before it is two days old."""
    restore_days: float = 12.0
    restore_failed: bool = False
    alerts_on: bool = True


class ProvidersDouble:
    """Both at one port: their paths have nothing in common."""

    def __init__(
        self,
        settings: tuple[DigitalOceanSettings, AtlasSettings],
        *,
        port: int,
        token: str,
        client_id: str,
        client_secret: str,
    ) -> None:
        self._ocean, self._atlas = settings
        self._token = token
        self._client = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._session = base64.urlsafe_b64encode(client_secret.encode()).decode()
        self._now = datetime.now(UTC)
        self._server = WebServer(Starlette(routes=self._routes()), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen; who is down answers 503."""
        await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    def _routes(self) -> Sequence[Route]:
        droplet = f"/v2/droplets/{DROPLET}"
        ocean: dict[str, Callable[[], tuple[str, Any]]] = {
            droplet: lambda: ("droplet", self._droplet() if self._ocean.exists else None),
            f"{droplet}/firewalls": lambda: ("firewalls", self._firewalls()),
            f"{droplet}/snapshots": lambda: ("snapshots", self._snapshots()),
            f"{droplet}/backups": lambda: ("backups", []),
            "/v2/monitoring/alerts": lambda: ("policies", self._policies()),
            "/v2/account/keys": lambda: ("ssh_keys", self._keys()),
        }
        project = f"/api/atlas/v2/groups/{PROJECT}"
        cluster = f"{project}/clusters/{CLUSTER}"
        lists: dict[str, Callable[[], list[Json]]] = {
            f"{project}/databaseUsers": self._users,
            f"{project}/accessList": self._access,
            f"{project}/alertConfigs": self._alert_configs,
            f"{cluster}/backup/snapshots": self._atlas_snapshots,
            f"{cluster}/backup/restoreJobs": self._restores,
        }
        return [
            *(Route(path, self._of_ocean(answer)) for path, answer in ocean.items()),
            Route("/api/oauth/token", self._log_in, methods=["POST"]),
            Route(cluster, self._of_atlas(lambda _: self._cluster())),
            *(
                Route(path, self._of_atlas(lambda request, answer=answer: _page(request, answer())))  # type: ignore[misc]
                for path, answer in lists.items()
            ),
        ]

    def _of_ocean(self, answer: Callable[[], tuple[str, Any]]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            if not self._ocean.running:
                return JSONResponse({"id": "server_error", "message": "Unexpected server-side error"}, 503)
            if request.headers.get("Authorization") != f"Bearer {self._token}":
                return JSONResponse({"id": "Unauthorized", "message": "Unable to authenticate you"}, 401)
            key, found = answer()
            if found is None:
                return JSONResponse(
                    {"id": "not_found", "message": "The resource you were accessing could not be found."}, 404
                )
            if not isinstance(found, list):
                return JSONResponse({key: found})
            size, number = int(request.query_params.get("per_page", 20)), int(request.query_params.get("page", 1))
            page = found[size * (number - 1) : size * number]
            return JSONResponse({key: page, "links": {}, "meta": {"total": len(found)}})

        return respond

    def _of_atlas(self, answer: Callable[[Request], Json]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            if not self._atlas.running:
                return JSONResponse({"error": 503, "reason": "Service Unavailable"}, 503)
            if request.headers.get("Authorization") != f"Bearer {self._session}":
                return JSONResponse({"error": 401, "reason": "Unauthorized"}, 401)
            if not request.headers.get("Accept", "").startswith(_VERSIONED):
                return JSONResponse({"error": _NOT_ACCEPTABLE, "errorCode": "INVALID_VERSION_DATE"}, _NOT_ACCEPTABLE)
            return JSONResponse(answer(request))

        return respond

    async def _log_in(self, request: Request) -> Response:
        form = await request.form()
        known = request.headers.get("Authorization") == f"Basic {self._client}"
        if not known or form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse({"access_token": self._session, "expires_in": 3600, "token_type": "Bearer"})

    def _droplet(self) -> Json:
        return {
            "id": DROPLET,
            "name": "workme-1",
            "memory": self._ocean.memory,
            "vcpus": 2,
            "disk": 80,
            "locked": False,
            "status": self._ocean.status,
            "image": {"id": 1, "distribution": "Ubuntu", "name": "22.04 (LTS) x64", "slug": self._ocean.image},
            "networks": {"v4": [{"ip_address": "127.0.0.1", "type": "public"}], "v6": []},
            "tags": [_TAG],
        }

    def _firewalls(self) -> list[Json]:
        rules = [
            {"protocol": "tcp", "ports": ports, "sources": {"addresses": _EVERYBODY}} for ports in self._ocean.inbound
        ]
        firewall = {"id": "f", "name": "workme", "status": "succeeded", "inbound_rules": rules, "tags": [_TAG]}
        return [firewall] if self._ocean.firewall else []

    def _snapshots(self) -> list[Json]:
        ages = (self._ocean.snapshot_hours, self._ocean.snapshot_hours + 48)
        return [
            {"id": number, "name": f"workme-1-{number}", "type": "snapshot", "created_at": self._ago(hours=age)}
            for number, age in enumerate(ages)
        ]

    def _policies(self) -> list[Json]:
        told = {"email": ["ops@workme.test"] if self._ocean.recipients else [], "slack": []}
        return [
            {
                "uuid": f"p-{kind}",
                "type": f"v1/insights/droplet/{kind}",
                "description": f"{kind} of WorkMe",
                "compare": "GreaterThan",
                "value": 90,
                "window": "5m",
                "entities": [],
                "tags": [_TAG],
                "alerts": told,
                "enabled": True,
            }
            for kind in self._ocean.alerts
        ]

    def _keys(self) -> list[Json]:
        return [{"id": number, "name": f"laptop-{number}"} for number in range(self._ocean.keys)]

    def _cluster(self) -> Json:
        node = {"instanceSize": self._atlas.size, "nodeCount": 3}
        region = {
            "electableSpecs": node,
            "providerName": "AWS",
            "regionName": self._atlas.region,
            "priority": 7,
        }
        return {
            "name": CLUSTER,
            "stateName": self._atlas.state,
            "clusterType": "REPLICASET",
            "backupEnabled": self._atlas.backup,
            "replicationSpecs": [{"id": "1", "regionConfigs": [region]}],
        }

    def _users(self) -> list[Json]:
        database = "workme" if self._atlas.role == "readWrite" else "admin"
        roles = [{"roleName": self._atlas.role, "databaseName": database}]
        return [{"username": "workme", "databaseName": "admin", "roles": roles, "scopes": []}]

    def _access(self) -> list[Json]:
        return [{"cidrBlock": network, "comment": "WorkMe"} for network in self._atlas.access]

    def _alert_configs(self) -> list[Json]:
        notifications = [{"typeName": "EMAIL", "emailAddress": "ops@workme.test", "intervalMin": 60}]
        names = ("HOST_DOWN", "NO_PRIMARY", "OUTSIDE_METRIC_THRESHOLD")
        return [
            {"eventTypeName": name, "enabled": self._atlas.alerts_on, "notifications": notifications} for name in names
        ]

    def _atlas_snapshots(self) -> list[Json]:
        newest = {
            "id": "2",
            "createdAt": self._ago(hours=self._atlas.snapshot_hours),
            "status": self._atlas.snapshot_status,
        }
        before = {
            "id": "1",
            "createdAt": self._ago(hours=self._atlas.snapshot_hours + 48),
            "status": "completed",
        }
        return [newest, before]

    def _restores(self) -> list[Json]:
        job = {
            "id": "1",
            "deliveryType": "automated",
            "finishedAt": self._ago(days=self._atlas.restore_days),
            "failed": self._atlas.restore_failed,
            "cancelled": False,
            "expired": False,
        }
        return [job]

    def _ago(self, **age: float) -> str:
        return (self._now - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _page(request: Request, found: list[Json]) -> Json:
    size = int(request.query_params.get("itemsPerPage", 100))
    number = int(request.query_params.get("pageNum", 1))
    return {"results": found[size * (number - 1) : size * number], "totalCount": len(found), "links": []}
