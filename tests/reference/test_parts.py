"""Every part of the healthy environment answers, over real sockets, as the checks will expect of it."""

import secrets
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.query
import httpx
import pytest
from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError, OperationFailure
from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from tests.reference.supervised import HOST, Supervised

Database = dict[str, Any]


@pytest.fixture(scope="module")
def api(healthy: Supervised) -> Iterator[httpx.Client]:
    """A client of the service that verifies it as strictly as OpenSSL can."""
    context = ssl.create_default_context(cafile=healthy.environment["tls"]["trust"])
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    port = healthy.environment["hosts"][HOST]["https_port"]
    transport = httpx.HTTPTransport(verify=context, http2=True)
    with httpx.Client(base_url=f"https://127.0.0.1:{port}", transport=transport, trust_env=False) as client:
        client.headers["Host"] = f"{HOST}:{port}"
        client.event_hooks["request"].append(_name_the_host)
        yield client


def _name_the_host(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = HOST


@pytest.mark.parametrize("server", ["127.0.0.1", "127.0.0.2"])
def test_name_servers_answer_with_authority(healthy: Supervised, server: str) -> None:
    """No DNS check could pass."""
    query = dns.message.make_query(HOST, "A", flags=0)
    answer = dns.query.udp(query, server, timeout=10, port=healthy.environment["dns"]["port"])
    assert answer.flags & dns.flags.AA
    assert {record.address for record in answer.answer[0]} == {"127.0.0.1", "127.0.0.2"}


def test_resolvers_answer_with_validated_data(healthy: Supervised) -> None:
    """Propagation and DNSSEC could not be told from a broken zone."""
    for resolver in healthy.environment["dns"]["resolvers"]:
        address, port = resolver.split(":")
        query = dns.message.make_query(HOST, "A", want_dnssec=True)
        answer = dns.query.tcp(query, address, timeout=10, port=int(port))
        assert answer.flags & dns.flags.RA
        assert answer.flags & dns.flags.AD


def test_health_tells_the_release_under_review(healthy: Supervised, api: httpx.Client) -> None:
    """Nobody would know which release was verified."""
    reply = api.get("/api/health")
    assert reply.http_version == "HTTP/2"
    assert reply.json() == {"status": "ok", "release": healthy.environment["service"]["release"]}


def test_deep_health_names_dependencies_and_nothing_more(api: httpx.Client) -> None:
    """A public page would tell where the databases are."""
    found = api.get("/api/health/deep").json()
    assert found["status"] == "ok"
    assert {name: dependency.keys() for name, dependency in found["dependencies"].items()} == {
        "mongodb": {"status", "latency_ms"},
        "redis": {"status", "latency_ms"},
    }


def test_replies_carry_the_headers_of_a_careful_service(api: httpx.Client) -> None:
    """The model that checks are measured against would fail them, on errors most of all."""
    for path in ("/api/health", "/api/profile", "/.env"):
        headers = api.get(path).headers
        assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers.get_list("server") == ["WorkMe"]


def test_metrics_are_for_whoever_has_the_token(healthy: Supervised, api: httpx.Client) -> None:
    """Business figures would be public, or monitoring blind."""
    assert api.get("/metrics").status_code == 401
    metrics = api.get("/metrics", headers={"Authorization": f"Bearer {healthy.secrets['METRICS_TOKEN']}"})
    assert "workme_http_requests_total{" in metrics.text


def test_plain_http_only_leads_to_https(healthy: Supervised) -> None:
    """Passwords would travel in the clear."""
    ports = healthy.environment["hosts"][HOST]
    for address in ("127.0.0.1", "127.0.0.2"):
        reply = httpx.get(f"http://{address}:{ports['http_port']}/api/health?deep=1", trust_env=False)
        assert reply.status_code == 308
        assert reply.headers["location"] == f"https://{HOST}:{ports['https_port']}/api/health?deep=1"


def test_closed_paths_are_not_there(api: httpx.Client) -> None:
    """The check for forgotten files would have no healthy example."""
    for path in ("/.env", "/.git/HEAD", "/debug", "/actuator/env", "/server-status", "/phpinfo.php", "/docs"):
        assert api.get(path).status_code == 404


def test_a_newcomer_registers_logs_in_and_sees_the_own_profile(healthy: Supervised, api: httpx.Client) -> None:
    """The first thing that every user of the service does would not work."""
    email, password = f"{secrets.token_hex(4)}@workme.test", secrets.token_urlsafe()
    wanted = {"email": email, "password": password, "name": "Ana", "beta_code": healthy.secrets["BETA_CODE"]}
    assert api.post("/api/auth/register", json={**wanted, "beta_code": "guessed"}).status_code == 403
    assert api.post("/api/auth/register", json=wanted).status_code == 201
    assert api.post("/api/auth/register", json=wanted).status_code == 409
    token = api.post("/api/auth/login", json={"email": email, "password": password}).json()["access_token"]
    assert api.get("/api/profile", headers={"Authorization": f"Bearer {token}"}).json()["email"] == email
    assert api.get("/api/profile", headers={"Authorization": f"Bearer {token}x"}).status_code == 401
    assert api.get("/api/profile").status_code == 401


def test_guessing_a_password_is_stopped(api: httpx.Client) -> None:
    """Anybody could try passwords for as long as it takes."""
    attempt = {"email": f"{secrets.token_hex(4)}@workme.test", "password": "guess"}
    assert [api.post("/api/auth/login", json=attempt).status_code for _ in range(11)] == [401] * 10 + [429]


def test_the_service_may_use_its_database_and_no_more(healthy: Supervised) -> None:
    """Least privilege could not be verified: its own user would have too much, or too little."""
    trust = healthy.environment["mongodb"]["ca_file"]
    with MongoClient[Database](healthy.secrets["MONGO_URL"], tlsCAFile=trust) as app:
        scratch = app["workme"]["scratch"]
        scratch.insert_one({"email": "a"})
        scratch.drop()
        with pytest.raises(OperationFailure):
            app["elsewhere"]["scratch"].insert_one({})
        users = app["workme"]["users"]
        users.insert_one({"email": "twice@workme.test"})
        with pytest.raises(DuplicateKeyError):
            users.insert_one({"email": "twice@workme.test"})
        users.delete_one({"email": "twice@workme.test"})
    with MongoClient[Database](healthy.secrets["MONGO_MONITOR_URL"], tlsCAFile=trust) as monitor:
        assert monitor.admin.command("replSetGetStatus")["myState"] == 1
        with pytest.raises(OperationFailure):
            monitor["workme"]["users"].find_one()


def test_the_service_may_use_its_keys_and_no_more(healthy: Supervised) -> None:
    """As for the database."""
    trust = healthy.environment["redis"]["ca_file"]
    with Redis.from_url(healthy.secrets["REDIS_URL"], ssl_ca_certs=trust) as app:
        assert app.set("wm:scratch", "1", ex=10)
        app.delete("wm:scratch")
        for refused in (("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("SET", "other", "1")):
            with pytest.raises(NoPermissionError):
                app.execute_command(*refused)
    with Redis.from_url(healthy.secrets["REDIS_MONITOR_URL"], ssl_ca_certs=trust) as monitor:
        assert monitor.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-lru"}
        with pytest.raises((NoPermissionError, ResponseError)):
            monitor.get("wm:scratch")


def test_what_must_be_closed_is_closed(healthy: Supervised) -> None:
    """The ports check would find something open in a healthy environment."""
    for ports in healthy.environment["ports"]["closed"].values():
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port))


def test_secrets_are_for_this_user_only(healthy: Supervised) -> None:
    """Another user of the machine would read the passwords."""
    assert healthy.state.stat().st_mode & 0o777 == 0o700
    dotenv = Path(healthy.environment["secrets"]["dotenv"])
    assert dotenv.stat().st_mode & 0o777 == 0o600
