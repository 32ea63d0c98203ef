"""Counts what users try and an error of ours ends: what nobody counts is missing in the share of failures."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Depends, HTTPException

from reference.api.service import CurrentService


def errors_counted(name: str) -> Any:  # noqa: ANN401 - a dependency of a route
    """For ``dependencies`` of a route: its errors are counted in the series ``name`` of Metrics.

    A refusal is an answer, and is counted by whoever gives it.
    """

    async def attempt(service: CurrentService) -> AsyncIterator[None]:
        try:
            yield
        except HTTPException:
            raise
        except Exception:
            getattr(service.metrics, name).labels("error").inc()
            raise

    return Depends(attempt)
