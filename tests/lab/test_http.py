"""HTTP checks against nginx, HAProxy and Caddy: healthy twins and broken ones, none of them ours."""

import asyncio
from typing import Any

import pytest

from tests.lab.http_servers import HEALTH, Ports, caddy, haproxy, nginx, several
from tests.lab.table import found
from tests.support.http_sites import HOST, certificates, declared_environment, judged

ALL = 18
KINDS = ("service", "plain_http", "health", "pages")
BROKEN = "location / { return 500; }"
OLD = """location = /health { default_type application/json; return 200 '{"status":"ok","release":"0ld0000"}'; }"""
APPLICATION = f"""{HEALTH} location / {{ default_type text/html; return 200 "<html><div id=app></div></html>"; }}"""


def said(ports: Ports, *, kinds: tuple[str, ...] = KINDS, **http: Any) -> dict[str, str]:  # noqa: ANN401 - keys of [http]
    """What the checks say of whoever listens there."""
    root, _ = certificates()
    hosts = {HOST: {"addresses": ["127.0.0.1"], "https_port": ports.https, "http_port": ports.http}}
    environment = declared_environment(f"https://{HOST}:{ports.https}", hosts, root, "abc1234", http)
    complaints = asyncio.run(judged(environment, kinds))
    found(complaints)
    return complaints


def test_healthy_twins() -> None:
    """A wrong NO-GO for the commonest servers of the world."""
    with nginx() as ports:
        assert said(ports, connections=ALL) == {}
    with nginx(clear="return 404;") as ports:
        assert said(ports) == {}
    with caddy("""respond /health `{"status":"ok","release":"abc1234"}` 200\n  respond 404""") as ports:
        assert said(ports, connections=ALL) == {}


def test_page_that_every_path_has() -> None:
    """A single-page application serves nothing private by it; a file beside it is found all the same."""
    with nginx(APPLICATION) as ports:
        assert said(ports) == {}
    secret = 'location = /.env { default_type text/plain; return 200 "DB_PASSWORD=hunter2\\n"; }'
    with nginx(f"{APPLICATION} {secret}") as ports:
        assert "environment variables" in said(ports)["http-closed-paths"]


def test_redirect_of_health_is_followed() -> None:
    """As frameworks do that end every path with a slash."""
    health = HEALTH.replace("/health ", "/health/ ")
    with nginx(f"location = /health {{ return 301 /health/; }} {health}") as ports:
        assert said(ports) == {}


@pytest.mark.parametrize("balance", ["roundrobin", "random"])
def test_one_bad_backend_of_three_behind_a_balancer(balance: str) -> None:
    """By connection, as layer 4 balances: every third user meets it."""
    with several(HEALTH, HEALTH, BROKEN) as backends, haproxy(backends, balance=balance) as ports:
        complaints = said(ports, kinds=("service",), connections=ALL)
        assert "of 18 connections" in complaints["service-answers"]


def test_one_old_backend_of_three_behind_a_balancer() -> None:
    """A rolling deployment that stopped."""
    with several(HEALTH, HEALTH, OLD) as backends, haproxy(backends) as ports:
        complaints = said(ports, kinds=("service",), connections=ALL)
        assert "0ld0000" in complaints["release-under-review"]
        assert "abc1234" in complaints["release-under-review"]


@pytest.mark.parametrize("most", [2, 4])
def test_limit_on_connections_is_no_fault_of_the_service(most: int) -> None:
    """What we open at once is our own haste: one connection at a time tells everything."""
    with several(HEALTH) as backends, haproxy(backends, most=most) as ports:
        found = said(ports, kinds=("service", "health", "pages"), connections=ALL)
        assert set(found) <= {"service-steady"}


def test_bad_backend_behind_a_limit_on_connections() -> None:
    """The limit must not hide it."""
    with several(HEALTH, HEALTH, BROKEN) as backends, haproxy(backends, most=2) as ports:
        assert "answers 500" in said(ports, kinds=("service", "pages"), connections=ALL)["service-answers"]


def test_nothing_behind_the_front() -> None:
    """Nginx itself answers health; what is behind it is gone."""
    upstream = "location / { proxy_pass http://127.0.0.1:1; }"
    with nginx(f"{HEALTH} {upstream}") as ports:
        complaints = said(ports)
        assert "answers 502" in complaints["service-answers"]
        assert complaints["http-closed-paths"].startswith("ERROR")


def test_fresh_server_with_its_default_page() -> None:
    """What Debian installs is not what should be launched."""
    page = "location / { root /usr/share/nginx/html; index index.html; }"
    with nginx(f"{HEALTH} {page}") as ports:
        assert "default page" in said(ports)["http-front-page"]


@pytest.mark.whole
@pytest.mark.parametrize("balance", ["roundrobin", "random"])
def test_bad_backend_is_found_in_every_run(balance: str) -> None:
    """Forty runs of forty."""
    with several(HEALTH, HEALTH, BROKEN) as backends, haproxy(backends, balance=balance) as ports:
        for _ in range(40):
            assert "service-answers" in said(ports, kinds=("service",), connections=ALL)


@pytest.mark.whole
def test_healthy_twin_in_every_run() -> None:
    """Sixty runs of sixty."""
    with nginx() as ports:
        for _ in range(60):
            assert said(ports, connections=ALL) == {}
