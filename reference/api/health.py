"""Is the service up (shallow), and can it do its work (deep)?"""

import time
from collections.abc import Awaitable
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from reference.api.service import CurrentService, Service

router = APIRouter(prefix="/api/health", tags=["health"])
Status = Literal["ok", "down"]


class Health(BaseModel):
    """The service itself."""

    status: Status
    release: str


class Dependency(BaseModel):
    """One thing that the service cannot work without. Never more than this: health is public."""

    status: Status
    latency_ms: float


class DeepHealth(Health):
    """The service and its dependencies."""

    dependencies: dict[str, Dependency]


@router.get("")
async def health(service: CurrentService) -> Health:
    """Answers as long as the process can."""
    return Health(status="ok", release=service.config.release)


@router.get("/deep", responses={503: {"model": DeepHealth}})
async def deep_health(service: CurrentService, response: Response) -> DeepHealth:
    """Asks every dependency; 503 as soon as one is down."""
    dependencies = {
        "mongodb": await _timed(_ping_mongo(service)),
        "redis": await _timed(_ping_redis(service)),
    }
    healthy = all(dependency.status == "ok" for dependency in dependencies.values())
    if not healthy:
        response.status_code = 503
    return DeepHealth(status="ok" if healthy else "down", release=service.config.release, dependencies=dependencies)


async def _ping_mongo(service: Service) -> None:
    await service.database.command("ping")


async def _ping_redis(service: Service) -> None:
    await service.redis.ping()


async def _timed(asking: Awaitable[None]) -> Dependency:
    started = time.perf_counter()
    status: Status = "ok"
    try:
        await asking
    except (PyMongoError, RedisError, OSError):
        status = "down"
    return Dependency(status=status, latency_ms=round((time.perf_counter() - started) * 1000, 2))
