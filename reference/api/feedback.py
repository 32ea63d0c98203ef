"""Feedback of beta testers."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from reference.api.requests import Body, Text
from reference.api.service import CurrentService, Document
from reference.api.tokens import CurrentUser

router = APIRouter(prefix="/api/feedback", tags=["beta"])


class Feedback(Body):
    """A score from 1 to 5, and words."""

    score: Annotated[int, Field(ge=1, le=5)]
    text: Text
    wants_answer: bool = False
    """Then it is a ticket for support."""


class Given(BaseModel):
    """As it was stored."""

    id: str
    user_id: str
    score: int
    text: str


@router.post("", status_code=201, responses={401: {}})
async def give(feedback: Feedback, user: CurrentUser, service: CurrentService) -> Given:
    """Store it."""
    document = {
        "_id": secrets.token_hex(12),
        "user_id": user["_id"],
        **feedback.model_dump(),
        "created_at": datetime.now(UTC),
    }
    await service.collection("feedback").insert_one(document)
    service.metrics.feedback.observe(feedback.score)
    if feedback.wants_answer:
        service.metrics.tickets.inc()
    return shown(document)


def shown(document: Document) -> Given:
    """Without the time, which nobody asked for."""
    return Given(id=document["_id"], **{key: document[key] for key in ("user_id", "score", "text")})
