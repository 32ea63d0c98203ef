"""A MongoDB that is found by its name alone: SRV and TXT records of a real NSD before a real mongod."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.from_thread
import dns.asyncresolver
import pytest

from gonogo.base.errors import Unobserved
from tests.checks.conftest import Judge
from tests.lab.dns_lab import free_network
from tests.lab.dns_servers import nsd
from tests.lab.mongo_server import DATABASE, PASSWORD, replica_set, with_users
from tests.lab.redis_server import Certificates
from tests.lab.test_mongodb import ENOUGH, Lab, verdicts

pytestmark = pytest.mark.whole
_ZONE = """\
$ORIGIN mongo.test.
$TTL 60
@ SOA ns h 1 3600 900 1209600 60
@ NS ns
ns A {address}
_mongodb._tcp.cluster SRV 0 0 {port} db1
cluster TXT "replicaSet=rs0&authSource=admin"
_mongodb._tcp.strange SRV 0 0 {port} db1
strange TXT "tls=false"
_mongodb._tcp.elsewhere SRV 0 0 {port} db1.other.test.
"""
Place = tuple[Sequence[int], Certificates, Path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One member, and its users."""
    with replica_set(1) as (ports, files):
        yield ports, files, with_users(ports, files, stepping=tmp_path_factory.mktemp("client"))


@pytest.fixture
def zone(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dns.asyncresolver.Resolver]:
    """The zone, this machine's resolver as it would know it, and the addresses of its names."""
    address = f"{free_network()}.1"
    path = tmp_path / "mongo.zone"
    path.write_text(_ZONE.format(address=address, port=place[0][0]))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.lifetime = [address], 3.0
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
    real = socket.getaddrinfo

    def known(host: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - of the library
        return real("127.0.0.1" if str(host).endswith(".mongo.test") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", known)

    @asynccontextmanager
    async def serving() -> Any:  # noqa: ANN401 - a generator
        async with nsd(tmp_path / "nsd", address, [("mongo.test", path)]):
            yield

    with anyio.from_thread.start_blocking_portal() as portal, portal.wrap_async_context_manager(serving()):
        yield resolver


def _said(judge: Judge, place: Place, name: str) -> dict[str, str]:
    lab: Lab = place
    options = f"tlsCertificateKeyFile={place[1].certificate}"
    app, monitor = (
        f"mongodb+srv://{user}:{PASSWORD}@{name}.mongo.test/{DATABASE}?{options}" for user in ("app", "monitor")
    )
    return verdicts(judge, lab, app, monitor, **ENOUGH)


def test_name_that_leads_to_the_members(judge: Judge, place: Place, zone: dns.asyncresolver.Resolver) -> None:
    """As Atlas gives it: the options stand in TXT, and TLS is on by itself."""
    assert zone.nameservers
    assert _said(judge, place, "cluster") == {}


@pytest.mark.parametrize(
    ("name", "words"),
    [("gone", "does not exist"), ("strange", "are supported from DNS"), ("elsewhere", "Invalid SRV host")],
)
def test_records_that_lead_nowhere(
    judge: Judge, place: Place, zone: dns.asyncresolver.Resolver, name: str, words: str
) -> None:
    """The zone's word, and a driver that follows nothing out of its own domain: neither is our inability."""
    assert zone.nameservers
    said = _said(judge, place, name)["mongo-reachable"]
    assert not said.startswith("ERROR"), said
    assert words in said


def test_resolver_that_is_silent(judge: Judge, place: Place, zone: dns.asyncresolver.Resolver) -> None:
    """Our own inability, which is no NO-GO."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        address = f"{free_network()}.1"
        mute.bind((address, 53))
        zone.nameservers = [address]
        with pytest.raises(Unobserved, match="this machine could not look up the SRV records"):
            _said(judge, place, "cluster")
