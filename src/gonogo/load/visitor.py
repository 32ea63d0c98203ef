"""Locust users that visit a service: subclass Visitor, name the requests of a visit, and make them.

The time of a request counts from when it was due: the first of a visit from the visit's planned beginning, a later one
from the end of the pause before it. Time that this process wastes, or that a connection takes, is in it.
"""

import errno
import random
import select
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import certifi
import gevent
from gevent import monkey
from geventhttpclient.client import HTTPClient
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from locust import User, task
from locust.env import Environment

from gonogo.load.crew import Crew
from gonogo.load.pace import thinking
from gonogo.load.plan import Outcome, TargetPlan

_OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.ENOBUFS, errno.ENOMEM}
"""Errors of this machine: no fault of the service."""
_poll = monkey.get_original("select", "poll")
"""The kernel's own: gevent's goes through its event loop."""
_TIMER_SECONDS = 0.003
"""What timers of an event loop are late by, since the kernel counts milliseconds (epoll_wait(2))."""
_CREWS: dict[int, Crew] = {}


def employ(environment: Environment, crew: Crew) -> None:
    """Let the users of this environment work for this crew."""
    _CREWS[id(environment)] = crew


class Abandoned(Exception):
    """The visitor leaves: the reply was not what is needed to go on."""


class GivenUp(Exception):
    """The visitor leaves: no reply came."""


class TimeOver(Exception):
    """Nothing more is to be asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came."""

    status: int
    body: bytes


class Visitor(User):
    """One of many who take turns: visits come at their rate, whoever of them makes the next."""

    abstract = True
    scenario: ClassVar[str]
    """Its name under [load.visits]."""
    makes: ClassVar[tuple[str, ...]]
    """The names of all requests of one visit, in order."""
    pays: ClassVar[bool] = False
    """Whether money would move if payments were real."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.crew = _CREWS[id(environment)]
        self.number = random.randrange(2**31)  # noqa: S311 - spreads users over the data
        self._pace = self.crew.pace(self.scenario, self.makes, random.random())  # noqa: S311 - a phase
        self._due = 0.0
        self._connect()

    @property
    def data(self) -> Mapping[str, Any]:
        """What the dataset made."""
        return self.crew.plan.data

    def visit(self) -> None:
        """Make the requests of one visit."""
        raise NotImplementedError

    def think(self) -> None:
        """Read before going on."""
        due = time.monotonic() + thinking(self.crew.plan.think)
        gevent.sleep(max(0.0, due - time.monotonic()))
        self._due = _counted_from(due)

    def ask(  # noqa: PLR0913 - a request has many parts
        self,
        name: str,
        path: str,
        *,
        expect: int = 200,
        refusals: tuple[int, ...] = (),
        token: str = "",
        body: bytes = b"",
        kind: str = "application/json",
    ) -> Reply:
        """One request; ``name`` begins with its method. Raises Abandoned if the reply has another status.

        Raises GivenUp when none came, TimeOver when there is nothing more to ask.
        ``refusals``: statuses by which the service says no, with a meaning; any other is an error.
        """
        if self.crew.over():
            raise TimeOver
        index, endpoint = self.crew.endpoint(name)
        headers = {"X-Gonogo-Run": self.crew.plan.mark}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body:
            headers["Content-Type"] = kind
        number = self.crew.ask(index, self._due)
        reply, outcome, error = None, None, None
        try:
            with gevent.Timeout(endpoint.patience - (time.monotonic() - self._due)):
                reply, outcome, error = self._send(name.partition(" ")[0], path, body, headers)
            if reply is not None and reply.status != expect:
                outcome = "refused" if reply.status in refusals else "failed"
                error = ValueError(f"status {reply.status}, {expect} was expected")
        except gevent.Timeout:
            outcome, error = "given up", TimeoutError(f"no reply after {endpoint.patience:g} s")
        finally:
            elapsed = self.crew.answered(number, outcome)
        self._due = time.monotonic()
        self._tell(name, elapsed, reply, error)
        if error is not None or reply is None:
            if reply is None:
                self._connect()  # whatever comes on the old connection now belongs to nobody
            raise GivenUp if outcome == "given up" else Abandoned
        return reply

    def _send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[Reply | None, Outcome | None, Exception | None]:
        try:
            response = self._client.request(method, path, body, dict(headers))
            reply = Reply(response.status_code, bytes(response.read()))
        except socket.gaierror as error:
            return None, None, error
        except OSError as error:
            return None, None if error.errno in _OURS else "failed", error
        except (HTTPConnectionClosed, HTTPParseError) as error:
            return None, "failed", error
        return reply, "ok", None

    def _connect(self) -> None:
        target = self.crew.plan.target
        self._client = HTTPClient(
            random.choice(target.addresses),  # noqa: S311 - spreads the load
            target.port,
            headers={"Host": target.authority, "User-Agent": "gonogo (load)"},
            ssl=True,
            ssl_options={"server_hostname": target.host},
            ssl_context_factory=lambda **_: trust(target),
            # The time-out of each request bounds both.
            connection_timeout=60,
            network_timeout=60,
        )
        # The pool's own look uses select, which knows no descriptor above 1023 and yields to all other users first.
        self._client._connection_pool._is_socket_alive = _quiet  # type: ignore[assignment, method-assign]  # noqa: SLF001

    def _tell(self, name: str, elapsed: float, reply: Reply | None, error: Exception | None) -> None:
        """Locust's own statistics and web UI hear of it as well; nothing is decided on them."""
        self.environment.events.request.fire(
            request_type=name.partition(" ")[0],
            name=name,
            response_time=elapsed * 1000,
            response_length=len(reply.body) if reply else 0,
            exception=error,
            context=self.context(),
        )

    # -- what Locust calls ------------------------------------------------------------------------------------------

    @task
    def turn(self) -> None:
        """Make a visit if one is due."""
        late = time.monotonic() - self._pace.due
        if late < 0 or self.crew.over():
            return
        second = self.crew.clock.second(self._pace.due)
        self._due = _counted_from(self._pace.due)
        self.crew.begun(self._pace, late)
        try:
            self.visit()
        except TimeOver:
            pass
        except GivenUp:
            self.crew.given_up[second] += 1
        except Abandoned:
            self.crew.ended[second] += 1
        except Exception as error:  # noqa: BLE001 - a scenario's bug must be told, not counted as the service's
            self.crew.problems[f"{type(self).__name__}: {type(error).__name__}: {error}"[:300]] += 1
        else:
            self.crew.ended[second] += 1
        self._pace.over(time.monotonic())

    def wait_time(self) -> float:
        """Seconds until the next visit is due."""
        if self.crew.over():
            return 3600.0
        return max(0.0, self._pace.due - time.monotonic())


def _quiet(connection: socket.socket | None) -> bool:
    """Whether an idle connection is still open: one that was closed, or has more to say, can be read."""
    if connection is None or connection.fileno() < 0:
        return False
    poller = _poll()
    poller.register(connection.fileno(), select.POLLIN)
    return not poller.poll(0)


def _counted_from(due: float) -> float:
    """When a request that was due then began: a timer that wakes a moment late is ours, all other waiting counts."""
    now = time.monotonic()
    return now if now - due < _TIMER_SECONDS else due


@cache
def trust(target: TargetPlan) -> ssl.SSLContext:
    """Whom we believe. One context for all: making one takes longer than a handshake."""
    if target.trust is None:
        return ssl.create_default_context(cafile=certifi.where())
    return ssl.create_default_context(cadata=target.trust)
