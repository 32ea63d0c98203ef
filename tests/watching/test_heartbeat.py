"""The heartbeat: somebody else notices when the watch itself dies."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest

from gonogo.base.errors import UsageError
from gonogo.clients.secret_url import SecretUrl
from gonogo.watching.heartbeat import Heartbeat, heartbeat_of
from reference.listener import Listener
from tests.support.doubles import silence
from tests.support.http_doubles import http_server
from tests.support.ports import closed_port
from tests.support.threads import listening
from tests.watching.told import watch_of

PING = "/ping/0f7a9c1e-5f4b"
WITHIN = timedelta(seconds=20)


class Owner:
    """Answers what a test wants, and counts what it was asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status, self.body = 200, b"OK"
        self._asked = threading.Condition()

    def answer(self, path: str, _headers: Mapping[str, str]) -> tuple[int, bytes]:
        """For ``http_server``."""
        with self._asked:
            self.paths.append(path)
            self._asked.notify_all()
        return self.status, self.body

    def wait(self, number: int) -> None:
        """Until it was asked so often."""
        with self._asked:
            assert self._asked.wait_for(lambda: len(self.paths) >= number, 20)


@contextmanager
def beating(port: int, least: timedelta = timedelta(), patience_seconds: float = 10.0) -> Iterator[Heartbeat]:
    """A heartbeat that ends whatever happens."""
    url = SecretUrl(f"http://127.0.0.1:{port}{PING}", patience_seconds=patience_seconds)
    heartbeat = Heartbeat(url, least=least)
    try:
        yield heartbeat
    finally:
        heartbeat.end(WITHIN)


def test_it_is_asked_after_each_round() -> None:
    """And never without one."""
    owner = Owner()
    with listening(Listener(http_server(owner.answer), "127.0.0.1", 0)) as port:
        with beating(port) as heartbeat:
            assert (owner.paths, heartbeat.state.told) == ([], None)
            for number in (1, 2):
                heartbeat.beat()
                owner.wait(number)
        assert owner.paths == [PING, PING]
        assert heartbeat.state.told is not None
        assert heartbeat.state.down_since is None


def test_rounds_that_follow_closely_are_one() -> None:
    """healthchecks.io takes five a minute."""
    owner = Owner()
    with listening(Listener(http_server(owner.answer), "127.0.0.1", 0)) as port:
        with beating(port, least=timedelta(hours=1)) as heartbeat:
            heartbeat.beat()
            owner.wait(1)
            for _ in range(5):
                heartbeat.beat()
        assert owner.paths == [PING]


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (500, b"", "it answered 500"),
        (404, b"not found", "it answered 404"),
        (
            200,
            b"OK (not found)",
            "the service has no check at this address, so nobody will hear if the heartbeat stops; correct the secret",
        ),
    ],
)
def test_owner_that_takes_it_not(status: int, body: bytes, reason: str) -> None:
    """It is down with the reason, and asked again after the next round, however soon that is."""
    owner = Owner()
    owner.status, owner.body = status, body
    with listening(Listener(http_server(owner.answer), "127.0.0.1", 0)) as port:
        with beating(port, least=timedelta(hours=1)) as heartbeat:
            heartbeat.beat()
            assert _is_down(heartbeat)
            assert heartbeat.state.reason == reason
            owner.status, owner.body = 200, b"OK"
            heartbeat.beat()
            owner.wait(2)
        assert (heartbeat.state.down_since, heartbeat.state.reason) == (None, "")


def test_owner_that_is_gone_or_hangs() -> None:
    """No word of the address; and no round waits for it."""
    with listening(Listener(silence, "127.0.0.1", 0)) as silent:
        for port, reason in ((closed_port(), "refused: nothing listens"), (silent, "no complete answer within 0.5 s")):
            with beating(port, patience_seconds=0.5) as heartbeat:
                heartbeat.beat()
                assert _is_down(heartbeat)
            assert heartbeat.state.reason == reason


def _is_down(heartbeat: Heartbeat) -> bool:
    deadline = threading.Event()
    for _ in range(2000):
        if heartbeat.state.down_since is not None:
            return True
        deadline.wait(0.01)
    return False


def test_value_of_the_secret() -> None:
    """None is needed; one that is no address says file, key and cure, and no part of itself."""
    assert heartbeat_of(watch_of(), {}, where="production.toml") is None
    watch = watch_of(heartbeat="BEAT_URL")
    for value, problem in (
        ("", "has no value; set it in the process environment"),
        ("ftp://host/SECRET-PART", "is no http:// or https:// address of a host"),
    ):
        with pytest.raises(UsageError) as caught:
            heartbeat_of(watch, {"BEAT_URL": value}, where="production.toml")
        expected = f"production.toml: watch.heartbeat: secret BEAT_URL {problem}; healthchecks.io calls it the ping URL"
        assert caught.value.problems == (expected,)
    heartbeat = heartbeat_of(watch, {"BEAT_URL": "https://127.0.0.1/x"}, where="production.toml")
    assert heartbeat is not None
    heartbeat.end(WITHIN)
