"""All that the journeys of one run share: where to ask, as whom, and under which mark."""

import math
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from anyio.from_thread import BlockingPortal
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.redaction import Redactor
from gonogo.base.secrets import Secrets
from gonogo.clients import mongodb as mongodb_client
from gonogo.clients import redis as redis_client
from gonogo.clients.http import AddressClient, address_client
from gonogo.clients.trust import trust_context
from gonogo.environment.model import Environment
from gonogo.families.mongodb.questions import mongo_questions
from gonogo.families.redis.questions import redis_questions
from gonogo.families.smoke.section import Smoke
from gonogo.families.stripe.section import Stripe
from gonogo.journey.marks import mark_of

Found = TypeVar("Found")
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
    _resources: ExitStack = field(default_factory=ExitStack)
    _shared: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def mark(self) -> str:
        """The mark of this run, which test data carries."""
        return mark_of(self.run_id)

    @property
    def settings(self) -> Smoke:
        """The section ``[smoke]`` of the environment."""
        return self.environment.require(Smoke)

    @property
    def live(self) -> bool:
        """Whether payments are real."""
        stripe = self.environment.section(Stripe)
        return stripe is not None and stripe.mode == "live"

    def alive(self) -> None:
        """Raise Stopped when nothing more is to be asked."""
        if self.stopped.is_set():
            raise Stopped("the run was interrupted before this step")
        if time.monotonic() > self.deadline:
            limit = format_duration(self.environment.limits.run)
            raise Stopped(f"the run's deadline of {limit} came first", hint="raise limits.run, or find what is slow")

    def run(self, work: Callable[..., Awaitable[Found]], *arguments: Any) -> Found:  # noqa: ANN401 - the work's own
        """Wait for a coroutine. Raises Stopped."""
        self.alive()
        return self.portal.call(work, *arguments)

    def pause(self, seconds: float) -> None:
        """Wait before asking again, in seconds. Raises Stopped."""
        self.stopped.wait(seconds)
        self.alive()

    def service(self, index: int) -> AddressClient:
        """A client for the service, at one of its addresses in turn."""
        parts = urlsplit(self.environment.service.base_url)
        name = parts.hostname or ""
        host = self.environment.hosts.get(name)
        if host is None:
            raise Unobserved(f"no address of {name} is declared")
        trust = self.environment.trust_of(name)
        address = host.addresses[index % len(host.addresses)]

        def connect() -> Any:  # noqa: ANN401 - a context manager
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

        client: AddressClient = self._once(f"service {index}", connect)
        return client

    def outside(self, base_url: str) -> AddressClient:
        """A client for somebody else's API, found by its name. One for each, shared."""
        parts = urlsplit(base_url)
        name = parts.hostname or ""

        def connect() -> Any:  # noqa: ANN401 - a context manager
            tls = trust_context("public") if parts.scheme == "https" else None
            port = parts.port or _PORTS[parts.scheme]
            return address_client(tls, host=name, address=name, port=port, redactor=self.redactor)

        client: AddressClient = self._once(base_url, connect)
        return client

    def mongo(self, work: Callable[[mongodb_client.Database], Awaitable[Found]]) -> Found:
        """Ask the service's database, as the service's user. Raises Unobserved: its own checks judge it."""
        questions = mongo_questions(self.environment, self.secrets)
        if not questions:
            raise Unobserved("the environment declares no [mongodb]")
        client = self._once("mongodb", lambda: mongodb_client.connected(questions[0]))
        try:
            return self.run(work, client[questions[0].database])
        except PyMongoError as error:
            raise Unobserved(f"MongoDB could not be asked: {self.redactor.text(str(error))[:200]}") from None

    def redis(self, work: Callable[[Any], Awaitable[Found]]) -> Found:
        """Ask the service's cache, as the service's user. Raises Unobserved."""
        questions = redis_questions(self.environment, self.secrets)
        if not questions:
            raise Unobserved("the environment declares no [redis]")
        client = self._once("redis", lambda: redis_client.connected(questions[0]))
        try:
            return self.run(work, client)
        except (RedisError, OSError) as error:
            raise Unobserved(f"Redis could not be asked: {self.redactor.text(str(error))[:200]}") from None

    def close(self) -> None:
        """End every connection."""
        self._resources.close()
        self._shared.clear()

    def _once(self, name: str, connect: Callable[[], Any]) -> Any:  # noqa: ANN401 - a driver's client
        with self._lock:
            if name not in self._shared:
                self._shared[name] = self._resources.enter_context(self.portal.wrap_async_context_manager(connect()))
            return self._shared[name]
