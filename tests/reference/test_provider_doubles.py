"""The doubles of DigitalOcean, Atlas and Sentry are held against what their owners publish, not against gonogo."""

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from gonogo.base.secrets import Secrets
from gonogo.families.atlas.probe import atlas_questions, probe_atlas
from gonogo.families.digitalocean.probe import droplet_questions, probe_droplet
from reference.doubles.atlas import AtlasSettings
from reference.doubles.digitalocean import DROPLET, VOLUME, DigitalOceanSettings
from reference.doubles.providers import ProvidersDouble
from tests.support.doubles import serving
from tests.support.ports import closed_port
from tests.support.provider_doubles import (
    SECRETS,
    Answer,
    asked,
    digitalocean,
    droplet_of,
    environment,
    web_api,
)

SETTINGS = DigitalOceanSettings(volume=True)
OPERATIONS: Mapping[str, Callable[[Any], Any]] = {
    "droplets.get": lambda client: client.droplets.get(droplet_id=DROPLET, enforce_https=False),
    "droplets.list_firewalls": lambda client: client.droplets.list_firewalls(droplet_id=DROPLET, enforce_https=False),
    "droplets.list_snapshots": lambda client: client.droplets.list_snapshots(droplet_id=DROPLET, enforce_https=False),
    "droplets.list_backups": lambda client: client.droplets.list_backups(droplet_id=DROPLET, enforce_https=False),
    "monitoring.list_alert_policy": lambda client: client.monitoring.list_alert_policy(enforce_https=False),
    "monitoring.get_droplet_memory_available_metrics": lambda client: (
        client.monitoring.get_droplet_memory_available_metrics(
            host_id=str(DROPLET), start="1620683817", end="1620705417", enforce_https=False
        )
    ),
    "ssh_keys.list": lambda client: client.ssh_keys.list(enforce_https=False),
    "reserved_ips.list": lambda client: client.reserved_ips.list(enforce_https=False),
    "load_balancers.list": lambda client: client.load_balancers.list(enforce_https=False),
    "volume_snapshots.list": lambda client: client.volume_snapshots.list(volume_id=VOLUME, enforce_https=False),
}
"""Everything that gonogo asks DigitalOcean, as its own client asks it."""


def _official_client(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - pydo has no types
    """DigitalOcean's own, generated from its specification; slow to import, and every process of tests reads this file."""
    from pydo import Client  # noqa: PLC0415

    return Client(*arguments, **options)


async def _client_at(port: int, ask: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - JSON
    client = _official_client(SECRETS["DIGITALOCEAN_TOKEN"], endpoint=f"http://127.0.0.1:{port}", retry_total=0)
    return await asyncio.to_thread(ask, client)


def answered(ask: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - JSON
    """What the official client is answered by the double."""

    async def main() -> Any:  # noqa: ANN401 - as above
        port = closed_port()
        double = ProvidersDouble(
            (SETTINGS, AtlasSettings()),
            port=port,
            token=SECRETS["DIGITALOCEAN_TOKEN"],
            client_id=SECRETS["ATLAS_CLIENT_ID"],
            client_secret=SECRETS["ATLAS_CLIENT_SECRET"],
        )
        await double.start()
        try:
            return await _client_at(port, ask)
        finally:
            await double.stop()

    return asyncio.run(main())


def names_in(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """All keys of a document, at every depth."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from names_in(value)
    elif isinstance(document, list):
        for item in document:
            yield from names_in(item)


def documented(operation: str) -> str:
    """The answer to an operation as the client's own documentation shows it."""
    group, _, name = operation.partition(".")
    client = _official_client("never-asked-1")
    return (inspect.getdoc(getattr(getattr(client, group), name)) or "").partition("status code(s): 404")[0]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_digitaloceans_own_client_knows_every_field(operation: str) -> None:
    """A field that the real DigitalOcean does not send would prove checks against nothing."""
    # The documentation leaves out the number of a snapshot, and the labels of metrics, which the specification has.
    known = {"id", "host_id", *re.findall(r'"(\w+)":', documented(operation))}
    answer = answered(OPERATIONS[operation])
    assert set(names_in(answer)) <= known


@pytest.mark.parametrize("operation", ["droplets.get", "monitoring.list_alert_policy"])
def test_every_required_field_is_sent(operation: str) -> None:
    """A check that reads a field which the double lacks would be green for the wrong reason."""
    shown = re.sub(r"\s+", " ", documented(operation).partition("response ==")[2])
    fields = re.findall(r'"(\w+)": (.*?)(?="\w+": |$)', shown)
    required = {name for name, told in fields if "Required." in told and "Optional." not in told}
    assert required
    assert required <= set(names_in(answered(OPERATIONS[operation]))) | {"sizes", "links", "meta", "total"}


def test_requests_are_those_of_digitaloceans_own_client() -> None:
    """A path that the real DigitalOcean does not know would be an ERROR for ever."""
    healthy = digitalocean(SETTINGS)
    paths: list[str] = []

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        paths.append(path)
        return healthy(path, query)

    async def main() -> None:
        async with serving(web_api(reply)) as port:
            for ask in OPERATIONS.values():
                await _client_at(port, ask)

    asyncio.run(main())
    official, ours = set(paths), list[str]()
    paths = ours
    asked(droplet_of, reply)
    assert set(ours) == official


def test_the_doubles_are_healthy_for_the_probes() -> None:
    """The reference would be red, or blind, without a fault."""

    async def main() -> tuple[Any, Any]:
        port = closed_port()
        double = ProvidersDouble(
            (DigitalOceanSettings(), AtlasSettings()),
            port=port,
            token=SECRETS["DIGITALOCEAN_TOKEN"],
            client_id=SECRETS["ATLAS_CLIENT_ID"],
            client_secret=SECRETS["ATLAS_CLIENT_SECRET"],
        )
        await double.start()
        try:
            declared, secrets = environment(port), Secrets(SECRETS)
            return (
                await probe_droplet(*droplet_questions(declared, secrets)),
                await probe_atlas(*atlas_questions(declared, secrets)),
            )
        finally:
            await double.stop()

    droplet, cluster = asyncio.run(main())
    assert (droplet.unread, cluster.unread) == ((), ())
    assert (len(droplet.alerts), len(cluster.alerts), cluster.users[0].is_service) == (3, 4, True)
