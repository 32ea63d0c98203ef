"""A completely dead environment ends in its deadline, with one root cause per dead thing, in bounded memory."""

from pathlib import Path

import pytest

from reference.listener import Handler
from tests.dead.conftest import (
    LARGEST_MEMORY_KB,
    Run,
    endless_body,
    endless_headers,
    environment,
    garbage,
    hostile_server,
    one_byte_a_second,
    redirect_circle,
    silent_server,
    swallowing_server,
)

NO_GO, INCOMPLETE = 1, 3
HTTP = """
[http]
health = "/api/health"
deep_health = "/api/health/deep"
metrics = "/metrics"
openapi = "/openapi.json"
closed_paths = ["/.env"]
series = ["x"]
moving = ["x"]
"""


DATABASES = """
[mongodb]
url = "M"
monitor_url = "M"
database = "d"
[redis]
url = "R"
monitor_url = "R"
key_prefix = "k:"
maxmemory_policy = "noeviction"
persistence = "none"
"""


def test_port_that_refuses(run: Run) -> None:
    """A refusal is an answer, and the answer is no."""
    ended = run(environment(1))
    assert (ended.exit_code, ended.causes) == (NO_GO, ["tls-handshake"])
    assert "closed port" in ended.output


def test_server_that_accepts_and_never_speaks(run: Run) -> None:
    """The load balancer is up, and nobody is behind it."""
    with silent_server() as port:
        ended = run(environment(port))
    assert (ended.exit_code, ended.causes) == (NO_GO, ["tls-handshake"])
    assert "silent" in ended.output


def test_address_that_swallows_packets(run: Run) -> None:
    """A firewall between us and the target says nothing about the target."""
    with swallowing_server() as port:
        ended = run(environment(port))
    assert (ended.exit_code, ended.causes) == (INCOMPLETE, ["tls-handshake"])
    assert "nothing came back" in ended.output


@pytest.mark.parametrize(
    "handler",
    [endless_body, pytest.param(endless_headers, marks=pytest.mark.whole), redirect_circle, one_byte_a_second, garbage],
)
def test_hostile_server_costs_bounded_time_and_memory(run: Run, tmp_path: Path, handler: Handler) -> None:
    """Whatever it sends, the service is not up, and that is said."""
    state = tmp_path / "state"
    state.mkdir()
    without = '"dns", "mongodb", "redis", "ports"'
    with hostile_server(handler, state) as (port, root):
        ended = run(environment(port, trust=str(root), without=without, more=HTTP))
    # What a body without an end would have said, nobody knows: no GO, and no word against the service either.
    assert ended.exit_code == (INCOMPLETE if handler is endless_body else NO_GO)
    # Whoever sends without an end may, where there is little processor, be too slow for a handshake meanwhile.
    busy = {"tls-chain"} if handler is endless_body else set[str]()
    assert ({"service-answers", "health-shallow"} | busy) & set(ended.causes)
    assert ended.memory_kb < LARGEST_MEMORY_KB


def test_names_that_nobody_can_be_asked_about(run: Run) -> None:
    """Resolvers that are not there: our inability, once, and the rest of the family behind it."""
    dns = '[dns]\nzone = "dead.test"\nresolvers = ["127.0.0.1:1", "127.0.0.2:1"]\n'
    ended = run(environment(1, without='"http", "mongodb", "redis", "ports"', more=dns))
    assert ended.exit_code == NO_GO
    assert ended.causes == ["dns-delegated", "tls-handshake"]


def test_databases_that_refuse(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each dead database is one cause; its checks are the consequences."""
    monkeypatch.setenv("M", "mongodb://app:pass-word-1@127.0.0.1:1/?tls=true")
    monkeypatch.setenv("R", "rediss://app:pass-word-2@127.0.0.1:1/0")
    ended = run(environment(1, without='"dns", "http", "ports"', more=DATABASES))
    assert (ended.exit_code, ended.causes) == (NO_GO, ["tls-handshake", "mongo-reachable", "redis-listening"])
    assert ended.memory_kb < LARGEST_MEMORY_KB


def test_databases_that_swallow_packets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Atlas drops the packets of machines that are not on its allowlist."""
    with swallowing_server() as port:
        monkeypatch.setenv("M", f"mongodb://app:pass-word-1@127.0.0.1:{port}/?tls=true")
        monkeypatch.setenv("R", f"rediss://app:pass-word-2@127.0.0.1:{port}/0")
        ended = run(environment(port, without='"dns", "http", "ports"', more=DATABASES))
    assert (ended.exit_code, ended.causes) == (INCOMPLETE, ["tls-handshake", "mongo-reachable", "redis-listening"]), (
        ended.output
    )
