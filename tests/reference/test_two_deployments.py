"""What the doubles say of staging they never say of production: two of everything, told apart as the providers do."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from reference.accounts import Accounts, new_secrets
from reference.instance import Part
from reference.repository import Values
from reference.settings import Deployment, Settings, healthy, other
from tests.support.ports import closed_port

ATLAS = "/api/atlas/v2/groups/65b1f0c2a4d3e5f60718293a/clusters"
DROPLETS = {"staging": 402188307, "production": 402188311}
PROJECTS = {"staging": ("workme-api-staging", 4500), "production": ("workme-api", 4501)}


class Providers:
    """All four, while they are running."""

    def __init__(self, ports: Mapping[str, int], known: Mapping[str, str], values: Values) -> None:
        self._ports = ports
        self.known = known
        self.values = values
        self._client = httpx.AsyncClient(timeout=60, trust_env=False)

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def ask(self, provider: str, path: str, token: str, **options: Any) -> tuple[int, Any]:  # noqa: ANN401 - httpx's
        """Status and document."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.atlas.2024-08-05+json"}
        url = f"http://127.0.0.1:{self._ports[provider]}{path}"
        reply = await self._client.request(options.pop("method", "GET"), url, headers=headers, **options)
        return reply.status_code, reply.json()

    async def log_in_to_atlas(self) -> str:
        """The token of a session."""
        login = (self.known["ATLAS_CLIENT_ID"], self.known["ATLAS_CLIENT_SECRET"])
        url = f"http://127.0.0.1:{self._ports['providers']}/api/oauth/token"
        reply = await self._client.post(url, auth=login, data={"grant_type": "client_credentials"})
        return str(reply.json()["access_token"])


@asynccontextmanager
async def running(folder: Path, deployment: Deployment, faulty: Settings | None = None) -> AsyncIterator[Providers]:
    """The doubles of an instance that serves as this deployment, or with these settings."""
    ports = {name: closed_port() for name in ("stripe", "sentry", "providers")}
    accounts, known, settings = Accounts(deployment, ports), new_secrets(), faulty or healthy(deployment)
    values = accounts.new_variables("mongodb://app:p@localhost/workme", "r")
    here = "https://api.workme.test"
    doubles: list[Part] = [
        accounts.stripe(settings.stripe, values, here, address="127.0.0.1", trust=folder / "root.pem"),
        accounts.sentry(settings.sentry, values, known["SENTRY_TOKEN"]),
        accounts.machines(settings.ocean, settings.atlas, known),
    ]
    for double in doubles:
        await double.start()
    providers = Providers(ports, known, values)
    try:
        yield providers
    finally:
        await providers.close()
        for double in doubles:
            await double.stop()


@pytest.mark.parametrize("serving", ["staging", "production"])
def test_each_is_told_by_its_own_name(tmp_path: Path, serving: Deployment) -> None:
    """Whoever is serving: each droplet, cluster, account and project answers for itself."""

    async def main() -> None:
        async with running(tmp_path, serving) as providers:
            session = await providers.log_in_to_atlas()
            for name, droplet in DROPLETS.items():
                size = {"staging": (1, 2048, 50), "production": (2, 4096, 80)}[name]
                _, answer = await providers.ask("providers", f"/v2/droplets/{droplet}", token_of(providers))
                found = answer["droplet"]
                assert (found["id"], found["vcpus"], found["memory"], found["disk"]) == (droplet, *size)
                address = found["networks"]["v4"][0]["ip_address"]
                assert (address == "127.0.0.1") == (name == serving)
                metrics = f"/v2/monitoring/metrics/droplet/memory_available?host_id={droplet}"
                _, measured = await providers.ask("providers", metrics, token_of(providers))
                assert [series["metric"]["host_id"] for series in measured["data"]["result"]] == [str(droplet)]
                _, cluster = await providers.ask("providers", f"{ATLAS}/workme-{name}", session)
                assert cluster["name"] == f"workme-{name}"
                assert ("localhost" in cluster["connectionStrings"]["standardSrv"]) == (name == serving)
                key = providers.values[name]["STRIPE_SECRET_KEY"]
                _, balance = await providers.ask("stripe", "/v1/balance", key)
                assert balance["livemode"] == (name == "production")
                _, hooks = await providers.ask("stripe", "/v1/webhook_endpoints", key)
                assert hooks["data"][0]["url"].startswith("https://api.workme.test") == (name == serving)

    asyncio.run(main())


