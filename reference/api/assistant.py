"""The assistant: forwards a question to the language model, a few times per minute and user."""

from typing import Annotated

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from reference.api.limits import limit
from reference.api.requests import Body
from reference.api.service import CurrentService
from reference.api.tokens import CurrentUser

router = APIRouter(prefix="/api/ai", tags=["assistant"])
_PER_MINUTE = 10
_LONGEST_REPLY_TOKENS = 300


class Question(Body):
    """In the user's own words."""

    question: Annotated[str, Field(min_length=3, max_length=1000)]


class Reply(BaseModel):
    """In the model's."""

    reply: str


@router.post("/suggest", responses={401: {}, 429: {}, 502: {}})
async def suggest(asked: Question, user: CurrentUser, service: CurrentService) -> Reply:
    """Ask the model. 502 if it does not answer sensibly."""
    await limit(service, "ai", user["_id"], per_minute=_PER_MINUTE)
    messages = [
        {"role": "system", "content": "You help people to find local professionals in Brazil. Be brief."},
        {"role": "user", "content": asked.question},
    ]
    try:
        answer = await service.llm.post(
            "/v1/chat/completions",
            json={"model": "workme-assistant", "messages": messages, "max_tokens": _LONGEST_REPLY_TOKENS},
            headers={"Authorization": f"Bearer {service.config.llm_key}"},
        )
        answer.raise_for_status()
        reply = Reply(reply=answer.json()["choices"][0]["message"]["content"])
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        service.metrics.replies.labels("failed").inc()
        raise HTTPException(502, "the assistant is not available") from None
    service.metrics.replies.labels("answered").inc()
    return reply
