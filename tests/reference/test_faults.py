"""Faults are switched on and off in a running environment; `make faults` holds every one against the checks."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.message
import dns.query
import dns.rcode
import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.reference.supervised import HOST, Supervised


@contextmanager
def switched_on(supervised: Supervised, *names: str) -> Iterator[None]:
    """With these faults, and without any afterwards."""
    assert supervised.set_faults(*names)["faults"] == list(names)
    try:
        yield
    finally:
        assert supervised.set_faults()["faults"] == []


def _reply(supervised: Supervised, path: str) -> httpx.Response:
    port = supervised.environment["hosts"][HOST]["https_port"]
    context = ssl.create_default_context(cafile=supervised.environment["tls"]["trust"])
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(f"https://127.0.0.1:{port}{path}", headers={"Host": HOST}, extensions={"sni_hostname": HOST})


def _certificate_is_refused(supervised: Supervised) -> bool:
    try:
        _reply(supervised, "/api/health")
    except httpx.ConnectError as refused:
        return "CERTIFICATE_VERIFY_FAILED" in str(refused)
    return False


def _nothing_listens(supervised: Supervised) -> bool:
    try:
        _reply(supervised, "/api/health")
    except httpx.ConnectError as refused:
        return "refused" in str(refused)
    return False


def _any_name_resolves(supervised: Supervised) -> bool:
    query = dns.message.make_query("surprise.workme.test", "A")
    answer = dns.query.udp(query, "127.0.0.1", timeout=10, port=supervised.environment["dns"]["port"])
    return answer.rcode() == dns.rcode.NOERROR


def _hsts_is_missing(supervised: Supervised) -> bool:
    return "strict-transport-security" not in _reply(supervised, "/api/health").headers


def _deep_health_fails(supervised: Supervised) -> bool:
    return _reply(supervised, "/api/health/deep").status_code == 503


def _mongod_takes_plaintext(supervised: Supervised) -> bool:
    url = supervised.secrets["MONGO_URL"].replace("tls=true", "tls=false")
    try:
        with MongoClient[dict[str, object]](url, serverSelectionTimeoutMS=500) as client:
            client.admin.command("ping")
    except PyMongoError:
        return False
    return True


def _redis_port_is_open(supervised: Supervised) -> bool:
    try:
        socket.create_connection(("127.0.0.2", supervised.environment["ports"]["closed"]["redis"][0])).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("fault", "shows"),
    [
        ("tls-expired", _certificate_is_refused),
        ("tls-refused", _nothing_listens),
        ("dns-wildcard", _any_name_resolves),
        ("hsts-missing", _hsts_is_missing),
        ("redis-down", _deep_health_fails),
        ("mongo-plaintext", _mongod_takes_plaintext),
        ("port-redis-open", _redis_port_is_open),
    ],
)
def test_a_fault_is_switched_on_and_off(healthy: Supervised, fault: str, shows: Callable[[Supervised], bool]) -> None:
    """A check would be proved against a fault that is not there, or against the one before."""
    assert not shows(healthy)
    with switched_on(healthy, fault):
        assert shows(healthy)
    assert not shows(healthy)
    assert _reply(healthy, "/api/health/deep").status_code == 200


def test_faults_compose(healthy: Supervised) -> None:
    """What goes wrong together in production could not be rehearsed together."""
    with switched_on(healthy, "hsts-missing", "dns-wildcard", "port-redis-open"):
        assert _hsts_is_missing(healthy)
        assert _any_name_resolves(healthy)
        assert _redis_port_is_open(healthy)


def test_an_unknown_fault_changes_nothing(healthy: Supervised) -> None:
    """A typo in a live switch would end the environment."""
    assert healthy.set_faults("hsts-misisng")["message"] == "no fault 'hsts-misisng'; did you mean hsts-missing?"
    assert not _hsts_is_missing(healthy)