def token_of(providers: Providers) -> str:
    """DigitalOcean's."""
    return providers.known["DIGITALOCEAN_TOKEN"]


def test_the_accounts_have_nothing_in_common(tmp_path: Path) -> None:
    """A payment of the one is none of the other, and neither is its account."""

    async def main() -> None:
        async with running(tmp_path, "staging") as providers:
            keys = [providers.values[name]["STRIPE_SECRET_KEY"] for name in ("staging", "production")]
            form = {"amount": "100", "currency": "brl", "payment_method_types[]": "card"}
            status, intent = await providers.ask("stripe", "/v1/payment_intents", keys[0], method="POST", data=form)
            assert status == 200
            path = f"/v1/payment_intents/{intent['id']}"
            assert [(await providers.ask("stripe", path, key))[0] for key in keys] == [200, 404]
            numbers = {(await providers.ask("stripe", "/v1/account", key))[1]["id"] for key in keys}
            assert len(numbers) == 2
            assert (await providers.ask("stripe", "/v1/balance", "sk_test_of_nobody"))[0] == 401

    asyncio.run(main())


def test_the_projects_have_nothing_in_common(tmp_path: Path) -> None:
    """An event is taken with its project's key alone, and found in that project alone."""

    async def main() -> None:
        async with running(tmp_path, "staging") as providers:
            token = providers.known["SENTRY_TOKEN"]
            keys: dict[str, str] = {}
            for name, (slug, number) in PROJECTS.items():
                _, found = await providers.ask("sentry", f"/api/0/projects/workme/{slug}/keys/", token)
                assert [key["projectId"] for key in found] == [number]
                keys[name] = found[0]["public"]
                assert f"{keys[name]}@" in providers.values[name]["SENTRY_DSN"]
            event_id = "0" * 31 + "1"
            body = f'{{"event_id":"{event_id}"}}\n{{"type":"event"}}\n{{"event_id":"{event_id}","message":"m"}}\n'
            path = "/api/4500/envelope/?sentry_key="
            taken = [
                (await providers.ask("sentry", f"{path}{keys[name]}", "of-nobody", method="POST", content=body))[0]
                for name in ("production", "staging")
            ]
            assert taken == [403, 200]
            where = [f"/api/0/projects/workme/{slug}/events/{event_id}/" for slug, _ in PROJECTS.values()]
            assert [(await providers.ask("sentry", each, token))[0] for each in where] == [200, 404]
            of_nobody = "/api/0/organizations/workme/detectors/?project=nobody"
            assert (await providers.ask("sentry", of_nobody, token))[0] == 404

    asyncio.run(main())


def test_a_fault_is_of_the_one_that_serves(tmp_path: Path) -> None:
    """What is wrong with staging's objects is not wrong with production's."""
    settings = healthy("staging")
    broken = Settings(
        ocean=type(settings.ocean)(droplet=DROPLETS["staging"], status="off"),
        atlas=type(settings.atlas)(cluster="workme-staging", paused=True),
        sentry=type(settings.sentry)(slug="workme-api-staging", project_exists=False),
        stripe=type(settings.stripe)(rolled_key=True),
    )

    async def main() -> None:
        async with running(tmp_path, "staging", broken) as providers:
            session = await providers.log_in_to_atlas()
            states, paused, projects, balances = [], [], [], []
            for name in ("staging", other("staging")):
                path = f"/v2/droplets/{DROPLETS[name]}"
                states.append((await providers.ask("providers", path, token_of(providers)))[1]["droplet"]["status"])
                paused.append((await providers.ask("providers", f"{ATLAS}/workme-{name}", session))[1]["paused"])
                slug = f"/api/0/projects/workme/{PROJECTS[name][0]}/"
                projects.append((await providers.ask("sentry", slug, providers.known["SENTRY_TOKEN"]))[0])
                key = providers.values[name]["STRIPE_SECRET_KEY"]
                balances.append((await providers.ask("stripe", "/v1/balance", key))[0])
            assert (states, paused) == (["off", "active"], [True, False])
            assert (projects, balances) == ([404, 200], [401, 200])

    asyncio.run(main())
