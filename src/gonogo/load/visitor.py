"""Locust users that visit a service: subclass Visitor, name the requests of a visit, and make them.

The time of a request counts from when it was due: the first of a visit from the visit's planned beginning, a later one
from the end of the pause before it. Time that this process wastes, or that a connection takes, is in it.
"""

import errno
import random
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import gevent
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError
from locust import User, task
from locust.env import Environment

from gonogo.load.pace import thinking
from gonogo.load.plan import Outcome
from gonogo.load.recorder import WorkerRecorder
from gonogo.load.reply import UNREADABLE, LoadReply
from gonogo.load.wire import TargetConnection

__all__ = ["Abandoned", "GivenUp", "LoadReply", "TimeOver", "Visitor", "attach_recorder"]
_OURS = {errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.ENOBUFS, errno.ENOMEM}
"""Errors of this machine: no fault of the service."""
_RECORDERS: dict[int, WorkerRecorder] = {}
"""Recorders by the id of Locust's environment: Locust makes the users, and gives them nothing but that environment."""


def attach_recorder(environment: Environment, recorder: WorkerRecorder) -> None:
    """Let the users of this environment work for this recorder."""
    _RECORDERS[id(environment)] = recorder


class Abandoned(Exception):
    """The visitor leaves: the reply was not what is needed to go on."""


class GivenUp(Exception):
    """The visitor leaves: no reply came."""


