"""What is read of the answers of DigitalOcean and Atlas, as their references give them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.clients.json_api import PAGE_SIZE
from gonogo.environment.model import Environment
from gonogo.evidence.providers import DatabaseUser, InboundRule, ProviderAlert
from gonogo.families.atlas.probe import atlas_questions, probe_atlas
from gonogo.families.digitalocean.probe import droplet_questions, newest, probe_droplet
from gonogo.families.registry import environment_from
from reference.doubles.providers import CLUSTER, DROPLET, PROJECT
from tests.support.doubles import serving
from tests.support.http_doubles import http_server

SECRETS = Secrets(
    {
        "DIGITALOCEAN_TOKEN": "dop_v1_never-shown-1",
        "ATLAS_CLIENT_ID": "mdb_sa_id_never-shown-2",
        "ATLAS_CLIENT_SECRET": "mdb_sa_sk_never-shown-3",
    }
)


def environment(port: int) -> Environment:
    """Both accounts, at one port."""
    api = f"http://127.0.0.1:{port}"
    droplet = {"id": DROPLET, "cpus": 2, "memory": "4 GiB", "disk": "80 GiB", "image": "ubuntu-22-04-x64"}
    atlas = {"project": PROJECT, "cluster": CLUSTER, "size": "M10", "region": "SA_EAST_1", "access": ["127.0.0.1"]}
    login = {"client_id": "ATLAS_CLIENT_ID", "client_secret": "ATLAS_CLIENT_SECRET"}
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test"},
            "digitalocean": {"api": api, "token": "DIGITALOCEAN_TOKEN", "droplets": {"one": droplet}},
            "atlas": {"api": api, **login, **atlas},
        }
    )


def droplet_at(port: int) -> Awaitable[Any]:
    """The droplet, as the probe sees it."""
    return probe_droplet(*droplet_questions(environment(port), SECRETS))


def atlas_at(port: int) -> Awaitable[Any]:
    """The cluster, as the probe sees it."""
    return probe_atlas(*atlas_questions(environment(port), SECRETS))


def asked(probe: Callable[[int], Awaitable[Any]], replies: Mapping[str, Any]) -> Any:  # noqa: ANN401 - evidence of either kind
    """What it says of a service with these replies: path to JSON; 404 for any other. A list comes in pages."""

    def answer(target: str, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        path, _, query = target.partition("?")
        if path not in replies:
            return 404, b"{}"
        reply = replies[path]
        if isinstance(reply, dict) and "page" in reply:
            number = int(query.rpartition("=")[2])
            key, items = reply["page"]
            reply = {key: items[PAGE_SIZE * (number - 1) : PAGE_SIZE * number]}
        return 200, json.dumps(reply).encode()

    async def observe() -> Any:  # noqa: ANN401 - as above
        async with serving(http_server(answer)) as port:
            return await probe(port)

    return asyncio.run(observe())


PATH = f"/v2/droplets/{DROPLET}"
PROJECT_PATH = f"/api/atlas/v2/groups/{PROJECT}"
CLUSTER_PATH = f"{PROJECT_PATH}/clusters/{CLUSTER}"
LOGIN = {"/api/oauth/token": {"access_token": "session", "expires_in": 3600}}


def policy(**about: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """An alert policy of DigitalOcean."""
    plain = {"type": "v1/insights/droplet/cpu", "entities": [], "tags": [], "enabled": True}
    return {**plain, "alerts": {"email": ["a@b"], "slack": [{"channel": "ops"}]}, **about}


def test_a_droplet() -> None:
    """Every fact from where the reference has it."""
    rules = [
        {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}},
        {"protocol": "udp", "ports": "0", "sources": {"tags": ["x"]}},
        {"protocol": "icmp"},
    ]
    seen = asked(
        droplet_at,
        {
            PATH: {
                "droplet": {
                    "id": DROPLET,
                    "status": "active",
                    "vcpus": 2,
                    "memory": 4096,
                    "disk": 80,
                    "image": {"slug": None, "name": "my own"},
                    "tags": ["web"],
                }
            },
            f"{PATH}/firewalls": {"firewalls": [{"inbound_rules": rules}, {"inbound_rules": None}]},
            f"{PATH}/snapshots": {"snapshots": [{"created_at": "2026-01-02T03:04:05Z"}, {"created_at": "yesterday"}]},
            f"{PATH}/backups": {"backups": [{"created_at": "2026-01-03T00:00:00Z"}]},
            "/v2/monitoring/alerts": {
                "policies": [
                    policy(entities=[str(DROPLET)]),
                    policy(tags=["web", "db"], type="v1/insights/droplet/load_1", enabled=False),
                    policy(type="v1/insights/droplet/memory_utilization_percent", alerts=None),
                    policy(entities=["1"], type="v1/insights/droplet/other"),
                ]
            },
            "/v2/account/keys": {"page": ("ssh_keys", [{"id": number} for number in range(PAGE_SIZE + 1)])},
        },
    )
    assert (seen.status, seen.cpus, seen.memory, seen.disk) == ("active", 2, 4 * 2**30, 80 * 2**30)
    assert (seen.image, seen.firewalls, seen.account_keys) == ("my own", 2, PAGE_SIZE + 1)
    assert seen.inbound == (
        InboundRule(protocol="tcp", ports="22", sources=("0.0.0.0/0",)),
        InboundRule(protocol="udp", ports="all", sources=()),
        InboundRule(protocol="icmp", ports="all", sources=()),
    )
    assert seen.alerts == (
        ProviderAlert(kind="cpu", enabled=True, recipients=2),
        ProviderAlert(kind="load_1", enabled=False, recipients=2),
        ProviderAlert(kind="memory_utilization_percent", enabled=True, recipients=0),
    )
    assert seen.newest_snapshot == datetime(2026, 1, 3, tzinfo=UTC)


def test_a_cluster() -> None:
    """Nodes of every region, networks in one form, only what is complete and worked."""
    regions = [
        {"electableSpecs": {"instanceSize": "M10"}, "regionName": "SA_EAST_1"},
        {"electableSpecs": {"instanceSize": "M30"}, "regionName": "US_EAST_1"},
    ]
    snapshots = [
        {"status": "completed", "createdAt": "2026-01-02T00:00:00Z"},
        {"status": "failed", "createdAt": "2026-01-03T00:00:00Z"},
    ]
    restores = [
        {"finishedAt": "2026-01-01T00:00:00Z", "failed": False},
        {"finishedAt": "2026-01-02T00:00:00Z", "failed": True},
        {"finishedAt": "2026-01-03T00:00:00Z", "cancelled": True},
        {"finishedAt": None},
    ]
    access = [{"ipAddress": "192.0.2.7"}, {"cidrBlock": "198.51.100.7/24"}, {"awsSecurityGroup": "sg-1"}]
    roles = [{"roleName": "readWrite", "databaseName": "workme"}]
    seen = asked(
        atlas_at,
        {
            **LOGIN,
            CLUSTER_PATH: {
                "stateName": "IDLE",
                "backupEnabled": True,
                "replicationSpecs": [{"regionConfigs": regions}, {"regionConfigs": None}],
            },
            f"{CLUSTER_PATH}/backup/snapshots": {"results": snapshots},
            f"{CLUSTER_PATH}/backup/restoreJobs": {"results": restores},
            f"{PROJECT_PATH}/databaseUsers": {"results": [{"username": "api", "roles": roles}]},
            f"{PROJECT_PATH}/accessList": {"results": access},
            f"{PROJECT_PATH}/alertConfigs": {
                "results": [{"eventTypeName": "HOST_DOWN", "enabled": True, "notifications": [{"typeName": "EMAIL"}]}]
            },
        },
    )
    assert (seen.sizes, seen.regions) == (("M10", "M30"), ("SA_EAST_1", "US_EAST_1"))
    assert (seen.state, seen.backup_enabled) == ("IDLE", True)
    assert seen.users == (DatabaseUser(name="api", roles=("readWrite@workme",)),)
    assert seen.access == ("192.0.2.7/32", "198.51.100.0/24", "sg-1")
    assert seen.newest_snapshot == datetime(2026, 1, 2, tzinfo=UTC)
    assert seen.newest_restore == datetime(2026, 1, 1, tzinfo=UTC)
    assert seen.alerts == (ProviderAlert(kind="HOST_DOWN", enabled=True, recipients=1),)


@pytest.mark.parametrize(("probe", "replies"), [(droplet_at, {}), (atlas_at, LOGIN)])
def test_what_is_not_there_was_not_found(probe: Callable[[int], Awaitable[Any]], replies: Mapping[str, Any]) -> None:
    """Destroyed, or of somebody else's account."""
    assert not asked(probe, replies).found


