"""What every request handler may use: the configuration, the databases, the outside world, the metrics."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import httpx
import stripe
from argon2 import PasswordHasher
from fastapi import Depends, Request
from prometheus_client import Histogram
from pymongo import AsyncMongoClient, monitoring
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from reference.api.config import ApiConfig
from reference.api.mailer import Mailer
from reference.api.metrics import Metrics
from reference.api.passwords import PASSWORDS

_DATABASE_PATIENCE_MS = 2000
_OUTSIDE_PATIENCE_SECONDS = 5
_KIB = 1024
BODY_BYTES: Mapping[str, int] = {"/api/documents": 1028 * _KIB, "/api/payment/stripe/webhook": 256 * _KIB}
PER_MINUTE: Mapping[str, int] = {"search": 60, "register": 10, "upload": 100}
KEY_PREFIX = "wm:"
Document = dict[str, Any]


@dataclass(slots=True)
class Service:
    """Shared by all requests."""

    config: ApiConfig
    mongo: AsyncMongoClient[Document]
    redis: Redis
    metrics: Metrics
    mailer: Mailer
    stripe: stripe.StripeClient
    llm: httpx.AsyncClient
    passwords: PasswordHasher = PASSWORDS
    body_bytes: Mapping[str, int] = field(default_factory=lambda: BODY_BYTES)
    """The largest bodies, by path; an upload has its multipart frame around it. Others are small."""
    per_minute: Mapping[str, int] = field(default_factory=lambda: PER_MINUTE)
    """What one user may ask in a minute: searches of the database, registrations of one address, documents."""
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    def create(cls, config: ApiConfig) -> "Service":
        """Connect lazily: a database that is down at start is a failing health check, not a crash."""
        metrics = Metrics()
        return cls(
            config=config,
            mongo=_mongo(config, metrics),
            redis=_redis(config),
            metrics=metrics,
            mailer=Mailer(config.mail, config.ca_file, metrics),
            stripe=_stripe(config),
            llm=httpx.AsyncClient(base_url=config.llm_url, timeout=_OUTSIDE_PATIENCE_SECONDS),
        )

    async def reconnect(self) -> None:
        """Forget databases that were made anew: a driver that remembers the old set takes the new primary for stale."""
        mongo, self.mongo = self.mongo, _mongo(self.config, self.metrics)
        redis, self.redis = self.redis, _redis(self.config)
        await mongo.close()
        await redis.aclose()

    @property
    def database(self) -> AsyncDatabase[Document]:
        """The service's own database."""
        return self.mongo.get_default_database()

    def collection(self, name: str) -> AsyncCollection[Document]:
        """One collection of it."""
        return self.database[name]

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this after the reply; nobody waits for a mail."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class _CommandTimes(monitoring.CommandListener):
    """How long the database takes, as the driver measures it."""

    def __init__(self, seconds: Histogram) -> None:
        self._seconds = seconds

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Nothing is known yet."""

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Keep its time."""
        self._seconds.observe(event.duration_micros / 1e6)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """A refusal takes its time as well."""
        self._seconds.observe(event.duration_micros / 1e6)


def _mongo(config: ApiConfig, metrics: Metrics) -> AsyncMongoClient[Document]:
    return AsyncMongoClient(
        config.mongo_url,
        tlsCAFile=config.ca_file,
        serverSelectionTimeoutMS=_DATABASE_PATIENCE_MS,
        timeoutMS=_DATABASE_PATIENCE_MS,
        maxPoolSize=20,
        tz_aware=True,
        event_listeners=[_CommandTimes(metrics.commands)],
    )


def _redis(config: ApiConfig) -> Redis:
    return Redis.from_url(
        config.redis_url,
        ssl_ca_certs=config.ca_file,
        socket_timeout=_DATABASE_PATIENCE_MS / 1000,
        socket_connect_timeout=_DATABASE_PATIENCE_MS / 1000,
    )


def _stripe(config: ApiConfig) -> stripe.StripeClient:
    return stripe.StripeClient(
        config.stripe.secret_key,
        base_addresses={"api": config.stripe.base},
        http_client=stripe.HTTPXClient(timeout=_OUTSIDE_PATIENCE_SECONDS),
        max_network_retries=1,
    )


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service)]
