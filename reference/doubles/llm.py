"""A language model, in the shape that most of them speak: it repeats the question, so that one sees it arrived."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from reference.web import WebServer

_LONGEST_QUESTION = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LlmSettings:
    """The defaults are healthy."""

    running: bool = True
    answers: bool = True
    """Otherwise it is overloaded."""
    excuse: str = ""
    """What it answers to every question, if that is not about the question."""


class LlmDouble:
    """``POST /v1/chat/completions``."""

    def __init__(self, settings: LlmSettings, *, port: int, api_key: str) -> None:
        self._settings = settings
        self._key = api_key
        routes = [Route("/v1/chat/completions", self._complete, methods=["POST"])]
        self._server = WebServer(Starlette(routes=routes), "127.0.0.1", port)

    async def start(self) -> None:
        """Listen, unless it is down."""
        if self._settings.running:
            await self._server.start()

    async def stop(self) -> None:
        """End it."""
        await self._server.stop()

    async def _complete(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return _error(401, "invalid_api_key", "Incorrect API key provided.")
        if not self._settings.answers:
            return _error(503, "overloaded", "The model is overloaded; try again later.")
        try:
            asked = json.loads(await request.body())
            question = str(
                next(message["content"] for message in reversed(asked["messages"]) if message["role"] == "user")
            )
        except (ValueError, LookupError, TypeError, StopIteration):
            return _error(400, "invalid_request", "messages must hold a user's message")
        return JSONResponse(_completion(str(asked.get("model")), question[:_LONGEST_QUESTION], self._settings.excuse))


def _completion(model: str, question: str, excuse: str) -> dict[str, Any]:
    text = excuse or f"You asked: {question} A professional near you can help; compare three offers before you book."
    words = len(question.split()), len(text.split())
    return {
        "id": f"chatcmpl-{secrets.token_hex(12)}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": words[0], "completion_tokens": words[1], "total_tokens": sum(words)},
    }


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "invalid_request_error", "code": code}}, status)
