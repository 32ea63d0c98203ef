"""All that the journeys of one run share: where to ask, as whom, and under which mark."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.marks import mark_of
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.families.smoke.section import Smoke

if TYPE_CHECKING:  # steps are read as well where nobody walks: to judge what was recorded
    from anyio.from_thread import BlockingPortal

    from gonogo.clients.http import AddressClient

Answer = TypeVar("Answer")
Shared = TypeVar("Shared")
_PORTS = {"http": 80, "https": 443}


class Stopped(Unobserved):
    """Ctrl-C or the run's deadline came before this step."""


@dataclass(slots=True, kw_only=True)
class World:
    """Coroutines run in the portal's event loop; whoever asks waits for them in a thread of its own."""

    environment: Environment
    secrets: Secrets = field(repr=False)
    run_id: str
    portal: BlockingPortal
    redactor: Redactor
    deadline: float = math.inf
    """On the monotonic clock, in seconds."""
    stopped: threading.Event = field(default_factory=threading.Event)
    touched: bool = False
    """Whether anything was asked of the service."""
    cleaned: bool = False
    """Whether what was left there is removed."""
    registered: list[Any] = field(default_factory=list)
    """Accounts that the verbs of [api] made: who made them can log in, and remove them."""
    _resources: ExitStack = field(default_factory=ExitStack)
    _shared: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    @property
    def mark(self) -> str:
        """The mark of this run, which test data carries."""
        return mark_of(self.run_id)

    @property
    def settings(self) -> Smoke:
        """The section ``[smoke]`` of the environment."""
        return self.environment.require(Smoke)

    def alive(self) -> None:
        """Raise Stopped when nothing more is to be asked."""
        if self.stopped.is_set():
            raise Stopped("the run was interrupted before this step")
        if time.monotonic() > self.deadline:
            limit = format_duration(self.environment.limits.run)
            raise Stopped(f"the run's deadline of {limit} came first", hint="raise limits.run, or find what is slow")

    def run(self, work: Callable[..., Awaitable[Answer]], *arguments: Any) -> Answer:  # noqa: ANN401 - the work's own
        """Wait for a coroutine. Raises Stopped."""
        self.alive()
        return self.portal.call(work, *arguments)

    def pause(self, seconds: float) -> None:
        """Wait before asking again, in seconds. Raises Stopped."""
        self.stopped.wait(seconds)
        self.alive()

    def service(self, index: int) -> AddressClient:
        """A client for the service, at one of its addresses in turn."""
        from gonogo.clients.http import address_client  # noqa: PLC0415 - only where somebody walks
        from gonogo.clients.trust import trust_context  # noqa: PLC0415

        parts = urlsplit(self.environment.service.base_url)
        name = parts.hostname or ""
        host = self.environment.hosts.get(name)
        if host is None:
            raise Unobserved(f"no address of {name} is declared")
        trust = self.environment.trust_of(name)
        address = host.addresses[index % len(host.addresses)]

        def connect() -> AbstractAsyncContextManager[AddressClient]:
            tls = trust_context(trust)
            return address_client(
                tls,
                host=name,
                address=address,
                port=host.https_port,
                redactor=self.redactor,
                http2=False,
                # How fast it should be is for the load to say; a step asks whether it works.
                patience_seconds=self.environment.limits.probe.total_seconds(),
            )

        return self.shared(f"service {index}", connect)

    def outside(self, base_url: str) -> AddressClient:
        """A client for somebody else's API, found by its name. One for each, shared."""
        from gonogo.clients.http import address_client  # noqa: PLC0415 - as above
        from gonogo.clients.trust import trust_context  # noqa: PLC0415

        parts = urlsplit(base_url)
        name = parts.hostname or ""

        def connect() -> AbstractAsyncContextManager[AddressClient]:
            tls = trust_context("public") if parts.scheme == "https" else None
            port = parts.port or _PORTS[parts.scheme]
            return address_client(tls, host=name, address=name, port=port, redactor=self.redactor)

        return self.shared(base_url, connect)

    def shared(self, name: str, connect: Callable[[], AbstractAsyncContextManager[Shared]]) -> Shared:
        """The connection of this name, opened when it is first asked for; all journeys share it until the end.

        Raises Stopped after the end: nobody would ever close it, and the event loop would wait for that for ever.
        """
        with self._lock:
            if self._closed:
                raise Stopped("its connections are closed: the run has ended")
            if name not in self._shared:
                opened = self.portal.wrap_async_context_manager(connect())
                self._shared[name] = self._resources.enter_context(opened)
            connection: Shared = self._shared[name]
            return connection

    def afresh(self) -> Self:
        """A world of the same run for its clean-up: this one may have stopped. It has a deadline of its own."""
        return type(self)(
            environment=self.environment,
            secrets=self.secrets,
            run_id=self.run_id,
            portal=self.portal,
            redactor=self.redactor,
            deadline=time.monotonic() + self.environment.limits.run.total_seconds(),
            registered=self.registered,
        )

    def close(self) -> None:
        """End every connection, and open none any more."""
        with self._lock:
            self._closed = True
            self._shared.clear()
        self._resources.close()