class TimeOver(Exception):
    """The load has ended while a visit was under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """A request with a reply that looks right so far.

    It counts as right when the scenario goes on, which may still find it wrong when it reads the body.
    """

    number: int
    name: str
    elapsed: float
    reply: LoadReply


class Visitor(User):
    """One of many who take turns: visits come at their rate, whoever of them makes the next."""

    abstract = True
    scenario: ClassVar[str]
    """The scenario's name under [load.visits]."""
    makes: ClassVar[tuple[str, ...]]
    """The names of all requests of one visit, in order."""
    pays: ClassVar[bool] = False
    """Whether money would move if payments were real."""

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - Locust's
        """A locustfile with visitors works with a plain ``locust`` as well, and for workers on other machines."""
        super().__init_subclass__(**options)
        import gonogo.load.hooks  # noqa: F401, PLC0415 - they are about visitors themselves

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.recorder = _RECORDERS[id(environment)]
        self.number = random.randrange(2**31)  # noqa: S311 - spreads users over the data
        self._pace = self.recorder.pace(self.scenario, self.makes, random.random())  # noqa: S311 - a phase
        self._due = 0.0
        self._answered: _Answered | None = None
        self._connection = TargetConnection(self.recorder.plan.target)

    @property
    def data(self) -> Mapping[str, Any]:
        """The data that ``dataset.py`` made."""
        return self.recorder.plan.data

    def visit(self) -> None:
        """Make the requests of one visit."""
        raise NotImplementedError

    def rest(self) -> None:
        """Between two visits: what belongs to none, as logging in again before a session ends."""

    def think(self) -> None:
        """Read before going on."""
        self._settle()
        self._due = time.monotonic() + thinking(self.recorder.plan.think)
        gevent.sleep(max(0.0, self._due - time.monotonic()))

    def ask(  # noqa: PLR0913 - a request has many parts
        self,
        name: str,
        path: str,
        *,
        expect: int = 200,
        right: Callable[[LoadReply], object] | None = None,
        refusals: tuple[int, ...] = (),
        token: str = "",
        body: bytes = b"",
        kind: str = "application/json",
    ) -> LoadReply:
        """One request; ``name`` begins with its method. Raises Abandoned if the reply is wrong.

        Raises GivenUp when none came, TimeOver when there is nothing more to ask. ``expect``: the status of a right reply;
        ``right``: a function that is true of one; ``refusals``: statuses that are a meant no, while others are errors.
        """
        self._settle()
        if self.recorder.over():
            raise TimeOver
        index, endpoint = self.recorder.endpoint(name)
        headers = self._headers(token, kind if body else "")
        number = self.recorder.ask(index, self._due)
        reply, outcome, error = None, None, None
        try:
            reply, outcome, error = self._exchange(name.partition(" ")[0], path, body, headers, endpoint.patience)
            if reply is not None and reply.status != expect:
                outcome, error = _unexpected(reply.status, expect, refusals)
        finally:  # a user who is stopped in the middle of a request has its end recorded as well
            elapsed = self._connection.elapsed(self._due, replied=reply is not None)
            if outcome != "ok":
                self.recorder.answered(number, outcome, elapsed, _told(error))
        self._due = time.monotonic()
        self._tell_failure(name, elapsed, reply, error)
        if error is not None or reply is None:
            raise GivenUp if outcome == "given up" else Abandoned
        self._answered = _Answered(number=number, name=name, elapsed=elapsed, reply=reply)
        if right is not None:
            self._judge(right, reply)
        return reply

    def _judge(self, right: Callable[[LoadReply], object], reply: LoadReply) -> None:
        """Ask the scenario whether this is what it should be. Raises Abandoned if not."""
        reply.looked_at = True
        try:
            is_right = right(reply)
        except UNREADABLE as error:
            self._wrong(f"{type(error).__name__}: {error}")
        else:
            if is_right:
                return
            self._wrong("not the reply that the scenario expects")
        raise Abandoned

    def _settle(self) -> None:
        """The scenario goes on, so the last reply was right."""
        answered, self._answered = self._answered, None
        if answered is not None:
            if answered.reply.looked_at:
                self.recorder.looked_at.add(self.scenario)
            self.recorder.answered(answered.number, "ok", answered.elapsed)
            self._tell(answered.name, answered.elapsed, answered.reply, None)

    def _wrong(self, why: str) -> None:
        """The last reply has the right status, and is wrong all the same."""
        answered, self._answered = self._answered, None
        if answered is None:
            return
        self.recorder.looked_at.add(self.scenario)
        message = f"{why}; the body begins with {answered.reply.beginning!r}"
        self.recorder.answered(answered.number, "failed", answered.elapsed, message)
        self._tell(answered.name, answered.elapsed, answered.reply, ValueError(message))

    def aside(self, name: str, path: str, *, token: str = "", body: bytes = b"") -> LoadReply | None:
        """A request of ``rest``, which is not measured. None if no reply came."""
        self._settle()
        _, endpoint = self.recorder.endpoint(name)
        reply = None
        headers = self._headers(token, "application/json" if body else "")
        with gevent.Timeout(endpoint.patience, exception=False):
            reply, _, _ = self._send(name.partition(" ")[0], path, body, headers)
        if reply is None:
            self._connect_anew()
        return reply

    def _tell_failure(self, name: str, elapsed: float, reply: LoadReply | None, error: Exception | None) -> None:
        """A request that already failed is told at once; one that looks right, when the scenario has gone on."""
        if error is not None or reply is None:
            self._tell(name, elapsed, reply, error)
        if reply is None:
            self._connect_anew()

    def _connect_anew(self) -> None:
        """Whatever comes on the old connection now belongs to nobody."""
        self._connection = TargetConnection(self.recorder.plan.target)

    def _headers(self, token: str, kind: str) -> Mapping[str, str]:
        headers = {"X-Gonogo-Run": self.recorder.plan.mark}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if kind:
            headers["Content-Type"] = kind
        return headers

    def _exchange(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], patience_seconds: float
    ) -> tuple[LoadReply | None, Outcome | None, Exception | None]:
        """Send, and wait for the reply no longer than the endpoint's patience."""
        try:
            with gevent.Timeout(patience_seconds):
                return self._send(method, path, body, headers)
        except gevent.Timeout:
            return None, "given up", TimeoutError(f"no reply after {patience_seconds:g} s")

    def _send(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[LoadReply | None, Outcome | None, Exception | None]:
        """The reply, its outcome and its error. None as the outcome is a failure of this machine."""
        try:
            reply = LoadReply(*self._connection.ask(method, path, body, headers))
        except socket.gaierror as error:
            return None, None, error
        except OSError as error:
            return None, None if error.errno in _OURS else "failed", error
        except (HTTPConnectionClosed, HTTPParseError) as error:
            return None, "failed", error
        return reply, "ok", None

    def _tell(self, name: str, elapsed: float, reply: LoadReply | None, error: Exception | None) -> None:
        """Locust's own statistics and web UI hear of it as well; nothing is decided on them."""
        self.environment.events.request.fire(
            request_type=name.partition(" ")[0],
            name=name,
            response_time=elapsed * 1000,
            response_length=reply.size if reply else 0,
            exception=error,
            context=self.context(),
        )

    # -- what Locust calls ------------------------------------------------------------------------------------------

    @task
    def iteration(self) -> None:
        """Make a visit if one is due."""
        late = time.monotonic() - self._pace.due
        if late < 0 or self.recorder.over():
            return
        second = self.recorder.clock.second(self._pace.due)
        self._due = self._pace.due
        self.recorder.begun(self._pace, late)
        try:
            self._visit(second)
            if not self.recorder.over():
                self.rest()
        except Exception as error:  # noqa: BLE001 - a scenario's bug must be told, not counted as the service's
            self.recorder.problems[f"{type(self).__name__}: {type(error).__name__}: {error}"[:300]] += 1
        finally:
            self._settle()
        self._pace.over(time.monotonic())

    def _visit(self, second: int) -> None:
        """Count how a visit ended, by the second that it was due in: to its end, or given up."""
        try:
            self._make_visit()
        except TimeOver:
            pass
        except GivenUp:
            self.recorder.given_up[second] += 1
        except Abandoned:
            self.recorder.ended[second] += 1
        else:
            self.recorder.ended[second] += 1

    def _make_visit(self) -> None:
        """Raises Abandoned as well where the scenario read a reply and could not use it: that is the reply's fault."""
        try:
            self.visit()
        except UNREADABLE as error:
            if self._answered is None or not self._answered.reply.looked_at:
                raise
            self._wrong(f"the scenario could not use it: {type(error).__name__}: {error}")
            raise Abandoned from error

    def wait_time(self) -> float:
        """Seconds until the next visit is due."""
        if self.recorder.over():
            return 3600.0
        return max(0.0, self._pace.due - time.monotonic())


def _unexpected(status: int, expected: int, refusals: tuple[int, ...]) -> tuple[Outcome, Exception]:
    """The outcome of a reply with another status than the right one, and why it is none."""
    outcome: Outcome = "refused" if status in refusals else "failed"
    return outcome, ValueError(f"status {status}, {expected} was expected")


def _told(error: Exception | None) -> str:
    """The error in words that are the same for the same cause, so that causes can be counted."""
    if isinstance(error, HTTPConnectionClosed):
        was_reset = isinstance(error.__context__, ConnectionResetError)
        return f"the connection was {'reset' if was_reset else 'closed'} without a reply"
    if isinstance(error, HTTPParseError):
        return f"no whole reply: {error}"
    if isinstance(error, OSError) and not isinstance(error, TimeoutError):
        return f"the connection broke: {error.strerror or error}"
    return str(error) if error is not None else ""
