"""What every request handler may use: the configuration, the databases, the metrics."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from redis.asyncio import Redis

from reference.api.config import ApiConfig
from reference.api.metrics import Metrics

_DATABASE_PATIENCE_MS = 2000
KEY_PREFIX = "wm:"


@dataclass(slots=True)
class Service:
    """Shared by all requests."""

    config: ApiConfig
    mongo: AsyncMongoClient[dict[str, Any]]
    redis: Redis
    metrics: Metrics

    @classmethod
    def create(cls, config: ApiConfig) -> "Service":
        """Connect lazily: a database that is down at start is a failing health check, not a crash."""
        return cls(config, _mongo(config), _redis(config), Metrics())

    async def reconnect(self) -> None:
        """Forget databases that were made anew: a driver that remembers the old set takes the new primary for stale."""
        mongo, self.mongo = self.mongo, _mongo(self.config)
        redis, self.redis = self.redis, _redis(self.config)
        await mongo.close()
        await redis.aclose()

    @property
    def database(self) -> AsyncDatabase[dict[str, Any]]:
        """The service's own database."""
        return self.mongo.get_default_database()


def _mongo(config: ApiConfig) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(
        config.mongo_url,
        tlsCAFile=config.ca_file,
        serverSelectionTimeoutMS=_DATABASE_PATIENCE_MS,
        timeoutMS=_DATABASE_PATIENCE_MS,
        maxPoolSize=20,
    )


def _redis(config: ApiConfig) -> Redis:
    return Redis.from_url(
        config.redis_url,
        ssl_ca_certs=config.ca_file,
        socket_timeout=_DATABASE_PATIENCE_MS / 1000,
        socket_connect_timeout=_DATABASE_PATIENCE_MS / 1000,
    )


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


CurrentService = Annotated[Service, Depends(_service)]