def test_a_bare_answer_has_no_facts() -> None:
    """Half a document is not a healthy one."""
    seen = asked(droplet_at, {PATH: {"droplet": {"vcpus": True, "memory": "4096", "image": []}}})
    assert (seen.found, seen.status, seen.cpus, seen.memory, seen.image) == (True, "", 0, 0, "")
    bare = asked(atlas_at, {**LOGIN, CLUSTER_PATH: {"replicationSpecs": [{"regionConfigs": [{}]}]}})
    assert (bare.found, bare.state, bare.sizes, bare.backup_enabled) == (True, "", (), False)


def test_an_answer_without_its_list_is_no_empty_list() -> None:
    """What was not understood was not seen: neither none nor all."""
    with pytest.raises(Unobserved, match="gave no firewalls"):
        asked(droplet_at, {PATH: {"droplet": {}}, f"{PATH}/firewalls": {"message": "try again"}})


def test_a_list_without_an_end_is_cut_off() -> None:
    """A service that always has one more page."""

    def answer(target: str, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        if "?" not in target:
            return 200, json.dumps({"droplet": {}}).encode()
        return 200, json.dumps({"firewalls": [{}] * PAGE_SIZE}).encode()

    async def observe() -> Any:  # noqa: ANN401 - evidence
        async with serving(http_server(answer)) as port:
            return await droplet_at(port)

    with pytest.raises(Unobserved, match="more than 5000 firewalls"):
        asyncio.run(observe())


def test_times_without_a_zone_are_utc() -> None:
    """As the older of the two APIs writes them."""
    assert newest([{"at": "2026-01-02T03:04:05"}], "at") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert newest([{"at": 7}, {}], "at") is None
